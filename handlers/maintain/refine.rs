//! What maintenance asks of silver.

use std::error::Error;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::store::object::Source;

/// Why a source could not be refined.
pub type RefineFailure = Arc<dyn Error + Send + Sync>;

/// Refines sources, as silver does.
#[async_trait]
pub trait Refine: Debug + Send + Sync {
    /// Refines a source, together with others that are under way. Returns when it is in the ledger; a caller that does
    /// not wait for that stops nothing.
    ///
    /// # Errors
    /// Fails on a permanent error, or once the time that silver gives a group has passed.
    async fn refine(&self, source: Source) -> Result<(), RefineFailure>;
}
