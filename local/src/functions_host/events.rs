//! Events of a host, for whoever runs it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sluice::store::redact;
use uuid::Uuid;

/// Severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Details for debugging.
    Debug,
    /// Normal operation.
    Information,
    /// Unexpected.
    Warning,
    /// Something failed.
    Error,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum HostEvent {
    /// A line of the handler's standard output.
    Stdout {
        /// Without line end.
        line: String,
    },
    /// A line of the handler's standard error: an error, or a warning where it says "warn".
    Stderr {
        /// The severity at which the real host logs it.
        level: Level,
        /// Without line end.
        line: String,
    },
    /// A message of the host itself.
    Message {
        /// Its severity.
        level: Level,
        /// The text of the real host wherever it has one.
        text: String,
    },
    /// A line of `Logs` in an answer.
    FunctionLog {
        /// The function.
        function: String,
        /// The invocation.
        invocation_id: Uuid,
        /// The line.
        line: String,
    },
    /// An attempt ended.
    Invoked {
        /// The function.
        function: String,
        /// The invocation.
        invocation_id: Uuid,
        /// From trigger to answer.
        elapsed: Duration,
        /// Why it failed, if it did.
        error: Option<String>,
    },
}

/// Receives events; called from the host's tasks, so it must not block.
#[derive(Clone)]
pub struct EventSink(Arc<dyn Fn(HostEvent) + Send + Sync>);

impl EventSink {
    /// Calls `receive` for every event.
    pub fn new(receive: impl Fn(HostEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    pub(crate) fn emit(&self, event: HostEvent) {
        (self.0)(event);
    }

    /// Says something; URLs in it lose their queries, which may hold a signature.
    pub(crate) fn message(&self, level: Level, text: impl AsRef<str>) {
        self.emit(HostEvent::Message {
            level,
            text: redact(text.as_ref()),
        });
    }
}

impl Default for EventSink {
    /// Receives and forgets.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for EventSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EventSink")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::functions_host::HostError;

    #[test]
    fn no_signature_of_a_url_is_said() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let events = EventSink::new(move |event| {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.push(event);
        });
        let words =
            "error sending request for url (http://127.0.0.1:1/a/b?sv=2024&sig=c2Vj): refused";
        events.message(Level::Warning, words);
        let said = format!("{:?} {}", said.lock().unwrap(), HostError::storage(words));
        assert!(said.contains("/a/b") && said.contains("refused"), "{said}");
        assert!(!said.contains("sig="), "{said}");
    }
}
