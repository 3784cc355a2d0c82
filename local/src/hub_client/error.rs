//! Why a call failed, and whether calling again can help.

use std::time::Duration;

use azure_core_amqp::{AmqpErrorCondition, AmqpErrorKind};
use azure_messaging_eventhubs::EventHubsError;
use azure_messaging_eventhubs::error::ErrorKind;

/// Why sending or receiving failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The SDK gave no answer in time; the connection was given up.
    #[error("{operation} on event hub {hub}: no answer within {} s", after.as_secs())]
    TimedOut {
        /// The operation that failed.
        operation: &'static str,
        /// The event hub.
        hub: String,
        /// The time waited.
        after: Duration,
    },
    /// The SDK or the service refused.
    #[error("{operation} on event hub {hub}")]
    Sdk {
        /// The operation that failed.
        operation: &'static str,
        /// The event hub.
        hub: String,
        /// The SDK's error.
        source: EventHubsError,
    },
    /// No local port can be opened, which signing in with a key needs.
    #[error("open a local port that leads to event hub {hub}")]
    Bridge {
        /// The event hub.
        hub: String,
        /// Why.
        source: std::io::Error,
    },
    /// One event alone is larger than the hub takes.
    #[error("event of {bytes} bytes is larger than event hub {hub} takes")]
    EventTooLarge {
        /// The event hub.
        hub: String,
        /// Its size: of the body, and of the properties and annotations beside it.
        bytes: usize,
    },
    /// A receiver with an owner level took the partition over.
    #[error(
        "partition {partition} of event hub {hub} is read by a receiver with an owner level, such \
         as an event processor, which needs a consumer group of its own"
    )]
    Stolen {
        /// The event hub.
        hub: String,
        /// The partition.
        partition: String,
    },
    /// An event has no sequence number, offset or enqueued time, so that nothing can go on after it.
    #[error(
        "partition {partition} of event hub {hub} sent an event without a sequence number, an \
         offset or an enqueued time"
    )]
    Unstamped {
        /// The event hub.
        hub: String,
        /// The partition.
        partition: String,
    },
    /// The task behind a receiver has ended after an earlier error.
    #[error("receiver of event hub {hub} is closed")]
    Closed {
        /// The event hub.
        hub: String,
    },
}

impl ClientError {
    /// Returns whether trying again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Bridge { .. } => false,
            Self::Sdk { source, .. } => refusal(source).is_some(),
            Self::EventTooLarge { .. }
            | Self::Stolen { .. }
            | Self::Unstamped { .. }
            | Self::Closed { .. } => true,
        }
    }
}

impl ClientError {
    /// Returns what the service has answered, in its own words, if it refused and said why.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        let Self::Sdk { source, .. } = self else {
            return None;
        };
        let ErrorKind::AmqpError(amqp) = &source.kind else {
            return None;
        };
        match amqp.kind() {
            AmqpErrorKind::AmqpDescribedError(described) => described.description.as_deref(),
            AmqpErrorKind::ManagementStatusCode(_, description) => description.as_deref(),
            _ => None,
        }
    }

    /// Returns whether the SDK could not decode what it received.
    pub(super) fn is_undecodable(&self) -> bool {
        let Self::Sdk { source, .. } = self else {
            return false;
        };
        // The library's error is in an opaque box.
        matches!(&source.kind, ErrorKind::AmqpError(amqp)
            if matches!(amqp.kind(), AmqpErrorKind::TransportImplementationError(inner)
                if inner.to_string().starts_with("Decoding Message failed")))
    }
}

/// A permanent refusal by the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    NotFound,
    Unauthorized,
    TooLarge,
    Stolen,
}

/// Finds the AMQP condition of an error, if it is one that trying again does not change.
pub(super) fn refusal(error: &EventHubsError) -> Option<Refusal> {
    if let ErrorKind::ConsumerDisconnected(_) = &error.kind {
        return Some(Refusal::Stolen);
    }
    if let ErrorKind::AmqpError(amqp) = &error.kind
        && let AmqpErrorKind::AmqpDescribedError(described) = amqp.kind()
    {
        return match described.condition {
            AmqpErrorCondition::NotFound | AmqpErrorCondition::ArgumentOutOfRangeError => {
                Some(Refusal::NotFound)
            }
            AmqpErrorCondition::UnauthorizedAccess => Some(Refusal::Unauthorized),
            AmqpErrorCondition::LinkPayloadSizeExceeded => Some(Refusal::TooLarge),
            AmqpErrorCondition::LinkStolen => Some(Refusal::Stolen),
            _ => None,
        };
    }
    // A detached link comes out of the SDK as an opaque box; only its text has the condition.
    let text = format!("{error:?}");
    [
        ("NotFound", Refusal::NotFound),
        ("amqp:not-found", Refusal::NotFound),
        ("argument-out-of-range", Refusal::NotFound),
        ("UnauthorizedAccess", Refusal::Unauthorized),
        ("MessageSizeExceeded", Refusal::TooLarge),
        ("Stolen", Refusal::Stolen),
        ("amqp:link:stolen", Refusal::Stolen),
    ]
    .into_iter()
    .find_map(|(needle, refusal)| text.contains(needle).then_some(refusal))
}

#[cfg(test)]
mod tests {
    use azure_core::http::StatusCode;
    use azure_core_amqp::{AmqpDescribedError, AmqpError, AmqpOrderedMap};

    use super::*;

    fn refused(description: Option<&str>) -> ClientError {
        let described = AmqpDescribedError::new(
            AmqpErrorCondition::InternalError,
            description.map(str::to_owned),
            AmqpOrderedMap::new(),
        );
        ClientError::Sdk {
            operation: "send batch",
            hub: "orders".to_owned(),
            source: AmqpError::from(AmqpErrorKind::AmqpDescribedError(described)).into(),
        }
    }

    #[test]
    fn what_the_service_answers_is_told_apart_from_silence() {
        assert_eq!(refused(Some("no space")).answer(), Some("no space"));
        assert_eq!(refused(None).answer(), None);
        let text = Some("no such hub".to_owned());
        let asked = AmqpErrorKind::ManagementStatusCode(StatusCode::NotFound, text);
        let asked = ClientError::Sdk {
            operation: "read properties",
            hub: "orders".to_owned(),
            source: AmqpError::from(asked).into(),
        };
        assert_eq!(asked.answer(), Some("no such hub"));
        let closed = ClientError::Closed {
            hub: "orders".to_owned(),
        };
        assert_eq!(closed.answer(), None);
    }
}
