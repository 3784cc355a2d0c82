#!/bin/sh
# cloudevents 2.2.0 (Python).
#
# The HTTP binding percent-encodes what is not printable ASCII in the values of binary mode's headers, and whoever reads
# them decodes it.
#
# Guessed: both APIs of one package, the old one (cloudevents.v1.http) and the new one (cloudevents.core), do that.
# Seen: the new one does; the old one neither encodes nor decodes. An event written by one and read by the other has
# another subject, in both directions, without an error.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet cloudevents==2.2.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from datetime import datetime, timezone

from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.http import CloudEvent as OldEvent
from cloudevents.v1.http import from_http, to_binary

json_format = JSONFormat()
attributes = {"id": "1", "source": "/pump", "type": "reading", "specversion": "1.0"}
attributes |= {"time": "2025-11-14T11:44:34Z", "subject": "Gerät 1"}

moment = datetime(2025, 11, 14, 11, 44, 34, tzinfo=timezone.utc)
message = http.to_binary(CloudEvent({**attributes, "time": moment}, {"value": 1}), json_format)
new_header = message.headers["ce-subject"]
old_headers, old_body = to_binary(OldEvent(attributes, {"value": 1}))
old_header = old_headers["ce-subject"]
read_by_old = from_http(message.headers, message.body)["subject"]
percent = OldEvent({**attributes, "subject": "50%20"}, {"value": 1})
headers, body = to_binary(percent)
read_by_new = http.from_binary(http.HTTPMessage(headers=headers, body=body), json_format).get_subject()
print("headers:", new_header, "|", old_header)
print("new read by old:", read_by_old, "| old '50%20' read by new:", repr(read_by_new))
assert (new_header, old_header) == ("Ger%C3%A4t%201", "Gerät 1")
assert (read_by_old, read_by_new) == ("Ger%C3%A4t%201", "50 ")
PYTHON
