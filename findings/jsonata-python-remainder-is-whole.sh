#!/bin/sh
# jsonata-python 0.7.1, beside jsonata 2.2.2 (JavaScript, the reference implementation).
#
# Guessed: a % b is the remainder of the two numbers, as in JavaScript: 370.5 % 360 is 10.5.
# Seen: in Python the remainder loses its fraction, without an error: 370.5 % 360 is 10, 7.9 % 10 is 7, and x % 1,
# which shows what follows the point, is always 0. A bearing that is brought into a circle, or a time of
# 1763120675.449 seconds whose place in its minute is asked for (35 instead of 35.449), is cut. Remainders of whole
# numbers are the same in both, negative ones too.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts jsonata@2.2.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jsonata-python==0.7.1
printf '%s' '[370.5 % 360, 7.75 % 10, -5.5 % 2, 3.5 % 1, 1763120675.5 % 60, 370 % 360, -7 % 3]' >query.txt
cat >run.cjs <<'JS'
const query = require("fs").readFileSync("query.txt", "utf8");
require("jsonata")(query).evaluate({}).then((seen) => console.log(JSON.stringify(seen)));
JS
cat >run.py <<'PY'
import json

import jsonata

print(json.dumps(jsonata.Jsonata(open("query.txt").read()).evaluate({}), separators=(",", ":")))
PY
node run.cjs >seen.txt
venv/bin/python run.py >>seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
[10.5,7.75,-1.5,0.5,35.5,10,-1]
[10,7,-1,0,35,10,-1]
EXPECTED
