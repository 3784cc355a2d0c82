#!/usr/bin/env bash
# pysparkplug 0.6.1 (Python) and sparkplug-payload 1.0.3 (JavaScript, of Eclipse Tahu): Sparkplug B of two libraries.
#
# Sparkplug carries Int8, Int16 and Int32 in one unsigned field of 32 bits and does not say how many bits a negative
# number fills: -5 as an Int8 is 0xfb to one writer and 0xfffffffb to another.
#
# Guessed: a library reads both, since the metric says that it is an Int8.
# Seen: pysparkplug writes the eight bits of an Int8, and sparkplug-payload reads them as 251; of an Int16, -300 becomes
# 65236. A temperature below zero turns into one far above, without an error. The other way round sparkplug-payload
# writes all 32 bits, and pysparkplug refuses the message (OverflowError), with every other metric in it. Int32 agrees.
#
# Needs Node.js 18 or newer with npm. Exits with 0 as long as that is what happens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pysparkplug==0.6.1
npm install --silent --no-audit --no-fund --ignore-scripts sparkplug-payload@1.0.3

cat > write.py <<'PYTHON'
from pysparkplug import DataType, Metric, NBirth

for kind, value in ((DataType.INT8, -5), (DataType.INT16, -300), (DataType.INT32, -70000)):
    metric = Metric(timestamp=1, name="t", datatype=kind, value=value)
    print(NBirth(timestamp=1, seq=0, metrics=(metric,)).encode().hex())
PYTHON
cat > read.js <<'JS'
const sparkplug = require("sparkplug-payload").get("spBv1.0");
const lines = require("node:fs").readFileSync(0, "utf8").trim().split("\n");
for (const line of lines) {
  const [{ type, value }] = sparkplug.decodePayload(Buffer.from(line, "hex")).metrics;
  console.log("python to javascript", type, value);
}
JS
cat > write.js <<'JS'
const sparkplug = require("sparkplug-payload").get("spBv1.0");
for (const [type, value] of [["Int8", -5], ["Int16", -300], ["Int32", -70000]]) {
  const payload = { timestamp: 1, seq: 0, metrics: [{ timestamp: 1, name: "t", type, value }] };
  console.log(Buffer.from(sparkplug.encodePayload(payload)).toString("hex"));
}
JS
cat > read.py <<'PYTHON'
import sys

from pysparkplug import NBirth

for line in sys.stdin:
    try:
        seen = NBirth.decode(bytes.fromhex(line)).metrics[0].value
    except OverflowError as error:
        seen = error
    print("javascript to python", seen)
PYTHON

{ venv/bin/python write.py | node read.js; node write.js | venv/bin/python read.py; } | tee seen.txt
diff seen.txt - <<'EXPECTED'
python to javascript Int8 251
python to javascript Int16 65236
python to javascript Int32 -70000
javascript to python Int8 overflow with value 4294967291
javascript to python Int16 overflow with value 4294966996
javascript to python -70000
EXPECTED
