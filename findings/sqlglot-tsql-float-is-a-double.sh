#!/bin/sh
# sqlglot 30.30.0 and duckdb 2.0.1 (Python).
#
# T-SQL's float is float(53), a double; its real is float(24).
#
# Guessed: a query that is moved from T-SQL to DuckDB or Spark keeps its double.
# Seen: `float` becomes REAL in DuckDB and FLOAT in Spark, which have 32 bits: 16777217 becomes 16777216, unannounced.
# The same word read as PostgreSQL's becomes DOUBLE, and so does T-SQL's `double precision`.
#
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet sqlglot==30.30.0 duckdb==2.0.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
import sqlglot


def moved(kind, read="tsql"):
    """The type in Spark's words and in DuckDB's, and what DuckDB makes of 16777217 by it."""
    query = f"SELECT CAST('16777217' AS {kind}) AS x"
    spark = sqlglot.transpile(query, read=read, write="spark")[0]
    translated = sqlglot.transpile(query, read=read, write="duckdb")[0]
    value = duckdb.sql(translated).fetchall()[0][0]
    print(read, kind, "|", spark, "|", translated, "|", value)
    types = [text.split(" AS ")[1].rstrip(")") for text in (spark, translated)]
    return types, value


assert moved("float") == (["FLOAT", "REAL"], 16777216)
assert moved("real") == (["FLOAT", "REAL"], 16777216)
assert moved("double precision") == (["DOUBLE", "DOUBLE"], 16777217)
assert moved("float", "postgres") == (["DOUBLE", "DOUBLE"], 16777217)
PYTHON
