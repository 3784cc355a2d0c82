#!/bin/sh
# daft 0.7.26 (Python), with pyiceberg 0.12.0 and a catalog in SQLite.
#
# Iceberg puts a decimal into a bucket by the hash of its unscaled number, as the fewest bytes that hold it with its
# sign.
#
# Guessed: what Daft writes into an Iceberg table that is partitioned by bucket(amount) lies in the buckets of the
# specification, where another reader looks for it.
# Seen: not for negative decimals, nor for positive ones whose first byte has its top bit set: 1.28 to 2.55, 327.68
# to 655.35. Whoever looks for `amount = -14.20`, pyiceberg or Daft itself, looks into the right bucket and finds
# nothing, without an error; a scan without a filter has the row. Whole numbers, texts and dates are in their
# buckets.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check daft==0.7.26 'pyiceberg[pyiceberg-core,sql-sqlite]==0.12.0' pyarrow==25.0.1
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from decimal import Decimal

import daft
import pyarrow
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform
from pyiceberg.types import DecimalType, NestedField

folder = sys.argv[1]
catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}")
catalog.create_namespace("shop")
schema = Schema(NestedField(1, "amount", DecimalType(9, 2), required=False))
buckets = PartitionSpec(PartitionField(1, 1000, BucketTransform(16), "bucket"))
amounts = [Decimal(text) for text in ("14.20", "1.00", "99.99", "-14.20", "-0.01", "1.31", "327.68")]
rows = pyarrow.table({"amount": pyarrow.array(amounts, pyarrow.decimal128(9, 2))})

found = {}
for writer in "pyiceberg", "daft":
    table = catalog.create_table(f"shop.{writer}", schema, partition_spec=buckets)
    if writer == "daft":
        daft.from_arrow(rows).write_iceberg(table)
    else:
        table.append(rows)
    table = catalog.load_table(f"shop.{writer}")
    assert table.scan().to_arrow().num_rows == len(amounts)
    found[writer] = [table.scan(row_filter=f"amount = {amount}").to_arrow().num_rows for amount in amounts]
    print(writer, dict(zip(map(str, amounts), found[writer])))
assert found == {"pyiceberg": [1, 1, 1, 1, 1, 1, 1], "daft": [1, 1, 1, 0, 0, 0, 0]}
frame = daft.read_iceberg(table)
assert [frame.where(daft.col("amount") == daft.lit(amount)).count_rows() for amount in amounts] == found["daft"]

# The specification's own rule, by a hash of one's own.
def murmur3(data):
    rotated = lambda x, r: (x << r | x >> 32 - r) & 0xFFFFFFFF
    mixed = lambda k: rotated(k * 0xCC9E2D51 & 0xFFFFFFFF, 15) * 0x1B873593 & 0xFFFFFFFF
    h, whole = 0, len(data) // 4 * 4
    for at in range(0, whole, 4):
        h = (rotated(h ^ mixed(int.from_bytes(data[at : at + 4], "little")), 13) * 5 + 0xE6546B64) & 0xFFFFFFFF
    h ^= (mixed(int.from_bytes(data[whole:], "little")) if data[whole:] else 0) ^ len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    h = (h ^ h >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return h ^ h >> 16


def bucket(amount):
    number = int(amount.scaleb(2))
    size = next(size for size in range(1, 17) if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1)
    return (murmur3(number.to_bytes(size, "big", signed=True)) & 0x7FFFFFFF) % 16


assert murmur3((1420).to_bytes(2, "big")) == -500754589 & 0xFFFFFFFF  # the specification's example
right = [bucket(amount) for amount in amounts]
assert BucketTransform(16).transform(DecimalType(9, 2))(Decimal("-14.20")) == bucket(Decimal("-14.20"))
daft_buckets = daft.from_arrow(rows).select(daft.functions.partition_iceberg_bucket(daft.col("amount"), 16)).to_arrow()
seen = daft_buckets.columns[0].to_pylist()
print(right, seen)
assert [a == b for a, b in zip(right, seen)] == [True, True, True, False, False, False, False]
PYTHON
