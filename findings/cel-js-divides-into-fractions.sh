#!/bin/sh
# cel-js 0.8.2, beside @marcbachmann/cel-js 8.0.0 (JavaScript) and cel-python 0.5.0.
#
# In the Common Expression Language 10 / 4 is the whole number 2: a division of integers cuts.
#
# Guessed: three libraries of one language agree on it.
# Seen: cel-js gives 2.5, as JavaScript would. So a rule that puts readings into groups of ten, n / 10 == 4, matches
# 40 only and none of 41 to 49, and one rule fires for other events in Node.js than in the service that checks it in
# Go or Python. There is no error.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts cel-js@0.8.2 @marcbachmann/cel-js@8.0.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cel-python==0.5.0
cat >run.mjs <<'JS'
import { evaluate as other } from "@marcbachmann/cel-js";
import { evaluate } from "cel-js";

for (const rule of ["10 / 4", "-7 / 2", "47 / 10 == 4"]) console.log(rule, evaluate(rule), String(other(rule)));
JS
cat >run.py <<'PY'
import celpy

environment = celpy.Environment()
for rule in "10 / 4", "-7 / 2", "47 / 10 == 4":
    print(environment.program(environment.compile(rule)).evaluate({}))
PY
node run.mjs >javascript.txt
venv/bin/python run.py >python.txt
paste -d ' ' javascript.txt python.txt >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
10 / 4 2.5 2 2
-7 / 2 -3.5 -3 -3
47 / 10 == 4 false true True
EXPECTED
