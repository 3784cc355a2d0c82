//! The blob trigger, with the polling source.
//!
//! Two stages, as in the extension. Detection lists the container, puts a message for each version
//! of a blob on an internal queue, and then a receipt into storage; a crash between the two only
//! makes a second message. Execution takes messages off the queue and runs the function: five tries
//! in quick succession, then the poison queue. A restart goes on with what is on the queue and
//! detects nothing twice that has a receipt.

pub(crate) mod detect;
mod fetch;
pub(crate) mod listener;
pub(crate) mod message;
pub(crate) mod poison;

use std::sync::Arc;

use azure_storage_blob::BlobServiceClient;
use azure_storage_queue::QueueClient;

use super::retry::Target;
use crate::functions_host::config::BlobTrigger;

/// A function with a blob trigger, and where its blobs are.
#[derive(Clone)]
pub(crate) struct BlobFunction {
    pub(crate) target: Target,
    pub(crate) binding: String,
    pub(crate) trigger: BlobTrigger,
    /// The account that holds the container.
    pub(crate) blobs: Arc<BlobServiceClient>,
    /// The poison queue in the same account.
    pub(crate) poison: Arc<QueueClient>,
}
