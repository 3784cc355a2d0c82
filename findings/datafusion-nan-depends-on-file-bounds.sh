#!/bin/sh
# DataFusion as deltalake 1.6.6 (Python) ships it (QueryBuilder), with pyarrow 26.0.1.
#
# DataFusion orders NaN above every number, so `x > 2` is true for NaN. A Delta file's bounds leave NaN out.
#
# Guessed: whether a row with NaN answers a query depends on the query.
# Seen: it depends on its neighbours. {1, 3, NaN} `x > 2` counts two rows, 3 and NaN. The same rows in two files,
# {1, NaN} and {3}, count one: the file with NaN has the upper bound 1 and is skipped. So compaction changes the
# answer of a query.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import math

import pyarrow
from deltalake import DeltaTable, QueryBuilder, write_deltalake


def count(folder):
    query = QueryBuilder().register("t", DeltaTable(folder))
    rows = pyarrow.table(query.execute("select count(*) as n from t where x > 2").read_all())
    return rows.to_pylist()[0]["n"]


for values in ([1.0, math.nan], [3.0]):
    write_deltalake("table", pyarrow.table({"x": values}), mode="append")
apart = count("table")
DeltaTable("table").optimize.compact()
together = count("table")
print("two files:", apart, "after compaction:", together)
assert (apart, together) == (1, 2)
PYTHON
