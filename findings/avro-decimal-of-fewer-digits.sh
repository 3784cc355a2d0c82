#!/bin/sh
# avro 1.12.2 (Apache, Python), beside fastavro 1.13.1.
#
# Guessed: Decimal("1.5") in a decimal of scale 2 is written as 1.50, or refused.
# Seen: Apache's avro refuses a number of more digits than the scale, but takes one of fewer digits as it is: 1.5 is
# written as 15 hundredths and is read again as 0.15, and 100 written as 1E+2 as 0.01. No error, no warning; whoever
# computes amounts gets rid of trailing zeros easily, by normalize() or by a database that does not keep them. fastavro
# writes 1.50.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet avro==1.12.2 fastavro==1.13.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io
import json
from decimal import Decimal

import avro.errors
import avro.io
import avro.schema
import fastavro

SCHEMA = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}
PARSED = avro.schema.parse(json.dumps(SCHEMA))


def apache(value):
    buffer = io.BytesIO()
    avro.io.DatumWriter(PARSED).write(Decimal(value), avro.io.BinaryEncoder(buffer))
    buffer.seek(0)
    return str(avro.io.DatumReader(PARSED).read(avro.io.BinaryDecoder(buffer)))


def other(value):
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, SCHEMA, Decimal(value))
    buffer.seek(0)
    return str(fastavro.schemaless_reader(buffer, SCHEMA))


seen = {value: (apache(value), other(value)) for value in ("1.50", "1.5", "-7", "1E+2")}
for value, (by_avro, by_fastavro) in seen.items():
    print(value, "avro:", by_avro, "fastavro:", by_fastavro)
assert seen["1.50"] == ("1.50", "1.50")
assert seen["1.5"] == ("0.15", "1.50")
assert seen["-7"] == ("-0.07", "-7.00")
assert seen["1E+2"] == ("0.01", "100.00")
try:
    apache("1.505")
except avro.errors.AvroOutOfScaleException as error:
    print(error)
else:
    raise AssertionError("1.505 is taken")
PYTHON
