//! Points in time as a command line says them; pure.

use std::time::Duration;

use sluice::event::UnixMillis;
use sluice::value::time::{MICROS_PER_DAY, parse_date, parse_duration, parse_rfc3339};

/// A point in time, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Moment {
    /// In microseconds since 1970.
    At(i64),
    Ago(Duration),
}

impl Moment {
    /// Reads `2026-11-28T14:00:00Z`, a day, whose beginning in UTC it is, or a span of time before now, such as `90m`.
    pub(in crate::commands) fn parse(text: &str) -> Result<Self, String> {
        if let Some(span) = parse_duration(text) {
            return Ok(Self::Ago(span));
        }
        if let Ok(day) = parse_date(text.as_bytes()) {
            return Ok(Self::At(i64::from(day) * MICROS_PER_DAY));
        }
        let time = parse_rfc3339(text.as_bytes());
        time.map(Self::At).map_err(|_| {
            "expected a time such as 2026-11-28T14:00:00Z, a day such as 2026-11-28, or how long ago it was: 90m, 2h, 7d"
                .to_owned()
        })
    }

    /// Returns the point in time.
    pub(in crate::commands) fn at(self, now: UnixMillis) -> UnixMillis {
        match self {
            Self::At(micros) => UnixMillis(micros.div_euclid(1_000)),
            Self::Ago(span) => {
                let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
                UnixMillis(now.0.saturating_sub(span))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_day_or_a_span_before_now() {
        let now = UnixMillis(1_763_120_674_343);
        for (text, expected) in [
            ("2025-11-14T11:44:34.343Z", 1_763_120_674_343),
            ("2025-11-14T12:44:34+01:00", 1_763_120_674_000),
            ("2025-11-14", 1_763_078_400_000),
            ("90m", 1_763_115_274_343),
            ("1d", 1_763_034_274_343),
        ] {
            assert_eq!(Moment::parse(text).unwrap().at(now).0, expected, "{text}");
        }
        for text in ["", "yesterday", "5", "2025-11-14T11:44:34"] {
            assert!(Moment::parse(text).unwrap_err().contains("2h"), "{text}");
        }
    }
}
