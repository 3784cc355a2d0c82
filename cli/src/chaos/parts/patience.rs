//! Waiting for what comes back.

use std::error::Error;
use std::time::Duration;

/// How long a part may take to come back, while what it needs is disturbed, and how often to try.
const PATIENCE: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(200);

pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// Tries again for a while where an error passes.
pub(in crate::chaos) async fn patiently<T, E, F>(
    passes: impl Fn(&E) -> bool,
    attempt: impl Fn() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let begun = tokio::time::Instant::now();
    loop {
        match attempt().await {
            Err(error) if passes(&error) && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
