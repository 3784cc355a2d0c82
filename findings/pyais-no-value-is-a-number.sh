#!/bin/sh
# pyais 3.3.1 (reports of ships, AIS).
#
# Guessed: where a report says that something is not available, the decoded message has None there, as other decoders of
# sensors do.
# Seen: it has the number that the radio message uses for it, scaled like a value: a speed of 102.3 knots, latitude 91,
# longitude 181, course 360, heading 511. Only the rate of turn is an enumeration. A mean or a maximum over a column of
# speeds takes them for values.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyais==3.3.1
"$folder/venv/bin/python" - <<'PYTHON'
import pyais
from pyais.encode import encode_dict

unknown = {"type": 1, "mmsi": "211234567", "speed": 102.3, "lon": 181, "lat": 91, "course": 360, "heading": 511}
message = pyais.decode(*encode_dict(unknown))
read = {name: getattr(message, name) for name in ("speed", "lon", "lat", "course", "heading")}
print(read)
assert read == {"speed": 102.3, "lon": 181.0, "lat": 91.0, "course": 360.0, "heading": 511}
assert all(type(value) in (int, float) for value in read.values())
PYTHON
