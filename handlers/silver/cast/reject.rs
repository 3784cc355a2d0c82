//! Why a line was refused; pure.

use crate::dataset::ColumnIndex;
use crate::dataset::{ColumnPlace, ColumnType, Origin, TimestampFormat};
use crate::event::{EventTime, RejectReason};
use crate::value::json::SyntaxError;
use crate::value::json::token::{Kind, Token};
use crate::value::number::NumberProblem;
use crate::value::time::TimeProblem;

/// Why a line was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The reason.
    pub reason: RejectReason,
    /// The column that could not be filled, as an index into [`Dataset::columns`](crate::dataset::Dataset::columns).
    pub column: Option<ColumnIndex>,
    /// The byte offset in the line of what is wrong; of a field that is missing, the offset of its null or the object's end.
    pub position: usize,
    /// What is wrong, for people; a few hundred bytes at most.
    pub detail: String,
}

impl From<SyntaxError> for Reject {
    fn from(error: SyntaxError) -> Self {
        Self {
            reason: RejectReason::NotAnObject,
            column: None,
            position: error.at,
            detail: error.message.to_owned(),
        }
    }
}

impl Reject {
    /// Says that what came with an event beside its body cannot be read.
    pub(super) fn beside(error: SyntaxError) -> Self {
        Self {
            reason: RejectReason::InvalidValue,
            column: None,
            position: 0,
            detail: format!("what came with the event is no JSON: {}", error.message),
        }
    }
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RejectCause {
    Missing,
    NotOpened,
    WrongKind,
    Number(NumberProblem),
    Time(TimeProblem),
    Bounds,
    NotAllowed,
    Pattern,
    /// Clocks of the column's zone were set forward over it.
    NeverShown,
    EventTime,
    Future {
        latest: EventTime,
    },
}

impl From<NumberProblem> for RejectCause {
    fn from(problem: NumberProblem) -> Self {
        Self::Number(problem)
    }
}

impl From<TimeProblem> for RejectCause {
    fn from(problem: TimeProblem) -> Self {
        Self::Time(problem)
    }
}

impl RejectCause {
    /// Returns what is wrong with a value: of one that stands in what could not be opened, that.
    pub(super) fn of(self, token: Token) -> Self {
        match token.kind {
            Kind::Unopened => Self::NotOpened,
            _ => self,
        }
    }

    /// Returns the reason to report.
    pub(super) fn reason(self) -> RejectReason {
        match self {
            Self::Missing => RejectReason::MissingField,
            Self::NotOpened => RejectReason::NotOpened,
            Self::WrongKind
            | Self::Number(NumberProblem::Syntax | NumberProblem::Inexact)
            | Self::Time(TimeProblem::Syntax)
            | Self::NeverShown => RejectReason::InvalidValue,
            Self::Number(NumberProblem::Overflow) | Self::Time(TimeProblem::Overflow) => {
                RejectReason::Overflow
            }
            Self::Bounds => RejectReason::OutOfRange,
            Self::NotAllowed => RejectReason::NotAllowed,
            Self::Pattern => RejectReason::Pattern,
            Self::EventTime => RejectReason::TimeOutOfRange,
            Self::Future { .. } => RejectReason::FutureTime,
        }
    }

    /// Says what is wrong with `raw`, the value at one of the places `from`, in what is named by `origin`, for a column of
    /// type `kind`, for people. What is not in the record is named and not copied.
    pub(super) fn explain(
        self,
        from: &[ColumnPlace],
        origin: Origin,
        kind: ColumnType,
        raw: &[u8],
    ) -> String {
        let value = match origin {
            Origin::Record => excerpt(raw),
            other => format!("the {}", named(from, other)),
        };
        match self {
            Self::Missing => {
                let mut origins: Vec<Origin> = from.iter().map(|place| place.origin).collect();
                origins.dedup();
                let places = origins.into_iter().map(|origin| named(from, origin));
                let places: Vec<String> = places.collect();
                format!("the required {} is absent or null", places.join(" or "))
            }
            Self::NotOpened => {
                format!("{value} cannot be opened by the steps that the dataset names for it")
            }
            Self::WrongKind
            | Self::Number(NumberProblem::Syntax)
            | Self::Time(TimeProblem::Syntax) => {
                format!(
                    "{value} is not a value of type {kind}: expected {}",
                    expected(kind)
                )
            }
            Self::Number(NumberProblem::Inexact) => {
                format!("{value} has a fraction, which type {kind} cannot hold")
            }
            Self::Number(NumberProblem::Overflow) => {
                format!("{value} is too large for type {kind}")
            }
            Self::Time(TimeProblem::Overflow) => {
                format!("{value} lies outside the years 1 to 9999")
            }
            Self::Bounds => format!("{value} lies outside the column's min and max"),
            Self::NotAllowed => format!("{value} is not among the values that the column allows"),
            Self::Pattern => format!("{value} is not of the column's pattern"),
            Self::NeverShown => {
                format!("{value} is a time that clocks of the column's zone were set forward over")
            }
            Self::EventTime => format!("{value} lies outside the years 1900 to 9999"),
            Self::Future { latest } => {
                format!("{value} lies after {latest}, the latest time that the clock skew allows")
            }
        }
    }
}

fn expected(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int64 => "a whole number",
        ColumnType::Double | ColumnType::Decimal { .. } => "a number",
        ColumnType::String => "a string, a number, true or false",
        ColumnType::Bool => "true, false, 1 or 0",
        ColumnType::Timestamp(TimestampFormat::Rfc3339) => {
            "a string such as \"2025-11-14T11:44:34.343Z\""
        }
        ColumnType::Timestamp(TimestampFormat::UnixSeconds) => "seconds since 1970",
        ColumnType::Timestamp(TimestampFormat::UnixMillis) => "milliseconds since 1970",
        ColumnType::Timestamp(TimestampFormat::UnixMicros) => "microseconds since 1970",
        ColumnType::Timestamp(TimestampFormat::UnixNanos) => "nanoseconds since 1970",
        ColumnType::Timestamp(TimestampFormat::Strptime) => "a string in the column's format",
        ColumnType::Date => "a string such as \"2025-11-14\"",
        ColumnType::Json => "a value",
    }
}

/// Names the places of one origin.
fn named(from: &[ColumnPlace], origin: Origin) -> String {
    let places = from.iter().filter(|place| place.origin == origin);
    let names: Vec<String> = places.map(|place| place.path.to_string()).collect();
    let word = match origin {
        Origin::Record => "field",
        Origin::Event => "event field",
        Origin::Properties => "property",
        Origin::System => "system value",
    };
    format!("{word} \"{}\"", excerpt(names.join("\" or \"").as_bytes()))
}

fn excerpt(raw: &[u8]) -> String {
    const LONGEST: usize = 100;
    match raw.get(..LONGEST) {
        Some(start) => format!("{}…", String::from_utf8_lossy(start)),
        None => String::from_utf8_lossy(raw).into_owned(),
    }
}
