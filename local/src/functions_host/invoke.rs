//! One attempt of a function: an HTTP request to the handler, and what counts as success.
//!
//! Success is a 2xx status *and* a JSON object as the body, with a JSON content type. A 2xx answer
//! that is empty or `null` never completes in the real host, so it never completes here: the
//! function's time-out ends it, by killing the handler and with it every other request in flight.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use uuid::Uuid;

use super::events::{EventSink, HostEvent, Level};
use super::process::http::{Answer, Client};
use super::process::{Worker, WorkerState};
use super::stats::Counters;
use super::time_span::format_time_span;

/// Why an attempt failed; the text is the real host's.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum InvocationError {
    /// The handler answered with a failure.
    #[error("Response status code does not indicate success: {status} ({reason}).")]
    Status {
        /// HTTP status.
        status: u16,
        /// Its name.
        reason: String,
    },
    /// The handler answered 2xx, but not with what the host can read.
    #[error("Invalid HttpResponseMessage: {reason}")]
    InvalidResponse {
        /// What is wrong with it.
        reason: String,
    },
    /// The trigger value cannot be bound; the handler was not called.
    #[error("{reason}")]
    Binding {
        /// The host's words.
        reason: String,
    },
    /// The handler could not be reached, or went away.
    #[error("An error occurred while sending the request. {reason}")]
    Transport {
        /// The operating system's error.
        reason: String,
    },
    /// The attempt took longer than functionTimeout.
    #[error("Timeout value of {} was exceeded by function: Functions.{function}", format_time_span(*.timeout))]
    Timeout {
        /// The function.
        function: String,
        /// The limit.
        timeout: Duration,
    },
    /// The host is going down.
    #[error("The host is stopping.")]
    Stopping,
}

impl InvocationError {
    /// The status of the answer, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            Self::InvalidResponse { .. }
            | Self::Binding { .. }
            | Self::Transport { .. }
            | Self::Timeout { .. }
            | Self::Stopping => None,
        }
    }
}

/// One attempt.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) function: String,
    pub(crate) id: Uuid,
    pub(crate) body: [Bytes; 2],
}

/// Runs attempts.
#[async_trait]
pub(crate) trait Dispatch: Send + Sync {
    /// Runs one attempt to its end.
    async fn dispatch(&self, invocation: &Invocation) -> Result<(), InvocationError>;
}

/// Runs attempts in the handler process.
#[derive(Debug)]
pub(crate) struct HandlerDispatch {
    pub(crate) worker: Worker,
    pub(crate) client: Arc<Client>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) events: EventSink,
    pub(crate) counters: Counters,
}

#[async_trait]
impl Dispatch for HandlerDispatch {
    async fn dispatch(&self, invocation: &Invocation) -> Result<(), InvocationError> {
        let started = Instant::now();
        let in_flight = InFlight::new(&self.counters, &invocation.function);
        let attempt = self.attempt(invocation);
        let result = match self.timeout {
            None => attempt.await,
            Some(timeout) => match tokio::time::timeout(timeout, attempt).await {
                Ok(result) => result,
                Err(_elapsed) => Err(self.time_out(invocation, timeout)),
            },
        };
        in_flight.ended(result.is_ok());
        self.events.emit(HostEvent::Invoked {
            function: invocation.function.clone(),
            invocation_id: invocation.id,
            elapsed: started.elapsed(),
            error: result.as_ref().err().map(ToString::to_string),
        });
        result
    }
}

impl HandlerDispatch {
    async fn attempt(&self, invocation: &Invocation) -> Result<(), InvocationError> {
        self.ready().await?;
        let id = invocation.id.to_string();
        let answer = self
            .client
            .post(&invocation.function, &id, &invocation.body)
            .await;
        let answer = answer.map_err(|error| InvocationError::Transport {
            reason: error.to_string(),
        })?;
        match judge(&answer)? {
            Verdict::Succeeded { logs } => {
                for line in logs {
                    self.events.emit(HostEvent::FunctionLog {
                        function: invocation.function.clone(),
                        invocation_id: invocation.id,
                        line,
                    });
                }
                Ok(())
            }
            Verdict::NeverCompletes => std::future::pending().await,
        }
    }

    /// Waits until the handler takes requests; only the function's time-out ends the wait.
    async fn ready(&self) -> Result<(), InvocationError> {
        let mut state = self.worker.state();
        let reached = state.wait_for(|state| !matches!(state, WorkerState::Initializing { .. }));
        match reached.await.as_deref() {
            Ok(WorkerState::Ready { .. }) => Ok(()),
            Ok(WorkerState::Initializing { .. } | WorkerState::Stopped) | Err(_) => {
                Err(InvocationError::Stopping)
            }
        }
    }

    fn time_out(&self, invocation: &Invocation, timeout: Duration) -> InvocationError {
        let error = InvocationError::Timeout {
            function: invocation.function.clone(),
            timeout,
        };
        self.events.message(Level::Error, error.to_string());
        self.events.message(
            Level::Error,
            format!(
                "A function timeout has occurred. Restarting worker process executing invocationId '{}'.",
                invocation.id
            ),
        );
        self.worker.restart();
        error
    }
}

/// Counts an attempt as in flight, also when it is dropped half-way.
struct InFlight<'host> {
    counters: &'host Counters,
    function: &'host str,
}

impl<'host> InFlight<'host> {
    fn new(counters: &'host Counters, function: &'host str) -> Self {
        counters.function(function, |stats| stats.in_flight += 1);
        Self { counters, function }
    }

    fn ended(self, succeeded: bool) {
        self.counters.function(self.function, |stats| {
            stats.invocations += 1;
            stats.failures += u64::from(!succeeded);
        });
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.counters
            .function(self.function, |stats| stats.in_flight -= 1);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Succeeded { logs: Vec<String> },
    NeverCompletes,
}

/// What an answer means.
fn judge(answer: &Answer) -> Result<Verdict, InvocationError> {
    if !(200..300).contains(&answer.status) {
        let (status, reason) = (answer.status, answer.reason.clone());
        return Err(InvocationError::Status { status, reason });
    }
    if answer.body.is_empty() {
        return Ok(Verdict::NeverCompletes);
    }
    let invalid = |reason: String| InvocationError::InvalidResponse { reason };
    let content_type = answer.content_type.as_deref().unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !["application/json", "text/json"]
        .iter()
        .any(|json| media_type.eq_ignore_ascii_case(json))
    {
        return Err(invalid(format!(
            "No MediaTypeFormatter is available to read an object of type 'HttpScriptInvocationResult' from content with media type '{media_type}'."
        )));
    }
    let body: Value =
        serde_json::from_slice(&answer.body).map_err(|error| invalid(error.to_string()))?;
    let members = match body {
        Value::Null => return Ok(Verdict::NeverCompletes),
        Value::Object(members) => members,
        _ => return Err(invalid("the body is not a JSON object".to_owned())),
    };
    let mut logs = Vec::new();
    for (name, value) in members {
        match (name.to_ascii_lowercase().as_str(), value) {
            ("logs", Value::Array(lines)) => {
                for line in lines {
                    logs.push(
                        log_line(line)
                            .ok_or_else(|| invalid("'Logs' must hold texts".to_owned()))?,
                    );
                }
            }
            ("logs" | "outputs", Value::Null) | ("outputs", Value::Object(_)) => {}
            ("logs" | "outputs", _) => {
                return Err(invalid(format!("'{name}' is not of the expected type")));
            }
            _ => {}
        }
    }
    Ok(Verdict::Succeeded { logs })
}

fn log_line(line: Value) -> Option<String> {
    match line {
        Value::String(text) => Some(text),
        Value::Null => Some(String::new()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: &str, body: &str) -> Answer {
        Answer {
            status,
            reason: "Reason".to_owned(),
            content_type: (!content_type.is_empty()).then(|| content_type.to_owned()),
            body: Bytes::from(body.to_owned()),
        }
    }

    #[test]
    fn answers_are_judged_as_the_real_host_does() {
        let json = "application/json";
        let cases = [
            (answer(200, json, "{}"), "ok"),
            (
                answer(
                    202,
                    "application/json; charset=utf-8",
                    r#"{"ReturnValue":null}"#,
                ),
                "ok",
            ),
            (
                answer(
                    200,
                    "text/json",
                    r#"{"outputs":{},"LOGS":["a",1,null],"x":1}"#,
                ),
                "ok",
            ),
            (answer(200, json, ""), "hangs"),
            (answer(204, "", ""), "hangs"),
            (answer(200, json, "null"), "hangs"),
            (answer(200, "", "{}"), "fails"),
            (answer(200, "text/plain", "{}"), "fails"),
            (answer(200, "application/problem+json", "{}"), "fails"),
            (answer(200, json, r#"{"Logs":"x"}"#), "fails"),
            (answer(200, json, r#"{"Logs":[{}]}"#), "fails"),
            (answer(200, json, r#"{"Outputs":[]}"#), "fails"),
            (answer(200, json, "[]"), "fails"),
            (answer(200, json, "{"), "fails"),
            (answer(302, json, "{}"), "fails"),
            (answer(500, json, "{}"), "fails"),
        ];
        for (answer, expected) in cases {
            let verdict = match judge(&answer) {
                Ok(Verdict::Succeeded { .. }) => "ok",
                Ok(Verdict::NeverCompletes) => "hangs",
                Err(_) => "fails",
            };
            assert_eq!(verdict, expected, "{answer:?}");
        }
    }

    #[test]
    fn failures_are_told_in_the_hosts_words() {
        let error = judge(&answer(500, "", "")).expect_err("a failure");
        assert_eq!(
            error.to_string(),
            "Response status code does not indicate success: 500 (Reason)."
        );
        let error = InvocationError::Timeout {
            function: "silver".to_owned(),
            timeout: Duration::from_secs(900),
        };
        assert_eq!(
            error.to_string(),
            "Timeout value of 00:15:00 was exceeded by function: Functions.silver"
        );
    }
}
