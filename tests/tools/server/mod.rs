//! Gold on a server that speaks TDS: Azure SQL Database, SQL Server or Babelfish.
//!
//! These tests run when `SLUICE_TEST_SQL` is an ADO connection string of a database in which schemas may be created.
//! Readers must see the last committed state while others write, which is so on Azure SQL Database and Babelfish; on SQL
//! Server READ_COMMITTED_SNAPSHOT must be on. Each test has a schema of its own and removes it. A proxy stands between
//! client and server in some, so the string must trust the server's certificate or do without one.

mod cuts;
mod gold;
mod proxy;
mod schema;
mod trials;
mod warehouse;

use libtest_mimic::Trial;

/// All tests of the server.
pub(crate) fn trials() -> Vec<Trial> {
    let all = [cuts::trials(), gold::trials(), warehouse::trials()];
    all.into_iter().flatten().collect()
}
