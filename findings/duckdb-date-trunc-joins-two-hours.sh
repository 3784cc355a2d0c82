#!/bin/sh
# DuckDB 2.0.1 (Python): date_trunc beside time_bucket, and beside Polars 2.1.0.
#
# When clocks go back, an hour of the day is there twice: 02:00 to 03:00 of 26 October 2025 in Berlin, from 00:00 UTC
# and from 01:00 UTC.
#
# Guessed: date_trunc('hour', …) of a TIMESTAMP WITH TIME ZONE is the begin of the hour in which that instant lies,
# in either of the two.
# Seen: 00:30 UTC is put into the hour that begins at 01:00 UTC, half an hour after it. So a report by hours has no
# first hour, and both in the second. date_trunc('minute') is right, and time_bucket of the same session and Polars
# in the same zone keep the two hours apart. In a session whose zone is UTC all agree.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.1 polars==2.1.0 pytz
"$folder/venv/bin/python" - <<'PYTHON'
import datetime

import duckdb
import polars

QUERY = """
    SELECT strftime(x AT TIME ZONE 'UTC', '%H:%M:%S') AS utc,
        strftime(date_trunc('minute', x) AT TIME ZONE 'UTC', '%H:%M') AS minute,
        strftime(date_trunc('hour', x) AT TIME ZONE 'UTC', '%H:%M') AS hour,
        strftime(time_bucket(INTERVAL 1 HOUR, x) AT TIME ZONE 'UTC', '%H:%M') AS bucket
    FROM (VALUES ('2025-10-25 23:30:30+00'::TIMESTAMPTZ), ('2025-10-26 00:30:30+00'), ('2025-10-26 01:30:30+00'),
        ('2025-10-26 02:30:30+00')) t(x) ORDER BY x
"""
seen = {}
for zone in "UTC", "Europe/Berlin":
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{zone}'")
    seen[zone] = connection.execute(QUERY).fetchall()
    print(zone, *seen[zone], sep="\n  ")
right = [
    ("23:30:30", "23:30", "23:00", "23:00"),
    ("00:30:30", "00:30", "00:00", "00:00"),
    ("01:30:30", "01:30", "01:00", "01:00"),
    ("02:30:30", "02:30", "02:00", "02:00"),
]
assert seen["UTC"] == right
assert seen["Europe/Berlin"] == [right[0], ("00:30:30", "00:30", "01:00", "00:00"), right[2], right[3]]

times = polars.Series([datetime.datetime(2025, 10, 26, hour, 30, 30) for hour in (0, 1)]).dt.replace_time_zone("UTC")
hours = times.dt.convert_time_zone("Europe/Berlin").dt.truncate("1h").dt.convert_time_zone("UTC")
assert [hour.hour for hour in hours] == [0, 1]
PYTHON
