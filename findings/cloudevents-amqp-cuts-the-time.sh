#!/bin/sh
# cloudevents 2.2.0 (Python).
#
# Guessed: an event that is sent by the AMQP binding and read again has the time that it was given, in binary mode as in
# structured mode; the binding allows a string as well as AMQP's timestamp.
# Seen: binary mode writes an AMQP timestamp, which has milliseconds, and cuts what is finer without a word. The same
# event in structured mode, or in binary mode over HTTP, keeps its microseconds. So an event that is sent again by
# another mode has another time, and whoever tells events apart by their time takes it for a new one.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cloudevents==2.2.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timezone

from cloudevents.core.bindings import amqp, http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

json_format = JSONFormat()
time = datetime(2025, 11, 14, 11, 44, 34, 123456, tzinfo=timezone.utc)
attributes = {"id": "1", "source": "/pump", "type": "reading", "specversion": "1.0", "time": time}
event = CloudEvent(attributes, {"value": 1})
seen = {}
for name, binding in (("amqp", amqp), ("http", http)):
    binary = binding.from_binary(binding.to_binary(event, json_format), json_format)
    structured = binding.from_structured(binding.to_structured(event, json_format), json_format)
    seen[name] = (binary.get_time(), structured.get_time())
    print(name, *seen[name])
assert seen["http"] == (time, time)
assert seen["amqp"] == (time.replace(microsecond=123000), time)
PYTHON
