#!/bin/sh
# deltalake 1.6.6 (Python), with pyarrow 26.0.1.
#
# The Delta protocol writes a binary partition value as a text of escaped bytes, "\u0001\u0002".
#
# Guessed: who writes such a value reads it as it was, or refuses the column.
# Seen: deltalake writes the escapes and takes their text for the bytes when it reads: the two bytes ff 00 come back as
# the twelve of `\u00FF\u0000`, in its dataset and in its SQL, and even `ab` comes back as `\u0061\u0062`. Nothing is
# refused. So a key that partitions a table joins with nothing any more, and a filter by the value that was written
# finds no row. In a column that does not partition, the same bytes stay.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet deltalake==1.6.6 pyarrow==26.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import pyarrow
from deltalake import DeltaTable, QueryBuilder, write_deltalake

KEYS = [b"\xff\x00", b"ab"]
rows = pyarrow.table({"key": pyarrow.array(KEYS, pyarrow.binary()), "row": [0, 1]})
for folder, columns in (("partitioned", ["key"]), ("plain", None)):
    write_deltalake(folder, rows, partition_by=columns)


def read(folder):
    table = DeltaTable(folder)
    by_sql = QueryBuilder().register("t", table).execute("select key from t order by row").read_all()
    seen = (
        table.to_pyarrow_table().sort_by("row")["key"].to_pylist(),
        pyarrow.table(by_sql)["key"].to_pylist(),
    )
    found = table.to_pyarrow_table(filters=[("key", "=", b"ab")]).num_rows
    print(folder, *seen, "found by ab:", found)
    return seen, found


assert read("plain") == ((KEYS,) * 2, 1)
assert read("partitioned") == (([rb"\u00FF\u0000", rb"\u0061\u0062"],) * 2, 0)
PYTHON
