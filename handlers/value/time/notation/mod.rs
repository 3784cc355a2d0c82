//! How the text of one column says a point in time or a day, beyond RFC 3339: by a format of strptime, and with a zone for
//! what names none; pure.
//!
//! - A zone in the text always wins.
//! - A time that clocks showed twice is the first one, and that is told; one that they never showed is no time.

mod field;
mod format;
mod reading;
mod zone;

use super::{ClockTime, TimeProblem, check_day, check_range, parse_clock_time};
pub use format::{FormatError, TimeFormat};
pub use zone::{Shown, Steady, ZONES, Zone};

const MICROS_PER_SECOND: i64 = 1_000_000;

/// How text is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Notation {
    /// Its format; RFC 3339 where there is none, or `YYYY-MM-DD` for a day.
    pub format: Option<TimeFormat>,
    /// The zone of what names none.
    pub zone: Option<Zone>,
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Microseconds since 1970.
    pub micros: i64,
    /// Whether clocks showed this twice: it is the first of the two.
    pub is_ambiguous: bool,
}

impl Notation {
    /// Reads a point in time; nothing if clocks never showed this.
    ///
    /// # Errors
    /// Fails if `text` is not in the format, or lies outside the years 1 to 9999.
    pub fn point(&self, text: &[u8]) -> Result<Option<Point>, TimeProblem> {
        let ClockTime { micros, offset } = match &self.format {
            Some(format) => format.read(text)?,
            None => parse_clock_time(text)?,
        };
        let shown = match (offset, &self.zone) {
            (Some(seconds), _) => Shown::Once(micros - seconds * MICROS_PER_SECOND),
            (None, Some(zone)) => zone.when(micros),
            // A dataset has a zone where its format says none.
            (None, None) => Shown::Never,
        };
        let (micros, is_ambiguous) = match shown {
            Shown::Once(micros) => (micros, false),
            Shown::Twice(micros) => (micros, true),
            Shown::Never => return Ok(None),
        };
        Ok(Some(Point {
            micros: check_range(micros)?,
            is_ambiguous,
        }))
    }

    /// Reads a day, in days since 1970.
    ///
    /// # Errors
    /// Fails if `text` is not in the format, or lies outside the years 1 to 9999.
    pub fn day(&self, text: &[u8]) -> Result<i32, TimeProblem> {
        match &self.format {
            Some(format) => check_day(format.read_day(text)?),
            None => super::parse_date(text),
        }
    }
}

#[cfg(test)]
mod tests;
