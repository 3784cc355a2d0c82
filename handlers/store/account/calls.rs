//! Counts what is billed: the requests that reach a storage account.

use super::pipeline::hand_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use azure_core::http::Context;
use azure_core::http::Request;
use azure_core::http::policies::{Policy, PolicyResult};

/// Counts requests, repetitions included, of every client that was made with it.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<AtomicU64>);

impl Calls {
    /// Returns how many requests have been sent.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Policy for Calls {
    async fn send(
        &self,
        context: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        self.0.fetch_add(1, Ordering::Relaxed);
        hand_on(context, request, next).await
    }
}
