#!/bin/sh
# json-p3 2.3.1 (JavaScript), beside python-jsonpath 2.2.2 and jsonpath-rfc9535 1.0.1 (Python).
#
# All implement JSONPath. RFC 9535 (2.4.6): match() is false where its first argument is no string.
#
# Guessed: the three find the same rows by a filter with match().
# Seen: json-p3 compares the text of whatever is there: null matches 'null', 1 and [1] match '1', and an object '.*'.
# Its search() does not, and the two of Python do not. So a rule that picks events by match() picks others in Node.js
# than in Python.
#
# Needs Node.js with npm. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet python-jsonpath==2.2.2 jsonpath-rfc9535==1.0.1
npm install --silent --no-audit --no-fund --ignore-scripts json-p3@2.3.1
cat > rows.json <<'JSON'
[{"a": null}, {"a": 1}, {"a": true}, {"a": "null"}, {"a": "1"}, {"b": "1"}, {"a": [1]}, {"a": {"x": 1}}]
JSON
cat > queries.txt <<'QUERIES'
$[?match(@.a, 'null')].a
$[?match(@.a, '1')].a
$[?search(@.a, '1')].a
$[?match(@.a, '.*')].a
QUERIES
cat > find.py <<'PYTHON'
import json

import jsonpath
import jsonpath_rfc9535

with open("rows.json") as file:
    rows = json.load(file)
for query in open("queries.txt").read().splitlines():
    found = jsonpath.findall(query, rows)
    assert found == jsonpath_rfc9535.find(query, rows).values()
    print("python", query, json.dumps(found, separators=(",", ":")))
PYTHON
cat > find.js <<'JS'
const { readFileSync } = require("node:fs");
const { query } = require("json-p3");
const rows = JSON.parse(readFileSync("rows.json", "utf8"));
for (const line of readFileSync("queries.txt", "utf8").trim().split("\n"))
  console.log("json-p3", line, JSON.stringify(query(line, rows).values()));
JS
{ venv/bin/python find.py; node find.js; } | tee seen.txt
diff seen.txt - <<'EXPECTED'
python $[?match(@.a, 'null')].a ["null"]
python $[?match(@.a, '1')].a ["1"]
python $[?search(@.a, '1')].a ["1"]
python $[?match(@.a, '.*')].a ["null","1"]
json-p3 $[?match(@.a, 'null')].a [null,"null"]
json-p3 $[?match(@.a, '1')].a [1,"1",[1]]
json-p3 $[?search(@.a, '1')].a ["1"]
json-p3 $[?match(@.a, '.*')].a [null,1,true,"null","1",[1],{"x":1}]
EXPECTED
