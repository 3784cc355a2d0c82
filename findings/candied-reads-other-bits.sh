#!/bin/sh
# candied 2.2.0 (JavaScript), beside cantools 45.1.0 (Python): signals of vehicles on a CAN bus, described by a DBC
# file.
#
# Guessed: both read the same numbers out of a frame, in Intel's and in Motorola's order of bytes, which candied
# names.
# Seen: signals in Intel's order agree. Of one in Motorola's order DBC gives the highest bit, which candied takes for
# the lowest: the second byte, 0x34, is read as 0x24, bytes three and four, 0x5678, as 0x2468, and the last two,
# 0xdef0, as 0x3579, without an error. A signal in the first byte is NaN, since its bits would lie before the frame.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts candied@2.2.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cantools==45.1.0
cat >bus.dbc <<'DBC'
VERSION ""

NS_ :

BS_:

BU_: Car Logger

BO_ 291 Engine: 8 Car
 SG_ first : 7|8@0+ (1,0) [0|0] "" Logger
 SG_ second : 15|8@0+ (1,0) [0|0] "" Logger
 SG_ third : 23|16@0+ (1,0) [0|0] "" Logger
 SG_ intel : 32|16@1+ (1,0) [0|0] "" Logger
 SG_ last : 55|16@0+ (1,0) [0|0] "" Logger
DBC
cat >run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { Can, Dbc } from "candied";

const can = new Can();
can.database = new Dbc().load(readFileSync("bus.dbc", "utf8"));
const frame = can.createFrame(291, [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0]);
for (const [name, signal] of can.decode(frame).boundSignals) console.log(name, signal.value.toString(16));
JS
cat >run.py <<'PY'
import cantools

frame = bytes.fromhex("123456789abcdef0")
for name, value in cantools.database.load_file("bus.dbc").decode_message(291, frame).items():
    print(name, f"{value:x}")
PY
node run.mjs >javascript.txt
venv/bin/python run.py >python.txt
sort javascript.txt >a.txt
sort python.txt >b.txt
join a.txt b.txt >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
first NaN 12
intel bc9a bc9a
last 3579 def0
second 24 34
third 2468 5678
EXPECTED
