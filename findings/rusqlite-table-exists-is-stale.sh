#!/bin/sh
# rusqlite 0.43.0 with its bundled SQLite.
#
# Guessed: Connection::table_exists finds a table as a query would.
# Seen: it asks sqlite3_table_column_metadata, which answers from the schema that the connection has read. A connection
# that has looked once, before another one made the table, goes on to say that there is none, while a query on
# sqlite_schema by the same connection finds it; after that query table_exists does, too.
#
# Exits with 0 as long as that is what happens. Needs cargo and a C compiler.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "stale"
version = "0.0.0"
edition = "2024"

[dependencies]
rusqlite = { version = "=0.43.0", features = ["bundled"] }
TOML
cat > src/main.rs <<'RUST'
use rusqlite::Connection;

fn main() -> rusqlite::Result<()> {
    let path = std::env::temp_dir().join(format!("stale-{}.db", std::process::id()));
    let (reader, writer) = (Connection::open(&path)?, Connection::open(&path)?);
    let before = reader.table_exists(None, "progress")?;
    writer.execute_batch("CREATE TABLE progress (version INTEGER)")?;
    let after = reader.table_exists(None, "progress")?;
    let query = "SELECT count(*) FROM sqlite_schema WHERE name = 'progress'";
    let found: i64 = reader.query_row(query, [], |row| row.get(0))?;
    let later = reader.table_exists(None, "progress")?;
    println!("before {before}, after {after}, by a query {found}, then {later}");
    let _ = std::fs::remove_file(path);
    assert_eq!((before, after, found, later), (false, false, 1, true));
    Ok(())
}
RUST
cargo run --quiet
