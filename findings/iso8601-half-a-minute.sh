#!/bin/sh
# iso8601 2.1.0, isodate 0.7.2 and aniso8601 10.0.1 (Python).
#
# ISO 8601 allows a decimal fraction of the lowest element that is there: 10:30.5 is half past ten and thirty seconds.
#
# Guessed: a reader reads it, or refuses it.
# Seen: iso8601 reads 10:00:30.5. It takes the minute for the second, without an error, while the fraction of an hour is
# refused. isodate and aniso8601 read 10:30:30. So two services agree on every time but that of one device.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet iso8601==2.1.0 isodate==0.7.2 aniso8601==10.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import aniso8601
import iso8601
import isodate

READERS = (iso8601.parse_date, isodate.parse_datetime, aniso8601.parse_datetime)


def read(text):
    seen = []
    for reader in READERS:
        try:
            seen.append(reader(text).isoformat().removeprefix("2025-11-14T").removesuffix("+00:00"))
        except iso8601.ParseError:
            seen.append("refused")
    print(text, *seen)
    return seen


assert read("2025-11-14T10:30:30.5Z") == ["10:30:30.500000"] * 3
assert read("2025-11-14T10:30.5Z") == ["10:00:30.500000", "10:30:30", "10:30:30"]
assert read("2025-11-14T1030,5Z") == ["10:00:30.500000", "10:30:30", "10:30:30"]
assert read("2025-11-14T10.5Z") == ["refused", "10:30:00", "10:30:00"]
PYTHON
