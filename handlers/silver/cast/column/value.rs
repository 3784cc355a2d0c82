//! One value: cast by the type of its column, within the column's bounds. Pure.

use crate::dataset::{Bound, Column, ColumnType, TimestampFormat};
use crate::event::EventTime;
use crate::silver::cast::columns::{Builder, Text, Values};
use crate::silver::cast::reject::RejectCause;
use crate::value::json::escape::decode;
use crate::value::json::token::{Kind, Token};
use crate::value::number::{Excess, Number};
use crate::value::time::{
    FIRST_EVENT_TIME, LAST_EVENT_TIME, TimeProblem, from_unix, from_unix_nanos, parse_date,
    parse_rfc3339,
};

/// Casts the values of one column.
#[derive(Clone, Debug)]
pub(super) struct ValueCaster {
    pub(super) kind: ColumnType,
    min: Option<Bound>,
    max: Option<Bound>,
    /// Whether this is the event time, whose range is narrower.
    is_event_time: bool,
}

impl ValueCaster {
    pub(super) fn of(column: &Column, is_event_time: bool) -> Self {
        Self {
            kind: column.value_kind(),
            min: column.min,
            max: column.max,
            is_event_time,
        }
    }

    /// Appends a value that is there, or fails and appends nothing.
    // Called for every value of a column without rules, where a call would cost as much as what it does.
    #[inline(always)]
    pub(super) fn push(
        &self,
        builder: &mut Builder,
        line: &[u8],
        token: &Token,
        latest: EventTime,
        scratch: &mut Vec<u8>,
    ) -> Result<(), RejectCause> {
        let (min, max) = (self.min, self.max);
        match (&mut builder.values, self.kind) {
            (Values::Int64(values), _) => {
                let value = number(token, line, scratch)?.int64()?;
                within(Bound::Int64(value), min, max)?;
                values.push(value);
            }
            (Values::Double(values), _) => {
                // Readers differ about -0.0 being 0.0, so that there is one zero only.
                let value = number(token, line, scratch)?.double()? + 0.0;
                within(Bound::Double(value), min, max)?;
                values.push(value);
            }
            (
                Values::Decimal {
                    values,
                    precision,
                    scale,
                },
                _,
            ) => {
                let number = number(token, line, scratch)?;
                let value = number.decimal(*precision, *scale, Excess::Round)?;
                within(Bound::Decimal(value), min, max)?;
                values.push(value);
            }
            (Values::Timestamp(values), ColumnType::Timestamp(format)) => {
                let time = match format {
                    TimestampFormat::UnixSeconds => from_unix(number(token, line, scratch)?, 6),
                    TimestampFormat::UnixMillis => from_unix(number(token, line, scratch)?, 3),
                    TimestampFormat::Rfc3339 => parse_rfc3339(bare(token, line, scratch)?),
                    TimestampFormat::UnixMicros => from_unix(number(token, line, scratch)?, 0),
                    TimestampFormat::UnixNanos => from_unix_nanos(number(token, line, scratch)?),
                    // Read by the column's rules.
                    TimestampFormat::Strptime => return Err(RejectCause::WrongKind),
                };
                values.push(self.check_time(time, latest)?);
            }
            (Values::Date(values), _) => {
                values.push(self.check_day(parse_date(bare(token, line, scratch)?)?)?);
            }
            (Values::Bool(values), _) => values.push(boolean(token, line, scratch)?),
            (Values::Text(text), ColumnType::Json) if token.kind != Kind::Unopened => {
                text.push(token.raw(line));
            }
            (Values::Text(text), _) => push_text(token, line, text)?,
            (Values::Timestamp(_), _) => return Err(RejectCause::WrongKind),
        }
        builder.mark_valid();
        Ok(())
    }

    /// Returns a point in time that the column takes.
    #[inline]
    pub(super) fn check_time(
        &self,
        time: Result<i64, TimeProblem>,
        latest: EventTime,
    ) -> Result<i64, RejectCause> {
        let time = if self.is_event_time {
            check_event_time(time, latest)?
        } else {
            time?
        };
        within(Bound::Timestamp(EventTime(time)), self.min, self.max)?;
        Ok(time)
    }

    /// Returns a day that the column takes.
    #[inline]
    pub(super) fn check_day(&self, day: i32) -> Result<i32, RejectCause> {
        within(Bound::Date(day), self.min, self.max)?;
        Ok(day)
    }
}

/// Returns a number, or what a string holds, which may be one.
// In one piece with its callers: what a function hands over is read back in larger pieces than it was written in.
#[inline(always)]
fn number<'l>(
    token: &Token,
    line: &'l [u8],
    scratch: &'l mut Vec<u8>,
) -> Result<Number<'l>, RejectCause> {
    match token.kind {
        Kind::Number => Ok(token.number(line)),
        _ => quoted_number(token, line, scratch),
    }
}

#[inline(never)]
fn quoted_number<'l>(
    token: &Token,
    line: &'l [u8],
    scratch: &'l mut Vec<u8>,
) -> Result<Number<'l>, RejectCause> {
    bare(token, line, scratch).map(Number::new)
}

/// Returns a number as it was written, or the text of a string.
#[inline]
pub(super) fn bare<'l>(
    token: &Token,
    line: &'l [u8],
    scratch: &'l mut Vec<u8>,
) -> Result<&'l [u8], RejectCause> {
    match token.kind {
        Kind::Number => Ok(token.raw(line)),
        Kind::String | Kind::EscapedString => Ok(token.decoded(line, scratch)),
        _ => Err(RejectCause::WrongKind),
    }
}

#[inline]
fn within(value: Bound, min: Option<Bound>, max: Option<Bound>) -> Result<(), RejectCause> {
    let too_low = min.is_some_and(|min| value < min);
    let too_high = max.is_some_and(|max| value > max);
    if too_low || too_high {
        return Err(RejectCause::Bounds);
    }
    Ok(())
}

#[inline]
fn check_event_time(time: Result<i64, TimeProblem>, latest: EventTime) -> Result<i64, RejectCause> {
    let time = match time {
        Err(TimeProblem::Overflow) => return Err(RejectCause::EventTime),
        other => other?,
    };
    if !(FIRST_EVENT_TIME..=LAST_EVENT_TIME).contains(&time) {
        return Err(RejectCause::EventTime);
    }
    if time > latest.0 {
        return Err(RejectCause::Future { latest });
    }
    Ok(time)
}

/// Returns true, false, 1 or 0; the words in any case, all of them in quotes or not.
fn boolean(token: &Token, line: &[u8], scratch: &mut Vec<u8>) -> Result<bool, RejectCause> {
    match token.kind {
        Kind::True => Ok(true),
        Kind::False => Ok(false),
        _ => match bare(token, line, scratch)? {
            b"1" => Ok(true),
            b"0" => Ok(false),
            text if text.eq_ignore_ascii_case(b"true") => Ok(true),
            text if text.eq_ignore_ascii_case(b"false") => Ok(false),
            _ => Err(RejectCause::WrongKind),
        },
    }
}

#[inline]
fn push_text(token: &Token, line: &[u8], text: &mut Text) -> Result<(), RejectCause> {
    match token.kind {
        Kind::String => text.push(token.quoted(line)),
        Kind::EscapedString => {
            decode(token.quoted(line), &mut text.bytes);
            text.end();
        }
        Kind::Number | Kind::True | Kind::False => text.push(token.raw(line)),
        Kind::Absent | Kind::Null | Kind::Container | Kind::Unopened => {
            return Err(RejectCause::WrongKind);
        }
    }
    Ok(())
}
