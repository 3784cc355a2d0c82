#!/bin/sh
# pyarrow 26.0.1 (Python): its reader of JSON lines beside its reader of CSV.
#
# Guessed: texts that look like times become times by one rule in both readers. CSV makes a column a timestamp with a
# zone where all times have an offset, one without a zone where none has, and text where some have.
# Seen: JSON makes a timestamp without a zone of all three. What has an offset is moved to UTC, what has none is left,
# and nothing tells them apart any more: 11:44:34 by the wall clock of a plant and 11:44:34+02:00 come out as 11:44:34
# and 09:44:34 in one column. Whoever puts a zone on that column moves one of them.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json as plain

from pyarrow import csv, json

LOCAL, ZONED, UTC = "2025-11-14T11:44:34", "2025-11-14T11:44:34+02:00", "2025-11-14T11:44:34Z"


def read(*times):
    with open("times.jsonl", "w") as file:
        file.write("".join(plain.dumps({"at": time}) + "\n" for time in times))
    with open("times.csv", "w") as file:
        file.write("".join(f"{time}\n" for time in ("at", *times)))
    seen = [reader(path)["at"] for reader, path in ((json.read_json, "times.jsonl"), (csv.read_csv, "times.csv"))]
    print(*times, "| json:", seen[0].type, *map(str, seen[0].to_pylist()), "| csv:", seen[1].type)
    return [str(column.type) for column in seen], [str(time) for time in seen[0].to_pylist()]


at, two_hours_before = "2025-11-14 11:44:34", "2025-11-14 09:44:34"
assert read(LOCAL, LOCAL) == (["timestamp[s]", "timestamp[s]"], [at, at])
assert read(ZONED, UTC) == (["timestamp[s]", "timestamp[s, tz=UTC]"], [two_hours_before, at])
assert read(LOCAL, ZONED) == (["timestamp[s]", "string"], [at, two_hours_before])
PYTHON
