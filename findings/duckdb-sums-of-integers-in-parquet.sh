#!/bin/sh
# DuckDB 2.0.1 (Python).
#
# Guessed: `COPY (SELECT sum(n) …) TO 'file.parquet'` writes the sum of whole numbers as the whole number that a SELECT
# shows, as it does in CSV and JSON.
# Seen: the sum of a BIGINT is a HUGEINT, for which Parquet has no type, and it is written as a DOUBLE without a word:
# 9007199254740993 + 2 comes back as 9007199254740996. Decimals, of up to 38 digits, are written exactly. It is the same
# for a table that was made with such a sum and is exported later.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb

connection = duckdb.connect()
connection.execute("CREATE TABLE t AS SELECT unnest([9007199254740993, 2]) AS n")
query = "SELECT sum(n) AS total, typeof(sum(n)) AS kind FROM t"
assert connection.execute(query).fetchone() == (9007199254740995, "HUGEINT")
connection.execute(f"COPY ({query}) TO 'sum.parquet'")
connection.execute(f"COPY ({query}) TO 'sum.csv'")
written = connection.execute("SELECT total, typeof(total) FROM 'sum.parquet'").fetchone()
print(written)
assert written == (9007199254740996.0, "DOUBLE")
assert "9007199254740995,HUGEINT" in open("sum.csv").read()
connection.execute("COPY (SELECT sum(n)::DECIMAL(38, 0) AS total FROM t) TO 'exact.parquet'")
assert connection.execute("SELECT total::VARCHAR FROM 'exact.parquet'").fetchone() == ("9007199254740995",)
PYTHON
