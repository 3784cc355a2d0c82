#!/bin/sh
# pycayennelpp 2.4.0 (Cayenne Low Power Payload, which LoRaWAN sensors send).
#
# Guessed: a value that fits the format's resolution comes back as it was, and one that does not is rounded to the nearest
# step (0.01 for an analog input, 0.1 degrees for a temperature).
# Seen: values are cut towards zero after a multiplication of doubles. 0.29 V, which the format holds exactly, comes back as
# 0.28, an altitude of 34.12 m as 34.11, and 21.29 degrees as 21.2; -0.05 degrees becomes 0.0.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pycayennelpp==2.4.0
"$folder/venv/bin/python" - <<'PYTHON'
from cayennelpp import LppFrame


def sent_and_read(add, *values):
    frame = LppFrame()
    getattr(frame, add)(1, *values)
    (item,) = LppFrame.from_bytes(bytes(frame))
    return item.value


read = {
    "analog": sent_and_read("add_analog_input", 0.29),
    "whole": sent_and_read("add_analog_input", 0.25),
    "place": sent_and_read("add_gps", 52.5163, 13.3777, 34.12),
    "warm": sent_and_read("add_temperature", 21.29),
    "cold": sent_and_read("add_temperature", -0.05),
}
print(read)
assert read == {
    "analog": (0.28,),
    "whole": (0.25,),
    "place": (52.5163, 13.3777, 34.11),
    "warm": (21.2,),
    "cold": (0.0,),
}
PYTHON
