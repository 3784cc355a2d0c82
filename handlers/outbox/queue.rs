//! Queues of the lake's storage account, which take messages as Base64, as triggers of Azure Functions read them.

use std::fmt::{self, Debug};

use async_trait::async_trait;

use super::{CloudEvent, Sender};
use crate::store::account::{AccountError, StorageAccount};
use crate::store::queue::AzureQueues;

/// What sends to queues.
pub struct Queues(AzureQueues);

impl Debug for Queues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Queues")
    }
}

impl Queues {
    /// Sends to queues of this account.
    ///
    /// # Errors
    /// Fails if the account has no queues.
    pub fn new(account: &StorageAccount) -> Result<Self, AccountError> {
        Ok(Self(AzureQueues::new(account)?))
    }
}

#[async_trait]
impl Sender for Queues {
    async fn send(&self, name: &str, event: &CloudEvent) -> Result<(), String> {
        let sent = self.0.send(name, &event.body).await;
        sent.map_err(|error| crate::error::chain(&error))
    }
}
