#!/bin/sh
# aniso8601 10.0.1 (Python), beside luxon 3.7.2 (JavaScript).
#
# ISO 8601's 24:00 is the end of a day, the same instant as 00:00 of the next.
#
# Guessed: the end of a day is read as the next day's begin, or refused.
# Seen: aniso8601 reads 2025-11-14T24:00:00Z as the midnight *before* that day, a day too early, and by that an interval
# from noon to 24:00 ends twelve hours before it starts. luxon reads the next day. A meter that closes its day at 24:00
# loses it: its last value becomes the first one.
#
# Needs Node.js with npm. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet aniso8601==10.0.1
npm install --silent --no-audit --no-fund --ignore-scripts luxon@3.7.2
venv/bin/python - <<'PYTHON'
import aniso8601

before = aniso8601.parse_datetime("2025-11-14T23:59:59Z")
end = aniso8601.parse_datetime("2025-11-14T24:00:00Z")
start, stop = aniso8601.parse_interval("2025-11-14T12:00:00Z/2025-11-14T24:00:00Z")
print("aniso8601:", before.isoformat(), end.isoformat(), "| interval:", stop - start)
assert end.isoformat() == "2025-11-14T00:00:00+00:00"
assert (stop - start).total_seconds() == -12 * 3600
PYTHON
node - <<'JS'
const { DateTime } = require("luxon");
const end = DateTime.fromISO("2025-11-14T24:00:00Z", { zone: "utc" }).toISO();
console.log("luxon:", end);
require("node:assert").strictEqual(end, "2025-11-15T00:00:00.000Z");
JS
