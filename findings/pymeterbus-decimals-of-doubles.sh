#!/bin/sh
# pyMeterBus 0.8.5 (Python: the M-Bus of heat, water and gas meters).
#
# A meter sends a whole number and a power of ten: 12345678 and -2 are 123456.78 m³.
#
# Guessed: a value that the library gives as a Decimal is exact: Decimal("123456.78").
# Seen: it multiplies by a double and makes a Decimal of the product. 123456.78 m³ comes out as
# 123456.77999999999883584678173065185546875, and 2.345 degrees as 2.34500000000000019539925… . So a reading is not
# equal to what the meter shows, is 123456.77 where two places are cut off, and takes forty digits as text. Whole
# numbers are exact.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pymeterbus==0.8.5
"$folder/venv/bin/python" - <<'PYTHON'
from decimal import ROUND_DOWN, Decimal

import meterbus


def value(record):
    """The value of a record, sent in a long frame of a water meter."""
    body = bytes.fromhex("080572785634122440010755000000") + bytes.fromhex(record)
    frame = bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) & 255, 0x16])
    return meterbus.load(frame).records[0].parsed_value


volume = value("0c14 78563412")  # eight digits, hundredths of a cubic metre
print(repr(volume))
assert isinstance(volume, Decimal)
assert volume == Decimal("123456.77999999999883584678173065185546875") != Decimal("123456.78")
assert str(volume.quantize(Decimal("0.01"), ROUND_DOWN)) == "123456.77"
warm = value("0258 2909")  # sixteen bits, thousandths of a degree
print(repr(warm))
assert warm == Decimal("2.345000000000000195399252334027551114559173583984375")
assert value("0c03 78563412") == Decimal(12345678)  # watt-hours
PYTHON
