#!/bin/sh
# azure-eventhub 5.15.1 (Python).
#
# Guessed: an application property that is a Decimal, which the SDK sends as AMQP's decimal128, is that Decimal again
# where the SDK receives it.
# Seen: the event is sent, with the right sixteen bytes, and the same package cannot read it: it shifts the first
# part of the exponent by nine bits instead of seven and raises decimal.Overflow for 12.50, as for any amount,
# whoever sent it. So a property that works in a producer's tests fails in its consumer, with the whole event. 0 is
# read as 0E+6111.
#
# No network is used. Needs Python 3.9 or newer. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check azure-eventhub==5.15.1
"$folder/venv/bin/python" - <<'PYTHON'
import decimal

from azure.eventhub import EventData, EventDataBatch
from azure.eventhub._pyamqp._decode import decode_payload


def decimal128(coefficient, exponent):
    """IEEE 754's decimal128 of a positive number of up to 34 digits, with its digits as a binary integer."""
    return ((exponent + 6176) << 113 | coefficient).to_bytes(16, "big")


def received(value):
    event = EventData("x")
    event.properties = {"value": value}
    batch = EventDataBatch(max_size_in_bytes=1024 * 1024)
    batch.add(event)
    (message,) = batch._message.data  # what it would send
    if isinstance(value, decimal.Decimal):
        _, digits, exponent = value.as_tuple()
        assert b"\x94" + decimal128(int("".join(map(str, digits))), exponent) in message
    try:
        return repr(decode_payload(memoryview(message)).application_properties[b"value"])
    except decimal.Overflow:
        return "Overflow"


values = [decimal.Decimal("12.50"), decimal.Decimal("100"), decimal.Decimal("0"), 12.5]
seen = [received(value) for value in values]
print(*zip(values, seen), sep="\n")
assert seen == ["Overflow", "Overflow", "Decimal('0E+6111')", "12.5"]
PYTHON
