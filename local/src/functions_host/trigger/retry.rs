//! The retry policy of function.json: the same trigger value again, under the same invocation id.

use std::time::Duration;

use uuid::Uuid;

use super::stop::Stop;
use crate::functions_host::config::{RetryDelay, RetryPolicy};
use crate::functions_host::invoke::{Dispatch, Invocation, InvocationError};
use crate::functions_host::wire::retry::{FunctionException, RetryContext};
use crate::functions_host::wire::{Payload, Stamp};

/// The outcome of a trigger value.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// One attempt succeeded.
    Succeeded,
    /// All attempts failed, this is the last one's error.
    Failed(InvocationError),
    /// The host stops; nothing is known to be done.
    Stopped,
}

/// A function and its policy.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) function: String,
    pub(crate) retry: Option<RetryPolicy>,
}

/// Runs a function until it succeeds, until its policy is exhausted, or until the host stops.
///
/// A value that cannot be bound fails like any other attempt, without a request.
pub(crate) async fn run(
    dispatch: &dyn Dispatch,
    target: &Target,
    payload: Result<Payload, String>,
    stop: &Stop,
) -> Outcome {
    let id = Uuid::new_v4();
    let policy = target.retry.as_ref();
    let mut exception = None;
    let mut attempt = 0;
    loop {
        let context =
            policy.map(|policy| RetryContext::new(attempt, policy.max_retry_count, exception));
        let result = match &payload {
            Ok(payload) => {
                let body = payload.body(&target.function, Stamp::now(), context.as_ref());
                let function = target.function.clone();
                dispatch.dispatch(&Invocation { function, id, body }).await
            }
            Err(reason) => Err(InvocationError::Binding {
                reason: reason.clone(),
            }),
        };
        let error = match result {
            Ok(()) => return Outcome::Succeeded,
            Err(InvocationError::Stopping) => return Outcome::Stopped,
            Err(error) => error,
        };
        let Some(delay) = policy.and_then(|policy| next_delay(policy, attempt, jitter())) else {
            return if stop.is_set() {
                Outcome::Stopped
            } else {
                Outcome::Failed(error)
            };
        };
        if stop.or(tokio::time::sleep(delay)).await.is_none() {
            return Outcome::Stopped;
        }
        exception = Some(FunctionException::new(id, &target.function, &error));
        attempt += 1;
    }
}

/// The wait after failed attempt number `attempt`, or none if it was the last.
///
/// Grows as the real host's randomised exponential backoff: the minimum, then the minimum plus
/// jittered powers of two of it.
fn next_delay(policy: &RetryPolicy, attempt: u32, jitter: f64) -> Option<Duration> {
    if policy.max_retry_count.is_some_and(|max| attempt >= max) {
        return None;
    }
    Some(match policy.delay {
        RetryDelay::Fixed(delay) => delay,
        RetryDelay::Exponential { minimum, maximum } => {
            let growth = match attempt.checked_sub(1) {
                None => 0.0,
                Some(exponent) => jitter * f64::from(exponent.min(30)).exp2(),
            };
            minimum.saturating_add(minimum.mul_f64(growth)).min(maximum)
        }
    })
}

/// Between 0.8 and 1.2.
fn jitter() -> f64 {
    0.8 + 0.4 * fastrand::f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_delay_ends_after_its_count() {
        let policy = RetryPolicy {
            max_retry_count: Some(2),
            delay: RetryDelay::Fixed(Duration::from_secs(2)),
        };
        let delays: Vec<_> = (0..4)
            .map(|attempt| next_delay(&policy, attempt, 1.0))
            .collect();
        let delay = Some(Duration::from_secs(2));
        assert_eq!(delays, [delay, delay, None, None]);
    }

    #[test]
    fn an_exponential_delay_grows_to_its_maximum() {
        let policy = RetryPolicy {
            max_retry_count: None,
            delay: RetryDelay::Exponential {
                minimum: Duration::from_secs(1),
                maximum: Duration::from_secs(60),
            },
        };
        let seconds = |attempt| next_delay(&policy, attempt, 1.0).map(|delay| delay.as_secs());
        let delays: Vec<_> = (0..8).map(seconds).collect();
        let expected = [1, 2, 3, 5, 9, 17, 33, 60].map(Some);
        assert_eq!(delays, expected);
        assert_eq!(seconds(1_000_000), Some(60));
    }
}
