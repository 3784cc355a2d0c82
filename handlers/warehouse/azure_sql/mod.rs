//! Gold in Azure SQL Database, and in what speaks its protocol and language.
//!
//! One connection is kept and used by one operation or transaction at a time. Before it is used again it is asked
//! whether it is alive, and it is opened afresh when it is not, when its token is about to expire, and after every
//! failure: a connection that is dropped undoes its transaction and gives its lock back. Decimals are exact.
//!
//! What is said to the server is in `statements` and what is loaded in `load`; these are pure. `connect`,
//! `transaction`, `warehouse` and `administer` act.

mod administer;
mod ado;
mod connect;
mod errors;
mod held;
mod load;
mod read;
mod statements;
#[cfg(test)]
pub(crate) mod tests;
mod transaction;
mod warehouse;

pub use administer::{address, administer};
pub use statements::{DEFAULT_SCHEMA, Grant, Rights, script, statements, swap_script};
pub use warehouse::AzureSqlWarehouse;
