//! Gold in a file of SQLite: the warehouse of local runs.
//!
//! One connection is kept and used by one operation or transaction at a time, and another one fills what is made beside
//! live tables; calls block on threads made for that.
//! The file is in WAL mode, so readers see the last committed state while a transaction runs. Decimals are exact: see
//! `ddl` for how they are stored and `functions` for how they are added.

mod books;
mod connection;
mod ddl;
mod dml;
mod functions;
mod query;
mod read;
mod script;
#[cfg(test)]
mod tests;
mod transaction;
mod warehouse;

pub use script::script;
pub use warehouse::SqliteWarehouse;
