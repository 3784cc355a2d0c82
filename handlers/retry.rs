//! Repeats what failed for a passing reason, within the time an invocation has.
//!
//! The host's own tries of a blob are over within half a second, so a hiccup of a few seconds is waited out here.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::StorageError;

/// The shortest wait before a repetition.
const FIRST_DELAY: Duration = Duration::from_millis(50);
/// The longest wait before a repetition.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// The instant at which an invocation must have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// Makes a deadline `span` from now.
    #[must_use]
    pub fn after(span: Duration) -> Self {
        Self(Instant::now() + span)
    }

    /// Returns a deadline after a part of the time that is left.
    #[must_use]
    pub fn part(&self, share: f64) -> Self {
        let left = self.0.saturating_duration_since(Instant::now());
        Self(Instant::now() + left.mul_f64(share))
    }

    /// Returns a deadline that is later by `span`.
    #[must_use]
    pub fn later(&self, span: Duration) -> Self {
        Self(self.0 + span)
    }

    /// Returns what `work` gives; nothing if that is not there in time, and then the work is dropped.
    pub async fn within<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout_at(self.0, work).await.ok()
    }

    /// Returns whether something that takes up to `span` ends in time.
    #[must_use]
    pub fn allows(&self, span: Duration) -> bool {
        Instant::now() + span <= self.0
    }
}

/// Waits that grow from 50 ms to 2 s, each a random part of its step, so that rivals do not meet again.
#[derive(Clone, Debug)]
pub struct Backoff {
    step: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { step: FIRST_DELAY }
    }
}

impl Backoff {
    /// Returns how long to wait now: between half of the step and the whole of it.
    pub fn next_delay(&mut self) -> Duration {
        let step = self.step;
        self.step = (step * 2).min(LONGEST_DELAY);
        step.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// Waits, unless the wait would end after the deadline; returns whether it waited.
    pub async fn wait(&mut self, deadline: Deadline) -> bool {
        let delay = self.next_delay();
        if !deadline.allows(delay) {
            return false;
        }
        tokio::time::sleep(delay).await;
        true
    }
}

/// Runs `operation` until it succeeds, fails for good, or the deadline is near.
///
/// # Errors
/// Returns the last failure.
pub async fn retry<T, F>(deadline: Deadline, operation: impl Fn() -> F) -> Result<T, StorageError>
where
    F: Future<Output = Result<T, StorageError>>,
{
    let mut backoff = Backoff::default();
    loop {
        match operation().await {
            Err(error) if error.is_transient() => {
                if !backoff.wait(deadline).await {
                    return Err(error);
                }
            }
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::store::ErrorKind;

    fn failure(kind: ErrorKind) -> StorageError {
        StorageError {
            operation: "try",
            object: "it".into(),
            kind,
            source: "no".into(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_passing_failure_is_waited_out() {
        let calls = Cell::new(0);
        let outcome = retry(Deadline::after(Duration::from_secs(60)), || async {
            calls.set(calls.get() + 1);
            if calls.get() < 5 {
                Err(failure(ErrorKind::Transient))
            } else {
                Ok(calls.get())
            }
        })
        .await;
        assert_eq!(outcome.unwrap(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_for_good_is_not_repeated() {
        let calls = Cell::new(0);
        let outcome: Result<(), _> = retry(Deadline::after(Duration::from_secs(60)), || async {
            calls.set(calls.get() + 1);
            Err(failure(ErrorKind::Permanent))
        })
        .await;
        assert!(outcome.is_err());
        assert_eq!(calls.get(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_ends_the_repetition() {
        let started = Instant::now();
        let outcome: Result<(), _> = retry(Deadline::after(Duration::from_secs(10)), || async {
            Err(failure(ErrorKind::Transient))
        })
        .await;
        assert!(outcome.unwrap_err().is_transient());
        assert!(started.elapsed() <= Duration::from_secs(10));
        assert!(started.elapsed() >= Duration::from_secs(7));
    }

    #[test]
    fn delays_grow_to_two_seconds_and_vary() {
        let mut backoff = Backoff::default();
        for _ in 0..10 {
            backoff.next_delay();
        }
        let delay = backoff.next_delay();
        assert!(
            (Duration::from_secs(1)..=LONGEST_DELAY).contains(&delay),
            "{delay:?}"
        );
    }
}
