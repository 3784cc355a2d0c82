//! Calls into the SDK: each has a time-out, and an operation a bounded number of attempts.

use std::future::Future;
use std::time::Duration;

use azure_messaging_eventhubs::EventHubsError;

use super::error::ClientError;

/// Maximum number of attempts at one operation.
const ATTEMPTS: u32 = 5;

/// The longest wait for one call into the SDK.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs one SDK call with a time-out.
pub(super) async fn call<T>(
    operation: &'static str,
    hub: &str,
    future: impl Future<Output = Result<T, EventHubsError>> + Send,
) -> Result<T, ClientError> {
    // Boxed: the SDK's futures are tens of kilobytes.
    match tokio::time::timeout(CALL_TIMEOUT, Box::pin(future)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(ClientError::Sdk {
            operation,
            hub: hub.to_owned(),
            source,
        }),
        Err(_) => Err(ClientError::TimedOut {
            operation,
            hub: hub.to_owned(),
            after: CALL_TIMEOUT,
        }),
    }
}

/// Counts the attempts at one operation.
#[derive(Debug, Default)]
pub(super) struct Tries {
    failed: u32,
}

impl Tries {
    /// Waits before the next attempt and returns true, or returns false if there is to be none.
    pub(super) async fn pause_after(&mut self, error: &ClientError) -> bool {
        self.failed += 1;
        if self.failed >= ATTEMPTS || error.is_permanent() {
            return false;
        }
        tracing::debug!(attempt = self.failed, ?error, "attempt failed");
        // 100 ms, doubled each time, 2 s at most.
        let pause = Duration::from_millis(100u64 << (self.failed - 1).min(5));
        tokio::time::sleep(pause.min(Duration::from_secs(2))).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn attempts_are_bounded() {
        let failed = || ClientError::TimedOut {
            operation: "send",
            hub: "h".to_owned(),
            after: CALL_TIMEOUT,
        };
        let mut tries = Tries::default();
        let mut attempts = 1;
        while tries.pause_after(&failed()).await {
            attempts += 1;
        }
        assert_eq!(attempts, ATTEMPTS);
        let gone = ClientError::Closed {
            hub: "h".to_owned(),
        };
        assert!(!Tries::default().pause_after(&gone).await);
    }
}
