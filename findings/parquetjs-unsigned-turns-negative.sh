#!/usr/bin/env bash
# @dsnp/parquetjs 1.8.9 (JavaScript), on a file of pyarrow 26.0.1.
#
# Parquet keeps an unsigned number in the bits of a signed one and says so in the schema.
#
# Guessed: a reader whose table of types has UINT_32 and UINT_64 gives the numbers that were written.
# Seen: from the middle of the range on they are negative: 4294967295 is read as -1, and 18446744073709551615 as -1n.
# 8 and 16 bits are right, since they have room. The reader knows the type (its schema says UINT_32). So counters and
# hashes are wrong from some day on, and a maximum becomes a minimum.
#
# Needs Node.js 20 or newer with npm. Exits with 0 as long as that is what happens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet pyarrow==26.0.1
npm install --silent --no-audit --no-fund --ignore-scripts @dsnp/parquetjs@1.8.9
venv/bin/python - <<'PYTHON'
import pyarrow
from pyarrow import parquet

columns = {}
for bits in (8, 16, 32, 64):
    values = [1, 2 ** (bits - 1) - 1, 2 ** (bits - 1), 2**bits - 1]
    columns[f"u{bits}"] = pyarrow.array(values, getattr(pyarrow, f"uint{bits}")())
table = pyarrow.table(columns)
parquet.write_table(table, "counters.parquet")
assert parquet.read_table("counters.parquet") == table
PYTHON
cat > read.js <<'JS'
const { ParquetReader } = require("@dsnp/parquetjs");
(async () => {
  const reader = await ParquetReader.openFile("counters.parquet");
  const cursor = reader.getCursor();
  const rows = [];
  for (let row; (row = await cursor.next()); ) rows.push(row);
  for (const name of ["u8", "u16", "u32", "u64"])
    console.log(reader.getSchema().fields[name].originalType, ...rows.map((row) => String(row[name])));
  await reader.close();
})();
JS
node read.js | tee seen.txt
diff seen.txt - <<'EXPECTED'
UINT_8 1 127 128 255
UINT_16 1 32767 32768 65535
UINT_32 1 2147483647 -2147483648 -1
UINT_64 1 9223372036854775807 -9223372036854775808 -1
EXPECTED
