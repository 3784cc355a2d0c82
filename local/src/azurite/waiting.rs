//! A start that nobody waits for any more: it ends what it has begun, at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::error::AzuriteError;

/// How often a start looks whether it is still waited for.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// Whether somebody waits for a start.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<AtomicBool>);

impl Waiting {
    /// Fails once nobody waits.
    pub(super) fn check(&self) -> Result<(), AzuriteError> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(AzuriteError::GivenUp),
            false => Ok(()),
        }
    }

    /// Returns what says, when it is dropped, that nobody waits any more.
    pub(super) fn until_dropped(&self) -> impl Drop + use<> {
        GivesUp(self.clone())
    }
}

struct GivesUp(Waiting);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
