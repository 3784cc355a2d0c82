#!/bin/sh
# nsyslog-parser 0.10.1 (JavaScript), beside pycef 1.11 (Python): events of security devices in CEF.
#
# In the extension of a CEF event an equals sign in a value is written \=, so that q=1 in an address becomes q\=1.
#
# Guessed: the value comes out with its sign, or with \= as it was sent.
# Seen: nsyslog-parser cuts the value there and keeps the backslash: "https://example.org/?q\". The rest of it is in
# no field, and there is no error. If a blank precedes the sign, as in "a \= b", a field called \ appears. Every
# address with a query is affected. pycef gives the whole value, with the backslashes in it.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts nsyslog-parser@0.10.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pycef==1.11
cat >events.txt <<'EVENTS'
CEF:0|Example|Gateway|1|100|request|5|src=192.0.2.1 request=https://example.org/?q\=1&r\=2 dst=192.0.2.2
CEF:0|Example|Gateway|1|100|request|5|src=192.0.2.1 msg=a \= b dst=192.0.2.2
EVENTS
cat >run.cjs <<'JS'
const parse = require("nsyslog-parser");
const events = require("fs").readFileSync("events.txt", "utf8").trim().split("\n");
for (const event of events) console.log(JSON.stringify(parse(event).fields));
JS
cat >run.py <<'PY'
import pycef

for event in open("events.txt").read().splitlines():
    seen = pycef.parse(event)
    print(*(f"{name}={seen[name]}" for name in ("src", "request", "msg", "dst") if name in seen))
PY
node run.cjs >seen.txt
venv/bin/python run.py >>seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
{"src":"192.0.2.1","request":"https://example.org/?q\\","dst":"192.0.2.2"}
{"src":"192.0.2.1","msg":"a","\\":" b","dst":"192.0.2.2"}
src=192.0.2.1 request=https://example.org/?q\=1&r\=2 dst=192.0.2.2
src=192.0.2.1 msg=a \= b dst=192.0.2.2
EXPECTED
