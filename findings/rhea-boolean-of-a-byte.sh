#!/bin/sh
# rhea 3.0.5 (AMQP in JavaScript, below @azure/event-hubs and @azure/service-bus), on an event of azure-eventhub
# 5.15.1 (Python).
#
# AMQP has two encodings of a boolean: a code of its own for each of true and false, and one code that a byte of 1 or
# 0 follows.
#
# Guessed: an application property that is True in Python is true in JavaScript.
# Seen: Python's SDK writes the second encoding, and rhea reads its byte as a number: on is 1 and off is 0, so that
# `properties.on === true` is false for every event from Python, and JSON that is made of them says 1. What
# JavaScript itself sends comes back as true, since it writes the first encoding; so no test within one language sees
# it.
#
# No network is used. Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts rhea@3.0.5
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1
cat >send.py <<'PY'
from azure.eventhub import EventData, EventDataBatch

event = EventData("x")
event.properties = {"on": True, "off": False, "count": 1}
batch = EventDataBatch(max_size_in_bytes=1024 * 1024)
batch.add(event)
(message,) = batch._message.data  # what it would send
open("event.bin", "wb").write(message)
PY
cat >receive.cjs <<'JS'
const { readFileSync } = require("node:fs");
const { message } = require("rhea");

const { application_properties: read } = message.decode(readFileSync("event.bin"));
console.log(JSON.stringify(read), read.on === true);
const own = message.encode({ body: "x", application_properties: { on: true, off: false } });
console.log(JSON.stringify(message.decode(own).application_properties));
JS
venv/bin/python send.py
node receive.cjs >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
{"on":1,"off":0,"count":1} false
{"on":true,"off":false}
EXPECTED
