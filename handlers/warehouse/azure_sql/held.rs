//! The connection while it is in use.

use tokio::sync::OwnedMutexGuard;

use super::connect::Session;
use crate::warehouse::error::{FailureKind, WarehouseError};

/// The connection while an operation or a transaction uses it. Unless it is given back it is dropped, and the server
/// undoes what it did.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) slot: OwnedMutexGuard<Option<Session>>,
    pub(super) session: Option<Session>,
}

impl Held {
    /// Returns the connection.
    pub(super) fn session(&mut self) -> Result<&mut Session, WarehouseError> {
        self.session
            .as_mut()
            .ok_or_else(|| WarehouseError::Statement {
                purpose: "use",
                object: "the connection".to_owned(),
                kind: FailureKind::Transient,
                source: "it was closed".into(),
            })
    }

    /// Keeps the connection for the next operation.
    pub(super) fn give_back(mut self) {
        *self.slot = self.session.take();
    }
}
