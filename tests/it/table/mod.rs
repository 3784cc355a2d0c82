//! Silver as a table: its Delta log and its files, also in the eyes of readers that are not ours.

mod delta_client;
mod delta_log;
mod delta_readers;
mod directory_lake;
mod parquet_readers;

use testkit::install::Clients;

/// Readers in Python.
const CLIENTS: Clients = Clients::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));
