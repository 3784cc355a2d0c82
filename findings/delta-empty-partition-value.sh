#!/bin/sh
# deltalake 1.6.6 with pyarrow 26.0.1, and Polars 2.1.0 (Python), on one Delta table.
#
# Guessed: two readers agree on the values of a partition column.
# Seen: of the partition value '', which deltalake's own writer puts into the log as text, deltalake's dataset makes null
# (so the protocol says), and Polars makes ''. A filter by '' finds the row in one and nothing in the other.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1 polars==2.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import json

import polars
import pyarrow
from deltalake import DeltaTable, write_deltalake

values = ["shop", "", None]
write_deltalake("table", pyarrow.table({"at": values, "row": range(3)}), partition_by=["at"])
with open("table/_delta_log/00000000000000000000.json") as file:
    actions = [json.loads(line) for line in file]
logged = {action["add"]["partitionValues"]["at"] for action in actions if "add" in action}
table = DeltaTable("table")
by_arrow = table.to_pyarrow_table().sort_by("row")["at"].to_pylist()
by_polars = polars.scan_delta("table").sort("row").collect()["at"].to_list()
found = (
    table.to_pyarrow_table(filters=[("at", "=", "")]).num_rows,
    polars.scan_delta("table").filter(polars.col("at") == "").collect().height,
)
print("log:", logged, "deltalake:", by_arrow, "polars:", by_polars, "found by '':", found)
assert logged == set(values)
assert by_arrow == ["shop", None, None]
assert by_polars == ["shop", "", None]
assert found == (0, 1)
PYTHON
