#!/bin/sh
# open-location-code 1.0.3 (npm), beside openlocationcode 1.0.1 (PyPI) and open-location-code-typescript 1.5.0 (npm).
#
# An Open Location Code names a cell of a grid; a place on a cell's lower edge belongs to that cell.
#
# Guessed: the three give a place the same code of ten digits, and its cell holds the place.
# Seen: the first loses a bit of a double and then cuts, and takes the cell next door for many a place on an edge,
# which every place of three decimals is (trackers round so for privacy, loggers to save room): 24.636, 79.349 is
# 7JPXJ8PX+9H there instead of 7JPXJ8PX+CJ, a cell that ends where the place is. Of 10,000 such places three in four
# get another code; the other two libraries agree on all. So a join of two services' events by code loses rows,
# without an error.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts open-location-code@1.0.3 open-location-code-typescript@1.5.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check openlocationcode==1.0.1
cat >codes.py <<'PY'
from openlocationcode import openlocationcode

print("24.636 79.349", openlocationcode.encode(24.636, 79.349))
for number in range(10000):
    latitude, longitude = number * 7919 % 160001 / 1000 - 80, number * 104729 % 360000 / 1000 - 180
    print(latitude, longitude, openlocationcode.encode(latitude, longitude))
PY
venv/bin/python codes.py >codes.txt
cat >compare.cjs <<'JS'
const { OpenLocationCode } = require("open-location-code");
const typescript = require("open-location-code-typescript").default;
const old = new OpenLocationCode();
const lines = require("fs").readFileSync("codes.txt", "utf8").trim().split("\n");
let other = 0, outside = 0, typed = 0;
for (const line of lines) {
  const [latitude, longitude, code] = line.split(" ").map((word, index) => (index < 2 ? Number(word) : word));
  const seen = old.encode(latitude, longitude);
  if (latitude === 24.636) console.log(code, seen);
  if (seen !== code) {
    other += 1;
    const cell = old.decode(seen);
    const near = 0.00002; // a sixth of a cell, far more than what doubles lose
    if (cell.latitudeHi < latitude + near || cell.longitudeHi < longitude + near) outside += 1;
  }
  if (typescript.encode(latitude, longitude) !== code) typed += 1;
}
console.log(lines.length, other, outside, typed);
JS
node compare.cjs >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
7JPXJ8PX+CJ 7JPXJ8PX+9H
10001 7508 7508 0
EXPECTED
