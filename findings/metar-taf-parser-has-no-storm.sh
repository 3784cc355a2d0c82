#!/bin/sh
# metar-taf-parser 9.1.3 (JavaScript) and its sister metar-taf-parser-mivek 1.13.1 (Python), beside metar 2.0.2
# (Python).
#
# Reports of weather stations at airports (METAR) write a wind of 100 knots or more as P99KT: more than 99 knots.
#
# Guessed: the parser says 99 knots or more, or that it does not understand the group.
# Seen: in both the report has no wind at all, neither direction nor speed, as if it had not been measured; the rest
# is there and there is no error. So an alert for storms sees every storm but the worst. metar gives "greater than 99
# knots".
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts metar-taf-parser@9.1.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check metar-taf-parser-mivek==1.13.1 metar==2.0.2
cat >reports.txt <<'REPORTS'
KDEN 141151Z 18099KT 10SM M10/M12 A2950
KDEN 141151Z 180P99KT 10SM M10/M12 A2950
REPORTS
cat >run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { parseMetar } from "metar-taf-parser";

for (const report of readFileSync("reports.txt", "utf8").trim().split("\n")) {
  const { wind, temperature } = parseMetar(report);
  console.log(wind && `${wind.degrees} ${wind.speed}`, temperature);
}
JS
cat >run.py <<'PY'
from metar.Metar import Metar
from metar_taf_parser.parser.parser import MetarParser

for report in open("reports.txt").read().splitlines():
    seen, other = MetarParser().parse(report), Metar("METAR " + report, month=11, year=2025)
    print(seen.wind and f"{seen.wind.degrees} {seen.wind.speed}", seen.temperature, "|", other.wind_speed)
PY
node run.mjs >seen.txt
venv/bin/python run.py >>seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
180 99 -10
undefined -10
180 99 -10 | 99 knots
None -10 | greater than 99 knots
EXPECTED
