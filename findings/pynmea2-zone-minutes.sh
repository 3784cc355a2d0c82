#!/bin/sh
# pynmea2 1.19.0 (Python).
#
# NMEA 0183's ZDA sentence has the local zone in two fields, hours with a sign and minutes, 00 to 59, without one: the
# sign of the hours is theirs, too.
#
# Guessed: a zone of -03 and 30 is three and a half hours west, Newfoundland's.
# Seen: the minutes are added to the hours as they are, so that the zone is -02:30. localdatetime is the right instant
# by a wrong clock, an hour off, and around midnight on another day. +05 and 30 is right: no test in Europe or in India
# sees it.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pynmea2==1.19.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from datetime import timedelta

import pynmea2


def read(hours, minutes):
    sentence = pynmea2.parse(f"$GPZDA,160012.00,11,03,2004,{hours},{minutes}")
    local = sentence.localdatetime
    print(hours, minutes, sentence.datetime, local, local.utcoffset())
    return local.strftime("%H:%M"), local.utcoffset()


assert read("05", "30") == ("21:30", timedelta(hours=5, minutes=30))
assert read("-03", "00") == ("13:00", timedelta(hours=-3))
assert read("-03", "30") == ("13:30", timedelta(hours=-2, minutes=-30))
PYTHON
