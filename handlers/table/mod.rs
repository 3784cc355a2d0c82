//! What silver is at a version: the log of commits, the files that are live, their columns and their encoding.
//!
//! One table is one generation of a dataset ([`TableId`]). Its [`log`] says which files it consists of at each version;
//! [`delta`] publishes the same as a Delta table. Silver writes the table, gold reads it, maintenance keeps it small.

pub mod delta;
pub mod evolution;
mod id;
pub(crate) mod keys;
pub mod live;
pub mod log;
pub mod parquet;
pub mod schema;
pub mod watermark;

pub use id::TableId;
