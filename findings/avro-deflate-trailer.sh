#!/bin/sh
# fastavro 1.13.1 and avro 1.12.1, both Python.
#
# A deflate block of an Avro container is "a raw deflate stream (RFC 1951), without header and checksum".
#
# Guessed: a block ends where its deflate stream ends, whichever library wrote it.
# Seen: in every block of both, three bytes follow the end of the stream: the first three of zlib's four-byte checksum, of
# which the writers cut the last byte only. Readers that hand a block to a decompressor and look at nothing else never
# notice; one that checks that a block is used up refuses every such file.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet fastavro==1.13.1 avro==1.12.1
venv/bin/python - <<'PYTHON'
import io
import json
import zlib

import avro.datafile
import avro.io
import avro.schema
import fastavro

schema = {"type": "record", "name": "Reading", "fields": [{"name": "v", "type": "int"}]}
records = [{"v": 1}, {"v": 2}]


def long(stream):
    value = shift = 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7


def block(container):
    """The first block of a container, as its bytes stand there."""
    stream = io.BytesIO(container)
    assert stream.read(4) == b"Obj\x01"
    while (count := long(stream)) != 0:
        for _ in range(count):
            stream.read(long(stream)), stream.read(long(stream))
    stream.read(16)
    assert long(stream) == len(records)
    return stream.read(long(stream))


by_fastavro = io.BytesIO()
fastavro.writer(by_fastavro, schema, records, codec="deflate")
by_avro = io.BytesIO()
writer = avro.datafile.DataFileWriter(by_avro, avro.io.DatumWriter(), avro.schema.parse(json.dumps(schema)), codec="deflate")
for record in records:
    writer.append(record)
writer.flush()

for name, container in [("fastavro", by_fastavro), ("avro", by_avro)]:
    bytes_of_block = block(container.getvalue())
    stream = zlib.decompressobj(-15)
    values = stream.decompress(bytes_of_block)
    print(f"{name}: {len(bytes_of_block)} bytes, {len(stream.unused_data)} after the end of the stream")
    assert stream.eof and values == b"\x02\x04"
    assert stream.unused_data == zlib.adler32(values).to_bytes(4, "big")[:3]
PYTHON
