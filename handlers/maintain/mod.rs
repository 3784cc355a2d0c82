//! Maintenance: what silver needs so that it stays complete and fast however long it runs.
//!
//! One run reconciles bronze with the ledger, counts what an earlier build left uncounted, publishes Delta versions that are missing, compacts, writes a snapshot
//! and a checkpoint, and removes what nobody needs any more. Every step is idempotent and bounded, and safe beside
//! live silver and gold and beside another run. A step that fails does not keep the next ones from their work.

mod compact;
mod error;
mod limits;
mod publish;
mod reconcile;
mod refine;
mod report;
mod run;
mod status;
mod vacuum;

pub use compact::Job;
pub use error::Error;
pub use limits::{CompactLimits, Limits, Options};
pub use refine::{Refine, RefineFailure};
pub use report::{
    Checkpointed, Compacted, Counted, Delta, Reconciled, Report, Snapshotted, Step, Vacuumed,
};
pub use run::Maintenance;
pub use status::{PendingObject, SMALL_FILE_BYTES, TableStatus};
