"""Writes cases.json: `python write.py > cases.json`, with fastavro 1.13 and backports.zstd."""

import base64
import datetime as dt
import decimal
import io
import json
import sys
import uuid

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

UTC = dt.timezone.utc
DEC = decimal.Decimal


def b64(data):
    return base64.b64encode(data).decode()


class Text(str):
    """JSON text as it stands."""


def dump(value):
    """The text of a value: what is a Text stands as it is."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(dump(k) + ":" + dump(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def record(*fields, name="r", **more):
    fields = [{"name": name, "type": kind} for name, kind in fields]
    return {"type": "record", "name": name, "fields": fields, **more}


def logical(kind, meaning, **more):
    return {"type": kind, "logicalType": meaning, **more}


CASES = []


def case(name, schema, *pairs):
    """Each pair is a value for fastavro and what its text is made of."""
    text = json.dumps(schema)
    parsed = fastavro.parse_schema(json.loads(text))
    values = []
    for value, expected in pairs:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, parsed, value)
        values.append({"bytes": b64(out.getvalue()), "text": dump(expected)})
    containers = {}
    for codec in ["null", "deflate", "zstandard"]:
        out = io.BytesIO()
        data = [value for value, _ in pairs]
        fastavro.writer(out, parsed, data, codec=codec, sync_interval=20)
        containers[codec] = b64(out.getvalue())
    canonical = to_parsing_canonical_form(json.loads(text))
    CASES.append(
        {
            "name": name,
            "schema": text,
            "canonical": canonical,
            # Eight bytes, the lowest first, as single-object encoding has them.
            "fingerprint": fingerprint(canonical, "CRC-64-AVRO"),
            "values": values,
            "containers": containers,
        }
    )


def same(*values):
    return [(value, value) for value in values]


case("null", "null", *same(None))
case("boolean", "boolean", *same(True, False))
case("int", "int", *same(0, -1, 1, 63, 64, -64, -65, 2**31 - 1, -(2**31)))
case("long", {"type": "long"}, *same(0, 2**62, 2**63 - 1, -(2**63)))
case("double", "double", (0.0, Text("0.0")), (-0.0, Text("-0.0")), (0.1, Text("0.1")), (1e300, Text("1e300")),
     (5e-324, Text("5e-324")), (float("nan"), "NaN"), (float("inf"), "Infinity"), (float("-inf"), "-Infinity"))
case("float", "float", (0.1, Text("0.1")), (16777216.0, Text("16777216.0")), (float("-inf"), "-Infinity"))
case("string", "string", *same("", "plain", 'a "quote" \\ and \n', "äöü €"))
case("bytes", "bytes", *[(value, b64(value)) for value in (b"", b"\0\xff", b"abcd")])
case("fixed", {"type": "fixed", "name": "f", "size": 3}, (b"\1\2\3", b64(b"\1\2\3")))
case("enum", {"type": "enum", "name": "e", "symbols": ["OPEN", "DONE"]}, *same("DONE", "OPEN"))
case("array", {"type": "array", "items": "int"}, *same([], [1], list(range(300))))
case("map", {"type": "map", "values": ["null", "long"]}, *same({}, {"a": 1, "b c": None}))
case("union", ["null", "int", "string"], *same(None, 7, "seven"))
case("timestamps", record(
        ("ms", logical("long", "timestamp-millis")), ("us", logical("long", "timestamp-micros")),
        ("local", logical("long", "local-timestamp-millis")), ("day", logical("int", "date")),
        ("at", logical("int", "time-millis")), ("at_us", logical("long", "time-micros"))),
     ({"ms": dt.datetime(2025, 11, 14, 11, 44, 34, 343000, UTC), "us": dt.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
       "local": dt.datetime(2025, 1, 2, 3, 4, 5), "day": dt.date(2025, 11, 14), "at": dt.time(1, 2, 3, 4000),
       "at_us": dt.time(23, 59, 59, 999999)},
      {"ms": "2025-11-14T11:44:34.343Z", "us": "1969-12-31T23:59:59.999999Z", "local": "2025-01-02T03:04:05.000",
       "day": "2025-11-14", "at": "01:02:03.004", "at_us": "23:59:59.999999"}),
     ({"ms": -62135596800000, "us": 253402300799999999, "local": 253402300800000, "day": 2932897, "at": 86400000,
       "at_us": -1},
      {"ms": "0001-01-01T00:00:00.000Z", "us": "9999-12-31T23:59:59.999999Z", "local": 253402300800000, "day": 2932897,
       "at": 86400000, "at_us": -1}))
case("decimals", record(
        ("b", logical("bytes", "decimal", precision=50, scale=2)),
        ("f", logical("fixed", "decimal", name="n16", size=16, precision=38, scale=10)),
        ("whole", logical("bytes", "decimal", precision=5))),
     ({"b": DEC("-0.05"), "f": DEC("1234567890123456789012345678.0123456789"), "whole": DEC("-128")},
      {"b": Text("-0.05"), "f": Text("1234567890123456789012345678.0123456789"), "whole": Text("-128")}),
     ({"b": DEC("9" * 40 + ".99"), "f": DEC("-0.0000000001"), "whole": DEC("0")},
      {"b": Text("9" * 40 + ".99"), "f": Text("-0.0000000001"), "whole": Text("0")}))
some = uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")
case("uuid", record(("text", logical("string", "uuid"))), ({"text": some}, {"text": str(some)}))
case("recursive, with names in a namespace", {
        "type": "record", "name": "Node", "namespace": "com.example", "doc": "left out", "aliases": ["Old"],
        "fields": [
            {"name": "value", "type": {"type": "int"}, "default": 1, "doc": "x"},
            {"name": "next", "type": ["null", "Node"], "default": None, "order": "ignore"},
            {"name": "kind", "type": {"type": "enum", "name": "other.Kind", "symbols": ["A", "B"]}},
            {"name": "again", "type": "other.Kind"},
            {"name": "inner", "type": {"type": "record", "name": "Inner", "fields": [{"name": "up", "type": ["null", "com.example.Node"]}]}},
        ]},
     ({"value": 1, "next": {"value": 2, "next": None, "kind": "A", "again": "B", "inner": {"up": None}}, "kind": "B", "again": "A", "inner": {"up": None}},
      {"value": 1, "next": {"value": 2, "next": None, "kind": "A", "again": "B", "inner": {"up": None}}, "kind": "B", "again": "A", "inner": {"up": None}}))
case("a reading", record(
        ("ts", logical("long", "timestamp-millis")), ("device", "string"), ("celsius", ["null", "double"]),
        ("tags", {"type": "map", "values": "string"}), ("raw", "bytes"), name="com.example.Reading"),
     *[({"ts": dt.datetime(2025, 11, 14, 11, 0, i, tzinfo=UTC), "device": f"m-{i}", "celsius": None if i == 2 else 20.5 + i,
         "tags": {"room": "é"}, "raw": bytes([i])},
        {"ts": f"2025-11-14T11:00:{i:02}.000Z", "device": f"m-{i}", "celsius": None if i == 2 else Text(f"{20.5 + i}"),
         "tags": {"room": "é"}, "raw": b64(bytes([i]))}) for i in range(4)])

json.dump({"fastavro": fastavro.__version__, "cases": CASES}, sys.stdout, ensure_ascii=False, indent=1)
print()
