#!/bin/sh
# DuckDB 2.0.1 and pyarrow 26.0.1 (Python), beside Polars 2.1.0.
#
# Guessed: JSON lines with an integer beyond 64 bits are refused, or their column gets a wider exact type (DuckDB has
# HUGEINT and DECIMAL).
# Seen: in both, one such integer makes the whole column double, without a word: the other ids, exact in 64 bits before,
# are rounded, and 9007199254740993 and 9007199254740992 become equal. Polars widens to 128 bits and keeps all.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import polars
from pyarrow import json

IDS = [9007199254740992, 9007199254740993]
LARGE = 18446744073709551616


def read(ids):
    with open("ids.jsonl", "w") as file:
        file.write("".join(f'{{"id": {number}}}\n' for number in ids))
    return {
        "duckdb": [row[0] for row in duckdb.sql("select id from read_json('ids.jsonl')").fetchall()],
        "pyarrow": json.read_json("ids.jsonl")["id"].to_pylist(),
        "polars": polars.read_ndjson("ids.jsonl")["id"].to_list(),
    }


small, with_large = read(IDS), read([*IDS, LARGE])
print(small, with_large, sep="\n")
assert all(found == IDS for found in small.values())
for reader in ("duckdb", "pyarrow"):
    assert [type(number) for number in with_large[reader]] == [float] * 3
    assert len(set(with_large[reader][:2])) == 1
assert with_large["polars"] == [*IDS, LARGE]
PYTHON
