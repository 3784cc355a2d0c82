#!/bin/sh
# ofxparse 0.21, beside ofxtools 1.1.1 (Python: bank statements in OFX).
#
# OFX writes a time with its offset from Greenwich, 20251114200000[-5:EST]; the name of the zone may be left out:
# [-5].
#
# Guessed: both give the same time.
# Seen: ofxparse heeds the offset only where a name follows. 20251114200000[-5:EST] becomes 01:00 UTC of the 15th,
# and 20251114200000[-5], the same instant, 20:00 of the 14th: five hours, and a day, earlier. Both come out without
# a zone, so that nothing tells them apart. ofxtools gives 01:00 UTC for both.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ofxparse==0.21 ofxtools==1.1.1
"$folder/venv/bin/python" - <<'PYTHON'
from ofxparse import OfxParser
from ofxtools.Types import DateTime

seen = []
for text in "20251114200000[-5:EST]", "20251114200000[-5]", "20251114200000[0:GMT]", "20251114200000":
    one, other = OfxParser.parseOfxDateTime(text), DateTime().convert(text)
    seen.append((str(one), str(other)))
    print(text, one, other)
assert seen == [
    ("2025-11-15 01:00:00", "2025-11-15 01:00:00+00:00"),
    ("2025-11-14 20:00:00", "2025-11-15 01:00:00+00:00"),
    ("2025-11-14 20:00:00", "2025-11-14 20:00:00+00:00"),
    ("2025-11-14 20:00:00", "2025-11-14 20:00:00+00:00"),
]
PYTHON
