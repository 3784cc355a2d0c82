//! What is said to the server: SQL as text; pure.
//!
//! `ddl` says what tables and views are, `beside` and `swap` how tables are made beside the live ones and take their place, `look` what is there, `steps` how progress moves, `dml` what reads and changes
//! rows, `select` which query of somebody's own is run, `grant` who may use it.

mod all;
pub(super) mod beside;
pub(super) mod ddl;
pub(super) mod dml;
mod grant;
mod kind;
pub(super) mod look;
pub(super) mod select;
mod sql_schema;
pub(super) mod steps;
pub(super) mod swap;

pub use all::{script, statements, swap_script};
pub use grant::{Grant, Rights};
pub use sql_schema::DEFAULT_SCHEMA;
pub(super) use sql_schema::SqlSchema;
