#!/bin/sh
# pyiceberg 0.12.0 (Python), with pyarrow 26.0.1 and a catalog in SQLite.
#
# Guessed: a filter compares a whole number with 1.5 as SQL does, or refuses 1.5, as Iceberg's Java library does.
# Seen: the number of a filter that is given as text is rounded, half to even, before anything is compared. So
# `id > 1.5` leaves 2 out, `id = 1.5` finds 2, and delete("id = 1.5") deletes it. No error, no warning. `id > 2.5` finds
# what it should, since 2.5 becomes 2: of two neighbours, one is right by chance.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'pyiceberg[sql-sqlite]==0.12.0' pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import os

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog

here = os.getcwd()
catalog = SqlCatalog("catalog", uri=f"sqlite:///{here}/catalog.db", warehouse=f"file://{here}/warehouse")
catalog.create_namespace("plant")
rows = pyarrow.table({"id": pyarrow.array([1, 2, 3], pyarrow.int64())})
table = catalog.create_table("plant.pumps", rows.schema)
table.append(rows)


def found(condition=None):
    scan = table.scan(row_filter=condition) if condition else table.scan()
    ids = sorted(scan.to_arrow()["id"].to_pylist())
    print(condition, "->", ids)
    return ids


assert found("id > 1.5") == [3]
assert found("id > 2.5") == [3]
assert found("id = 1.5") == [2]
assert found("id < 1.5") == [1]
table.delete("id = 1.5")
assert found() == [1, 3]
PYTHON
