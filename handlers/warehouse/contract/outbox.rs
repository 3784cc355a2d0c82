//! What the deliverer of alerts needs of a database.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::event::UnixMillis;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Delivery, Message, Outstanding, Resend};

/// The messages of alerts. A database whose books have none fails.
#[async_trait]
pub trait Outbox: Debug + Send + Sync {
    /// Claims messages that are due, at most so many, for a minute by the database's clock: nobody else gets them meanwhile.
    ///
    /// # Errors
    /// Fails if the database does; what was claimed then is due again after that minute.
    async fn claim(&self, most: usize) -> Result<Vec<Message>, WarehouseError>;

    /// Notes what became of messages that were claimed.
    ///
    /// # Errors
    /// Fails if the database does; they are then sent again.
    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), WarehouseError>;

    /// Returns when the next message is due; nothing where none is to be sent.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn next_message(&self) -> Result<Option<UnixMillis>, WarehouseError>;

    /// Counts what is true and what is still to be told.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn outstanding(&self) -> Result<Outstanding, WarehouseError>;

    /// Lets messages be sent again; returns how many.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn resend(&self, resend: &Resend) -> Result<u64, WarehouseError>;

    /// Forgets alerts that were raised before a time, with their messages: not those that are open, that are fresh enough to be
    /// told again or of which something is to be sent.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn forget(&self, before: UnixMillis) -> Result<(), WarehouseError>;
}
