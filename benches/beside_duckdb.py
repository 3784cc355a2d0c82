#!/usr/bin/env python3
"""Silver beside DuckDB: the same job on the same events, both on one thread of the same core, in one run.

    python3 benches/beside_duckdb.py

The job: a million JSON lines in memory, cast to the types of datasets/orders.toml, broken lines left out, one row of
each key, ordered by event time, to Parquet with zstd in memory. The events are those of `cargo bench --bench layers`,
which writes them; DuckDB (a pinned version, installed under target/) reads and writes them in a file system in memory.

DuckDB may do the job in the way that suits it best: the fastest of several statements counts. It neither keeps the
broken lines nor writes lineage, statistics of its own or a commit, as silver does. The number of rows must be the same.
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

# With `ignore_errors` a broken line becomes a row of nulls. Seconds as DOUBLE are exact to the millisecond, and faster
# than as DECIMAL.
READ = """
    SELECT order_id, amount, epoch_ms(CAST(timestamp * 1000 AS BIGINT)) AS event_time, customer_id
    FROM read_json('{events}', format = 'newline_delimited', ignore_errors = true, columns = {{
        order_id: 'BIGINT', amount: 'DECIMAL(18,2)', timestamp: 'DOUBLE', customer_id: 'VARCHAR'}})
    WHERE order_id IS NOT NULL AND amount IS NOT NULL AND timestamp IS NOT NULL"""
DEDUP = {
    "distinct on": "SELECT DISTINCT ON (order_id, event_time) * FROM ({read})",
    "group by": """SELECT order_id, first(amount) AS amount, event_time, first(customer_id) AS customer_id
        FROM ({read}) GROUP BY order_id, event_time""",
    "distinct": "SELECT DISTINCT * FROM ({read})",
}
WRITE = "COPY ({rows} ORDER BY event_time) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"


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
    """Runs silver's benchmark; returns its events a second and its rows."""
    command = ["taskset", "-c", str(CORE), "cargo", "bench", "--quiet", "--bench", "layers", "--", "silver"]
    environment = {**os.environ, "SLUICE_BENCH_EVENTS": str(events)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=sys.stderr)
    estimates = json.loads((TARGET / "criterion/silver/refine_1M_orders/new/estimates.json").read_text())
    facts = json.loads(Path(f"{events}.facts").read_text())
    return facts["events"] / (estimates["median"]["point_estimate"] / 1e9), facts


def duckdb_rates(events, folder, facts):
    """Runs every statement; returns the events a second of each."""
    import duckdb

    database = duckdb.connect()
    database.execute("SET threads = 1")
    out = folder / "silver.parquet"
    rates = {}
    for name, dedup in DEDUP.items():
        statement = WRITE.format(rows=dedup.format(read=READ.format(events=events)), out=out)
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            rows = database.execute(statement).fetchone()[0]
            times.append(time.perf_counter() - started)
        if rows != facts["rows"]:
            sys.exit(f"DuckDB wrote {rows} rows, silver {facts['rows']}: not the same job")
        rates[name] = facts["events"] / statistics.median(times)
    return rates, out.stat().st_size


def main():
    with_duckdb()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        folder = Path(folder)
        events = folder / "events.jsonl"
        ours, facts = silver(events)
        os.sched_setaffinity(0, {CORE})
        rates, size = duckdb_rates(events, folder, facts)
    print(f"{facts['events']:,} events of {facts['bytes'] / facts['events']:.0f} bytes, {facts['rows']:,} rows\n")
    for name, rate in sorted(rates.items(), key=lambda item: item[1]):
        print(f"DuckDB  {rate:12,.0f} events/s   {name}")
    print(f"silver  {ours:12,.0f} events/s")
    print(f"\nsilver does {ours / max(rates.values()):.2f} times DuckDB's best.")
    print(f"Parquet: DuckDB {size:,} bytes, silver {facts['parquet_bytes']:,} bytes with lineage.")


main()
