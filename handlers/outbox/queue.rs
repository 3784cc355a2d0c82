//! Queues of the lake's storage account.

use async_trait::async_trait;

use super::{CloudEvent, Sender};
use crate::error::chain;
use crate::store::queue::AzureQueues;

#[async_trait]
impl Sender for AzureQueues {
    async fn send(&self, name: &str, event: &CloudEvent) -> Result<(), String> {
        let sent = self.put(name, &event.body).await;
        sent.map_err(|error| chain(&error))
    }
}
