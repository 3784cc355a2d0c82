"""Reads versions of a Delta table with several engines and says which orders each of them found.

A line of standard input is {"table": PATH, "from": VERSION, "to": VERSION, "key": COLUMN}; "to" may be null for the
latest version. The answer is a line for each version, and "done".
With "filters" every column is filtered by some of its values instead, and the answer is a line for each count that differs
from that of the values themselves, and "done".
"""

import hashlib
import json
import operator
import sys

import duckdb
import polars
import pyarrow.dataset
import pyarrow.parquet
from deltalake import DeltaTable


def digest(ids):
    ids = sorted(int(i) for i in ids)
    text = ",".join(str(i) for i in ids)
    return {"rows": len(ids), "digest": hashlib.sha256(text.encode()).hexdigest()}


def read(table, version, key):
    delta = DeltaTable(table, version=version)
    dataset = delta.to_pyarrow_dataset()
    found = {}
    found["deltalake"] = digest(dataset.to_table(columns=[key])[key].to_pylist())
    query = f"select {key} from dataset"
    found["duckdb"] = digest(row[0] for row in duckdb.sql(query).fetchall())
    frame = polars.scan_delta(table, version=delta.version()).select(key).collect()
    found["polars"] = digest(frame[key].to_list())
    files = delta.file_uris()
    direct = []
    for file in files:
        direct.extend(pyarrow.parquet.ParquetFile(file).read(columns=[key])[key].to_pylist())
    found["pyarrow"] = digest(direct)
    return {"version": delta.version(), "files": len(files), "found": found}


def describe(table, key):
    """Everything about the table that a catalog would show, and a filter that only reads what it must."""
    delta = DeltaTable(table)
    metadata, protocol = delta.metadata(), delta.protocol()
    actions = pyarrow.table(delta.get_add_actions(flatten=True))

    def values(column):
        return [value for value in actions[column].to_pylist() if value is not None]

    return {
        "version": delta.version(),
        "id": metadata.id,
        "name": metadata.name,
        "partition_columns": metadata.partition_columns,
        "configuration": metadata.configuration,
        "protocol": [protocol.min_reader_version, protocol.min_writer_version],
        "schema": json.loads(delta.schema().to_json()),
        "history": [entry.get("operation") for entry in delta.history()],
        "records": sum(values("num_records")),
        "lowest": min(values(f"min.{key}")),
        "highest": max(values(f"max.{key}")),
        "nulls": sum(values("null_count.customer_id")),
        "types": {
            field.name: str(field.type)
            for field in delta.to_pyarrow_dataset().schema
        },
    }


OPERATORS = {"=": operator.eq, ">=": operator.ge}


def some(values):
    """A few values of a column, among them the lowest and the highest."""
    distinct = sorted(set(values))
    step = max(1, len(distinct) // 4)
    return list(dict.fromkeys(distinct[::step] + distinct[-1:]))


def filters(table):
    """Filters each column by = and >= with every engine; yields a line for each count that is not that of the values."""
    delta = DeltaTable(table)
    dataset = delta.to_pyarrow_dataset()
    whole = dataset.to_table()
    frame = polars.scan_delta(table)
    types = frame.collect_schema()
    checked = 0
    for column in whole.column_names:
        values = [value for value in whole[column].to_pylist() if value is not None]
        for value in some(values):
            for name, compare in OPERATORS.items():
                expected = sum(compare(each, value) for each in values)
                literal = polars.lit(value).cast(types[column])
                query = f'select count(*) from dataset where "{column}" {name} ?'
                found = {
                    "deltalake": delta.to_pyarrow_table(filters=[(column, name, value)]).num_rows,
                    "duckdb": duckdb.execute(query, [value]).fetchone()[0],
                    "polars": frame.filter(compare(polars.col(column), literal)).collect().height,
                }
                for engine, rows in found.items():
                    checked += 1
                    if rows != expected:
                        filter = f"{column} {name} {value!r}"
                        yield {"engine": engine, "filter": filter, "expected": expected, "found": rows}
    yield {"columns": whole.column_names, "checked": checked}


for line in sys.stdin:
    request = json.loads(line)
    if request.get("filters"):
        for answer in filters(request["table"]):
            print(json.dumps(answer), flush=True)
        print("done", flush=True)
        continue
    if request.get("describe"):
        print(json.dumps(describe(request["table"], request["key"])), flush=True)
        print("done", flush=True)
        continue
    last = request["to"]
    if last is None:
        last = DeltaTable(request["table"]).version()
        versions = [last]
    else:
        versions = range(request["from"], last + 1)
    for version in versions:
        try:
            answer = read(request["table"], version, request["key"])
        except Exception as error:
            answer = {"version": version, "error": repr(error)}
        print(json.dumps(answer), flush=True)
    print("done", flush=True)
