#!/bin/sh
# datasketches 5.2.0 (Python).
#
# Guessed: a sketch that counts distinct values takes any whole number that it is given as itself, or refuses it.
# Seen: HLL and theta sketches take a number of 2^63 or more for a double, unannounced. So a thousand ids that follow
# each other from there on, of a counter or a snowflake with its top bit set, are one distinct value; below they are a
# thousand. A CPC sketch of the same package counts them. Unsigned 64-bit numbers also give another sketch than where
# their bits go in as a signed long, as in Java, so that a union counts every such id twice.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet datasketches==5.2.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datasketches import cpc_sketch, hll_sketch, update_theta_sketch


def distinct(values):
    estimates = []
    for sketch in (hll_sketch(14), cpc_sketch(12), update_theta_sketch(12)):
        for value in values:
            sketch.update(value)
        estimates.append(round(sketch.get_estimate()))
    print(values[0], "...", values[-1], "hll, cpc, theta:", *estimates)
    return estimates


for start in (2**62, 2**63 - 1000):
    assert all(980 < estimate < 1020 for estimate in distinct(range(start, start + 1000)))
hll, cpc, theta = distinct(range(2**63, 2**63 + 1000))
assert (hll, theta) == (1, 1)
assert 980 < cpc < 1020
# The same 64 bits, without a sign and with one.
assert distinct([2**64 - 1, -1]) == [2, 2, 2]
PYTHON
