#!/usr/bin/env python3
"""Silver beside DuckDB: the same job on the same events, both on one thread of the same core, in one run.

    python3 benches/beside_duckdb.py

The job: a million JSON lines in memory, cast to the types of datasets/orders.toml, the first line of each key kept,
ordered by event time, with lineage, to Parquet with zstd; broken lines kept aside with what is wrong. The events are
those of `cargo bench --bench layers`, which writes them; DuckDB (a pinned version, installed under target/) reads and
writes them in a file system in memory. The number of rows must be the same.

For comparison DuckDB also does a lean job, in whichever of several ways is fastest: no lineage, any line of a key, and
broken lines thrown away unseen.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
DUCKDB = "duckdb==2.0.1"
CORE = 0
ROUNDS = 5

# Seconds as DOUBLE are exact to the millisecond, and faster than as DECIMAL.
TYPES = {"order_id": "BIGINT", "amount": "DECIMAL(18,2)", "timestamp": "DOUBLE", "customer_id": "VARCHAR"}
EVENT_TIME = "epoch_ms(CAST({seconds} * 1000 AS BIGINT)) AS event_time"
PARQUET = "TO '$folder/silver.parquet' (FORMAT parquet, COMPRESSION zstd)"

SAME = [
    f"""CREATE OR REPLACE TEMP TABLE lines AS
        SELECT json AS line, number, e.order_id, e.amount, {EVENT_TIME.format(seconds="e.timestamp")}, e.customer_id
        FROM (SELECT json, row_number() OVER () - 1 AS number, from_json(json, '{json.dumps(TYPES)}') AS e
              FROM read_ndjson_objects('$events'))""",
    f"""COPY (
        SELECT order_id, amount, event_time, customer_id,
               'orders/0/' || lpad((number // 80000)::VARCHAR, 3, '0') || '.jsonl' AS _source,
               number AS _sequence_number, TIMESTAMP '2025-11-26 01:31:14' AS _enqueued_time,
               NULL::VARCHAR AS _rescued
        FROM (SELECT DISTINCT ON (order_id, event_time) * FROM lines
              WHERE order_id IS NOT NULL AND amount IS NOT NULL AND event_time IS NOT NULL ORDER BY number)
        ORDER BY event_time) {PARQUET}""",
    """COPY (
        SELECT 'orders/0/' || lpad((number // 80000)::VARCHAR, 3, '0') || '.jsonl' AS source,
               number AS sequence_number, line AS body,
               CASE WHEN order_id IS NULL THEN 'order_id' WHEN amount IS NULL THEN 'amount' ELSE 'event_time' END
                   AS "column"
        FROM lines WHERE order_id IS NULL OR amount IS NULL OR event_time IS NULL)
        TO '$folder/quarantine.jsonl' (FORMAT json)""",
]

# With `ignore_errors` a broken line becomes a row of nulls.
COLUMNS = ", ".join(f"{name}: '{kind}'" for name, kind in TYPES.items())
READ = f"""
    SELECT order_id, amount, {EVENT_TIME.format(seconds="timestamp")}, customer_id
    FROM read_json('$events', format = 'newline_delimited', ignore_errors = true, columns = {{{COLUMNS}}})
    WHERE order_id IS NOT NULL AND amount IS NOT NULL AND timestamp IS NOT NULL"""
LEAN = {
    name: [f"COPY ({rows} ORDER BY event_time) {PARQUET}"]
    for name, rows in {
        "distinct on": f"SELECT DISTINCT ON (order_id, event_time) * FROM ({READ})",
        "group by": f"""SELECT order_id, first(amount) AS amount, event_time, first(customer_id) AS customer_id
            FROM ({READ}) GROUP BY order_id, event_time""",
        "distinct": f"SELECT DISTINCT * FROM ({READ})",
    }.items()
}


def with_duckdb():
    """Starts this script again with a Python that has DuckDB."""
    home = TARGET / "beside-duckdb"
    python = home / "bin" / "python"
    if Path(sys.prefix).resolve() == home.resolve():
        return
    if not python.exists():
        print(f"installing {DUCKDB} in {home}", file=sys.stderr)
        venv.create(home, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", DUCKDB], check=True)
    os.execv(python, [python, *sys.argv])


def silver(events):
    """Runs silver's benchmark; returns its events a second, and what it made of the events."""
    command = ["taskset", "-c", str(CORE), "cargo", "bench", "--quiet", "--bench", "layers", "--", "silver"]
    environment = {**os.environ, "SLUICE_BENCH_EVENTS": str(events)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
    estimates = json.loads((TARGET / "criterion/silver/refine_1M_orders/new/estimates.json").read_text())
    facts = json.loads(Path(f"{events}.facts").read_text())
    return facts["events"] / (estimates["median"]["point_estimate"] / 1e9), facts


def rate(database, statements, events, folder, facts):
    """Runs the statements several times; returns DuckDB's events a second."""
    statements = [text.replace("$events", str(events)).replace("$folder", folder) for text in statements]
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        written = [database.execute(text).fetchone()[0] for text in statements]
        times.append(time.perf_counter() - started)
    if facts["rows"] not in written:
        sys.exit(f"DuckDB wrote {written} rows, silver {facts['rows']}: not the same job")
    return facts["events"] / statistics.median(times)


def main():
    with_duckdb()
    import duckdb

    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        events = Path(folder) / "events.jsonl"
        ours, facts = silver(events)
        os.sched_setaffinity(0, {CORE})
        database = duckdb.connect()
        database.execute("SET threads = 1")
        same = rate(database, SAME, events, folder, facts)
        size = (Path(folder) / "silver.parquet").stat().st_size
        lean = {name: rate(database, job, events, folder, facts) for name, job in LEAN.items()}
    best = max(lean, key=lean.get)
    print(f"{facts['events']:,} events of {facts['bytes'] / facts['events']:.0f} bytes, {facts['rows']:,} rows\n")
    print(f"silver                    {ours:10,.0f} events/s  {facts['parquet_bytes']:12,} bytes of Parquet")
    print(f"DuckDB, the same job      {same:10,.0f} events/s  {size:12,} bytes of Parquet  silver: {ours / same:.2f} times")
    print(f"DuckDB, a leaner job      {lean[best]:10,.0f} events/s  ({best})  silver: {ours / lean[best]:.2f} times")


main()
