#!/bin/sh
# deltalake 1.6.6 (Python), with pyarrow 26.0.1.
#
# Guessed: a decimal column partitions a table as any other column does, whatever its sign.
# Seen: a negative decimal with a fraction is written into the log with a sign in either part, -2.20 as "-2.-20" and
# -0.05 as "0.-5". The commit is made; only then does write_deltalake raise, as it cannot read its own text again. From
# then on deltalake cannot open the table: one row has taken all rows that were there before. -2.00 and 2.20 are fine.
# The only way back is to take the commit out of the log by hand.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json
import os
from decimal import Decimal

import pyarrow
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError


def rows(value):
    amounts = pyarrow.array([Decimal(value)], pyarrow.decimal128(9, 2))
    return pyarrow.table({"amount": amounts, "id": pyarrow.array([1])})


def append(value):
    """Appends a row of this amount, and returns the amount as the log has it, and whether an error was raised."""
    try:
        write_deltalake("table", rows(value), partition_by=["amount"], mode="append")
        raised = False
    except DeltaError as error:
        print(error)
        raised = True
    with open("table/_delta_log/" + sorted(os.listdir("table/_delta_log"))[-1]) as file:
        added = [action["add"] for action in map(json.loads, file) if "add" in action]
    print(value, "->", added[0]["partitionValues"], "raised:", raised)
    return added[0]["partitionValues"]["amount"], raised


assert append("2.20") == ("2.20", False)
assert append("-2.00") == ("-2.00", False)
assert DeltaTable("table").to_pyarrow_table().num_rows == 2
assert append("-0.05") == ("0.-5", True)
try:
    DeltaTable("table").to_pyarrow_table()
except DeltaError as error:
    print("reading:", error)
else:
    raise AssertionError("the table can be read")
os.remove("table/_delta_log/00000000000000000002.json")
assert DeltaTable("table").to_pyarrow_table().num_rows == 2
PYTHON
