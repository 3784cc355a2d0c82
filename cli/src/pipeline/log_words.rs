//! The words of the handler's log that commands understand, all of them, and a line of it read by them.
//!
//! The log is JSON, an object a line. What counts events and measures time depends on these words: a word that changes in
//! the handler changes here too.

use serde_json::Value;
use thiserror::Error;

/// Bronze stored the events of an invocation.
pub(crate) const INGESTED: &str = "ingested";
/// Silver committed a source.
pub(crate) const REFINED: &str = "refined";
/// Silver put rejected lines into quarantine; a warning that every summary counts.
pub(crate) const QUARANTINED: &str = "quarantined";
/// The message that tells of values that became null, which the ledger counts too.
const NULLED: &str = "nulled";
/// Gold ran.
pub(crate) const PUBLISHED: &str = "published";

/// An invocation failed.
pub(crate) const FAILED: &str = "invocation failed";

/// How a run of gold ends after which every table stands at the version that it names.
const WHOLE_RUNS: [&str; 2] = ["UpToDate", "Unchanged"];
/// The levels that somebody should look at.
const GRAVE_LEVELS: [&str; 2] = ["ERROR", "WARN"];

/// A number that a summary has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    /// Events that bronze stored.
    Stored,
    /// Objects that bronze created.
    Objects,
    /// Lines of a source.
    Lines,
    /// A version of silver's log.
    Version,
    /// SQL transactions of a run of gold.
    Transactions,
    /// Requests of the layer to storage since the handler's start.
    StorageCalls,
    /// Round trips of gold to a database server since the handler's start.
    SqlCalls,
}

/// A text that a summary or a warning has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Function,
    Message,
    Error,
    /// The bronze object that was refined.
    Source,
    /// Which later package has run against gold's tables, where one has and the run changed nothing.
    Replaced,
    /// When the line was written, in RFC 3339.
    Timestamp,
}

impl Number {
    fn field(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Objects => "objects",
            Self::Lines => "lines",
            Self::Version => "version",
            Self::Transactions => "transactions",
            Self::StorageCalls => "storage_calls",
            Self::SqlCalls => "sql_calls",
        }
    }
}

impl Text {
    fn field(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Message => "message",
            Self::Error => "error",
            Self::Source => "source",
            Self::Replaced => "replaced",
            Self::Timestamp => "timestamp",
        }
    }
}

/// A summary without a field that it is read for: the handler's log and these words do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "read the handler's log: its line {message:?} has no usable {field}; are handler and command of one build?"
)]
pub(crate) struct UnknownLine {
    message: String,
    field: &'static str,
}

/// A line of the handler's log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogLine<'a>(pub(crate) &'a Value);

impl<'a> LogLine<'a> {
    /// What happened, in one of the words above.
    pub(crate) fn message(self) -> Option<&'a str> {
        self.text(Text::Message)
    }

    /// Returns a text, if it is there.
    pub(crate) fn text(self, text: Text) -> Option<&'a str> {
        self.0.get(text.field())?.as_str()
    }

    /// Returns a number, if it is there.
    pub(crate) fn number(self, number: Number) -> Option<u64> {
        self.0.get(number.field())?.as_u64()
    }

    /// Returns a number that the line has to have.
    pub(crate) fn required(self, number: Number) -> Result<u64, UnknownLine> {
        let found = self.number(number);
        found.ok_or_else(|| self.without(number.field()))
    }

    /// Returns a text that the line has to have.
    pub(crate) fn required_text(self, text: Text) -> Result<&'a str, UnknownLine> {
        self.text(text).ok_or_else(|| self.without(text.field()))
    }

    /// Returns whether every gold table stands at the line's version after the run that it tells of.
    pub(crate) fn is_whole_run(self) -> bool {
        let ended = self.0.get("ended").and_then(Value::as_str);
        ended.is_some_and(|ended| WHOLE_RUNS.contains(&ended))
    }

    /// Returns which function cannot go on, and why, if the line tells of a failure that does not pass.
    pub(crate) fn lasting_failure(self) -> Option<(&'a str, &'a str)> {
        let is_lasting = self.0.get("lasting").and_then(Value::as_bool) == Some(true);
        (is_lasting && self.message() == Some(FAILED))
            .then(|| Some((self.text(Text::Function)?, self.text(Text::Error)?)))
            .flatten()
    }

    /// Returns whether the line is a warning or an error that no summary tells of.
    pub(crate) fn is_grave(self) -> bool {
        let level = self.0.get("level").and_then(Value::as_str);
        level.is_some_and(|level| GRAVE_LEVELS.contains(&level))
            && ![Some(QUARANTINED), Some(NULLED)].contains(&self.message())
    }

    fn without(self, field: &'static str) -> UnknownLine {
        UnknownLine {
            message: self.message().unwrap_or("without a message").to_owned(),
            field,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_that_is_missing_is_named_with_its_line() {
        let line = json!({ "message": "refined", "lines": "many" });
        let line = LogLine(&line);
        let error = line.required(Number::Lines).unwrap_err().to_string();
        assert!(error.contains("\"refined\" has no usable lines"), "{error}");
        let error = line.required_text(Text::Source).unwrap_err();
        assert!(error.to_string().contains("source"), "{error}");
        assert_eq!(line.required_text(Text::Message), Ok("refined"));
    }

    #[test]
    fn warnings_are_grave_but_for_those_that_are_counted() {
        let is_grave = |line: Value| LogLine(&line).is_grave();
        assert!(is_grave(json!({ "level": "ERROR", "message": "failed" })));
        assert!(is_grave(json!({ "level": "WARN", "message": "gap" })));
        assert!(!is_grave(json!({ "level": "INFO", "message": "ingested" })));
        assert!(!is_grave(
            json!({ "level": "WARN", "message": "quarantined" })
        ));
        assert!(!is_grave(json!("text")));
    }

    #[test]
    fn a_failure_that_does_not_pass_is_told_apart_by_its_field() {
        let failed = |lasting: Value| json!({ "message": "invocation failed", "function": "gold", "error": "too large", "lasting": lasting });
        let line = failed(json!(true));
        assert_eq!(
            LogLine(&line).lasting_failure(),
            Some(("gold", "too large"))
        );
        for other in [
            failed(json!(false)),
            failed(Value::Null),
            json!({ "lasting": true }),
        ] {
            assert_eq!(LogLine(&other).lasting_failure(), None, "{other}");
        }
    }

    #[test]
    fn a_run_is_whole_if_gold_had_everything_at_its_end() {
        let is_whole = |ended: Value| LogLine(&json!({ "ended": ended })).is_whole_run();
        assert!(is_whole(json!("UpToDate")) && is_whole(json!("Unchanged")));
        for ended in [json!("OutOfTime"), json!("Overtaken"), Value::Null] {
            assert!(!is_whole(ended));
        }
    }
}
