//! Silver holds one row per key, typed, whatever arrives how often and in which order.
//!
//! The commit point is one entity-group transaction that moves the log's head: with it the rows of a group of sources
//! become visible, and the sources are finished. Everything written before it has names of its own that nothing
//! refers to. Any conflict and any unknown outcome means to start over at the head; the ledger then tells what is
//! done.

pub mod cast;
mod commit;
pub mod dedup;
mod error;
mod line;
mod open;
mod prepare;
mod queue;
mod segments;
mod sources;
mod write;

pub use commit::redrive;
pub use error::RefineError;
pub use prepare::trial;
pub use queue::{Silver, commit_interval};
pub use sources::Refined;
