#!/bin/sh
# deltalake 1.6.6 (Python), with pyarrow 26.0.1 and DuckDB 2.0.1.
#
# The Delta protocol lets a writer leave a column out of a file's minValues and maxValues. A reader may then skip
# nothing by that column.
#
# Guessed: a filter on such a column reads the file, and finds the rows that match.
# Seen: if the file has bounds of *another* column, the fragment of DeltaTable.to_pyarrow_dataset() carries
# `ok >= null and ok <= null` as its guarantee. So `ok = true` finds 0 of 2 rows, without a word, in pyarrow and in
# DuckDB over the dataset. Without any bounds in the file both find 2.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1 duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json

import duckdb
import pyarrow
from deltalake import DeltaTable, write_deltalake

rows = {"id": pyarrow.array([1, 2, 3]), "ok": pyarrow.array([True, False, True])}
write_deltalake("table", pyarrow.table(rows))
entry = "table/_delta_log/00000000000000000000.json"
with open(entry) as file:
    actions = [json.loads(line) for line in file]


def found(stats):
    """Writes these statistics into the log and returns how many rows are found by ok = true."""
    for action in actions:
        if "add" in action:
            action["add"]["stats"] = json.dumps(stats)
    with open(entry, "w") as file:
        file.write("".join(json.dumps(action) + "\n" for action in actions))
    table = DeltaTable("table")
    assert table.to_pyarrow_table().num_rows == 3
    dataset = table.to_pyarrow_dataset()
    guarantee = " ".join(str(part.partition_expression) for part in dataset.get_fragments())
    by_arrow = table.to_pyarrow_table(filters=[("ok", "=", True)]).num_rows
    by_duckdb = duckdb.sql("select count(*) from dataset where ok = true").fetchall()[0][0]
    print(stats, "->", by_arrow, by_duckdb, guarantee)
    return by_arrow, by_duckdb, "null" in guarantee


without_ok = {"numRecords": 3, "minValues": {"id": 1}, "maxValues": {"id": 3}}
complete = {"numRecords": 3, "minValues": {"id": 1, "ok": False}, "maxValues": {"id": 3, "ok": True}}
assert found({"numRecords": 3}) == (2, 2, False)
assert found(complete) == (2, 2, False)
assert found(without_ok) == (0, 0, True)
PYTHON
