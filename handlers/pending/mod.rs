//! What of bronze silver has not refined: objects without an entry in the ledger.
//!
//! Maintenance refines what waits for too long, gold calls no period final that one of them may still change. Both look
//! at bronze in the same way ([`Scanner::scan`]), and go on from how far maintenance found it complete
//! ([`MaintenanceState`]).

mod folders;
mod memo;
mod scan;

pub use memo::MaintenanceState;
pub use scan::{Age, Extent, Scan, Scanner};
