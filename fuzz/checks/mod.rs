//! What holds whatever the bytes are: the checks that fuzzing runs on random ones, and the tests on those that were kept.
//!
//! A check takes any bytes, makes what it needs of them, and panics where a promise is broken. What it expects it finds by
//! plain means of its own.

pub(crate) mod avro;
mod choice;
pub(crate) mod dataset_file;
mod fates;
mod json;
pub(crate) mod line;
pub(crate) mod opening;
mod packing;
pub(crate) mod paths;
pub(crate) mod secrets;
