#!/bin/sh
# pyarrow 26.0.1 (Python).
#
# Parquet's bounds leave NaN out, and the format says that whoever looks for NaN ignores them.
#
# Guessed: a filter by is_nan finds the rows with NaN, and so does the check of a sensor's data that is built on it.
# Seen: it depends on the rest of the row group. Beside {1, 3} the NaN is found; beside {1, 1} it is not, since equal
# bounds become the guarantee `x = 1`, from which is_nan is said to be false. `x != 1` loses the row, too. So the more
# constant the column, the surer its gaps stay unseen. pyiceberg, which scans by these filters, inherits it; the same
# filter after reading finds the row.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import math

import pyarrow
import pyarrow.compute as compute
from pyarrow import parquet


def found(values):
    """How many rows is_nan and x != 1 find in a file with these values, each while reading and after reading."""
    parquet.write_table(pyarrow.table({"x": pyarrow.array(values, pyarrow.float64())}), "x.parquet")
    field = compute.field("x")
    counts = []
    for condition in (field.is_nan(), field != 1):
        while_reading = parquet.read_table("x.parquet", filters=condition).num_rows
        after_reading = parquet.read_table("x.parquet").filter(condition).num_rows
        counts.append((while_reading, after_reading))
    print(values, "is_nan:", counts[0], "x != 1:", counts[1])
    return counts


assert found([1, 3, math.nan]) == [(1, 1), (2, 2)]
assert found([math.nan, math.nan]) == [(2, 2), (2, 2)]
assert found([1, 1, math.nan]) == [(0, 1), (0, 1)]
PYTHON
