#!/bin/sh
# avro 1.12.2 (Apache, Python) beside fastavro 1.13.1.
#
# The Parsing Canonical Form strips attributes such as logicalType, and writes a primitive schema in its simple form,
# so that {"type": "long", "logicalType": "timestamp-micros"} becomes "long". The fingerprint of a message's single
# object encoding is taken of that form.
#
# Guessed: two libraries agree on the form, and so on the fingerprint, of any schema.
# Seen: avro keeps {"type": "long"} where an attribute was stripped, fastavro writes "long". So a schema with a time, a
# decimal, or a string that Java has annotated has two fingerprints, and a reader that looks the writer's schema up by
# fingerprint does not know it. Schemas without attributes agree.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet avro==1.12.2 fastavro==1.13.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json

import avro.schema
import fastavro.schema


def agree(kind):
    schema = {"type": "record", "name": "Reading", "fields": [{"name": "value", "type": kind}]}
    parsed = avro.schema.parse(json.dumps(schema))
    canonical = fastavro.schema.to_parsing_canonical_form(schema)
    fingerprints = (
        parsed.fingerprint("CRC-64-AVRO").hex(),
        fastavro.schema.fingerprint(canonical, "CRC-64-AVRO"),
    )
    print(kind, parsed.canonical_form, canonical, *fingerprints)
    return fingerprints[0] == fingerprints[1]


assert agree("long")
assert agree({"type": "array", "items": "long"})
assert not agree({"type": "long", "logicalType": "timestamp-micros"})
assert not agree({"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2})
assert not agree({"type": "string", "avro.java.string": "String"})
PYTHON
