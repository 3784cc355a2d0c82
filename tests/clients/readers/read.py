"""Reads one Parquet file with pyarrow, DuckDB and Polars and prints what each of them sees, a JSON object a line."""

import datetime
import decimal
import json
import sys

import duckdb
import polars
import pyarrow.parquet

path = sys.argv[1]


def plain(value):
    """Writes a value so that its kind shows: decimals with their scale, times in UTC."""
    if isinstance(value, decimal.Decimal):
        return "decimal " + str(value)
    if isinstance(value, datetime.datetime):
        return "time " + value.astimezone(datetime.timezone.utc).isoformat()
    if isinstance(value, datetime.date):
        return "date " + value.isoformat()
    return value


def show(reader, types, rows):
    rows = [{name: plain(value) for name, value in row.items()} for row in rows]
    print(json.dumps({"reader": reader, "types": types, "rows": rows}, sort_keys=True))


table = pyarrow.parquet.read_table(path)
show("pyarrow", {f.name: f"{f.type} {'null' if f.nullable else 'not null'}" for f in table.schema}, table.to_pylist())

duckdb.execute("set TimeZone = 'UTC'")
relation = duckdb.sql(f"select * from read_parquet('{path}')")
columns = relation.columns
types = dict(zip(columns, map(str, relation.types)))
show("duckdb", types, [dict(zip(columns, row)) for row in relation.fetchall()])

frame = polars.read_parquet(path)
show("polars", {name: str(kind) for name, kind in frame.schema.items()}, frame.to_dicts())
