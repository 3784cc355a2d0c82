//! Events of a host, for whoever runs it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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

    pub(crate) fn message(&self, level: Level, text: impl Into<String>) {
        self.emit(HostEvent::Message {
            level,
            text: text.into(),
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
