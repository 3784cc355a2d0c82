//! The `[[alert]]` tables of a dataset file: what is watched, and who is told.

mod find;
mod read;
mod scope;
mod target;

pub(super) use find::find;
pub(in crate::dataset) use read::{Parts, read_alerts};
pub(super) use scope::{TableColumn, columns_of};
