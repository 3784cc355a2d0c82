#!/bin/sh
# cel-python 0.5.0 (Common Expression Language, in which alert rules and admission rules are written).
#
# Guessed: string(timestamp) writes the time that it is, as RFC 3339, with its fraction, as CEL's reference in Go
# does.
# Seen: the fraction is gone: string(timestamp("2025-11-14T11:44:35.449Z")) is "2025-11-14T11:44:35Z", while
# comparisons and getMilliseconds() know the 449. So timestamp(string(t)) is another time, two events of one second
# have one key, and two texts are equal that two times are not. It is the same with durations:
# string(duration("1500ms")) is "1s".
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check cel-python==0.5.0
"$folder/venv/bin/python" - <<'PYTHON'
import celpy

environment = celpy.Environment()


def value(expression):
    return environment.program(environment.compile(expression)).evaluate({})


for expression, seen in (
    ('string(timestamp("2025-11-14T11:44:35.449Z"))', "2025-11-14T11:44:35Z"),
    ('timestamp("2025-11-14T11:44:35.449Z").getMilliseconds()', 449),
    ('timestamp(string(timestamp("2025-11-14T11:44:35.449Z"))) == timestamp("2025-11-14T11:44:35.449Z")', False),
    ('timestamp("2025-11-14T11:44:35.449Z") == timestamp("2025-11-14T11:44:35Z")', False),
    ('string(duration("1500ms"))', "1s"),
):
    print(expression, value(expression))
    assert value(expression) == seen
PYTHON
