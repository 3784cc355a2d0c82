//! The two time axes of an event: the producer's and the broker's.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// When something happened according to its producer: microseconds since 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventTime(pub i64);

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{} microseconds since 1970", self.0),
        }
    }
}

/// When the broker or we did something: milliseconds since 1970 in UTC.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// Returns whether this is young at `now`: less than `span` milliseconds away from it.
    ///
    /// Clocks differ by moments, so that a time may lie a little ahead. One that lies far ahead was told by a clock that
    /// was wrong and never says how long ago something was: it is not young, or nothing would be done about it until then.
    #[must_use]
    pub fn is_young(self, now: Self, span: i64) -> bool {
        self.0.abs_diff(now.0) < span.unsigned_abs()
    }

    /// Returns the same instant on the event-time axis.
    #[must_use]
    pub fn as_event_time(self) -> EventTime {
        EventTime(self.0.saturating_mul(1_000))
    }
}

impl fmt::Display for UnixMillis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_millis(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Millis, true)),
            None => write!(f, "{} milliseconds since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_lies_far_ahead_is_not_young() {
        let now = UnixMillis(1_000);
        let young = [1_000, 1_099, 901, 1_100, 900, i64::MAX, i64::MIN];
        let young = young.map(|time| UnixMillis(time).is_young(now, 100));
        assert_eq!(young, [true, true, true, false, false, false, false]);
        assert!(!now.is_young(now, 0));
    }
}
