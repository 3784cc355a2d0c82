//! What is said to the server: SQL as text; pure.
//!
//! `ddl` says what tables and views are, `dml` what reads and changes rows, `ensure` what is missing, `grant` who may
//! use it.

mod all;
pub(super) mod ddl;
pub(super) mod dml;
pub(super) mod ensure;
mod grant;
mod sql_schema;

pub use all::{script, statements};
pub use grant::{Grant, Rights};
pub use sql_schema::DEFAULT_SCHEMA;
pub(super) use sql_schema::SqlSchema;
