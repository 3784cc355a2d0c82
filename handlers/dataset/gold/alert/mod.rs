//! The `[[alert]]` tables of a dataset file: what is watched, and who is told.

mod find;
mod read;
mod scope;
mod target;

pub(in crate::dataset) use read::{Parts, read_alerts};
