//! Silver as a Delta table: version n of the log is version n of the table at `silver/{dataset}/g{generation}`.
//!
//! An entry of the Delta log is a pure function of the entry of our own ([`log_entry`]), so whoever publishes it, and
//! however often, the bytes are the same. Entries are published in ascending order and never changed ([`Publisher`]);
//! a reader therefore sees a version of silver, each row exactly once (S7). Our own log stays the truth: nothing in
//! the pipeline reads the Delta log.

mod actions;
mod checkpoint;
mod entry;
mod error;
mod publish;
mod schema;
pub mod stats;

pub use checkpoint::{Checkpoint, encode as encode_checkpoint, pointer as checkpoint_pointer};
pub use entry::log_entry;
pub use error::DeltaError;
pub use publish::{CaughtUp, Publisher};
