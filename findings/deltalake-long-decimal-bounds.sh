#!/bin/sh
# deltalake 1.6.6 (Python), with pyarrow 26.0.1.
#
# Guessed: a table that deltalake itself has written is filtered rightly by a decimal column, whatever its digits.
# Seen: bounds of a decimal with a fraction are written as doubles. From 1e16 on they have an exponent
# (`1.2345678901234566e+17`), are rounded, to below the highest value too, and are no decimal to deltalake's own
# reader. The file's guarantee becomes `x <= null`, and a filter by *any* value finds nothing, also the value 1.00
# beside it. The same rows without a fraction, or with fewer digits, are found.
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
from decimal import Decimal

import pyarrow
from deltalake import DeltaTable, write_deltalake


def found(folder, kind, highest):
    """Writes 1 and the highest value, and returns how many rows are found by each of them, and the upper bound."""
    values = pyarrow.array([Decimal(1), Decimal(highest)], kind)
    write_deltalake(folder, pyarrow.table({"x": values}))
    table = DeltaTable(folder)
    assert table.to_pyarrow_table().num_rows == 2
    with open(f"{folder}/_delta_log/00000000000000000000.json") as file:
        added = [action["add"] for action in map(json.loads, file) if "add" in action]
    bound = json.loads(added[0]["stats"], parse_float=str)["maxValues"]["x"]
    rows = [
        table.to_pyarrow_table(filters=[("x", "=", value)]).num_rows
        for value in (Decimal(1), Decimal(highest))
    ]
    print(kind, highest, "bound", bound, "rows found", rows)
    return rows, bound


assert found("short", pyarrow.decimal128(18, 2), "1234567890123456.78") == ([1, 1], "1234567890123456.8")
assert found("whole", pyarrow.decimal128(18, 0), "900719925474099301") == ([1, 1], 900719925474099301)
assert found("long", pyarrow.decimal128(20, 2), "123456789012345678.91") == ([0, 0], "1.2345678901234566e+17")
PYTHON
