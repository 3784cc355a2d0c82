#!/bin/sh
# jsonata 2.2.2 (JavaScript, the reference implementation; Node-RED and AWS Step Functions reshape events with
# JSONata).
#
# Guessed: a time with an offset is the same instant whether $toMillis reads it by a picture or without one, and
# $fromMillis writes the clock of the offset that it is given.
# Seen: right for whole hours and for every offset east of Greenwich. West of it, what reads adds the minutes to the
# hours, so that -03:30 (Newfoundland) counts as -02:30, and what writes rounds the hours down, so that it is -04:30:
#
#     $toMillis("2025-11-14T08:14:35-03:30")                                     1763120675000
#     $toMillis the same, "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01][Z01:01]")       1763117075000    an hour too early
#     $fromMillis(1763120675000, "[H01]:[m01][Z01:01]", "-0330")                 07:14-04:30      instead of 08:14-03:30
#
# jsonata-python 0.7.1 writes the right clock, and reads the wrong instant, too.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts jsonata@2.2.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jsonata-python==0.7.1
cat >queries.txt <<'QUERIES'
$toMillis("2025-11-14T08:14:35-03:30")
$toMillis("2025-11-14T08:14:35-03:30", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01][Z01:01]")
$toMillis("2025-11-14T17:14:35+05:30", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01][Z01:01]")
$toMillis("2025-11-14T08:44:35-03:00", "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01][Z01:01]")
$fromMillis(1763120675000, "[H01]:[m01][Z01:01]", "-0330")
$fromMillis(1763120675000, "[H01]:[m01][Z01:01]", "-0930")
$fromMillis(1763120675000, "[H01]:[m01][Z01:01]", "+0530")
QUERIES
cat >run.cjs <<'JS'
const jsonata = require("jsonata");
const queries = require("fs").readFileSync("queries.txt", "utf8").trim().split("\n");
(async () => {
  for (const query of queries) console.log(await jsonata(query).evaluate({}));
})();
JS
cat >run.py <<'PY'
import jsonata

for query in open("queries.txt").read().splitlines():
    print(jsonata.Jsonata(query).evaluate({}))
PY
node run.cjs >javascript.txt
venv/bin/python run.py >python.txt
paste -d ' ' javascript.txt python.txt >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
1763120675000 1763120675000
1763117075000 1763117075000
1763120675000 1763120675000
1763120675000 1763120675000
07:14-04:30 08:14-03:30
01:14-10:30 02:14-09:30
17:14+05:30 17:14+05:30
EXPECTED
