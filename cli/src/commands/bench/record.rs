//! What the handler says about its work, with the time at which it said so.

use std::collections::HashMap;

use chrono::DateTime;
use serde_json::Value;

use crate::pipeline::log_words::{
    INGESTED, LogLine, Number, PUBLISHED, REFINED, Text, UnknownLine,
};

/// When a source became rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refined {
    /// The version that holds them.
    pub(super) version: u64,
    /// When they were committed, in milliseconds since 1970.
    pub(super) at_ms: i64,
}

/// When gold had reached a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) version: u64,
    pub(super) at_ms: i64,
}

/// Requests to storage since the handler's start, by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) bronze: u64,
    pub(super) silver: u64,
    pub(super) gold: u64,
    /// Round trips of gold to a database server; none where gold is in a file.
    pub(super) sql: u64,
}

/// Everything that was heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// Events that bronze stored.
    pub(super) stored: u64,
    /// Objects that bronze created.
    pub(super) objects: u64,
    /// Lines that silver has accounted for.
    pub(super) lines: u64,
    /// By source.
    pub(super) refined: HashMap<String, Refined>,
    /// In the order in which it happened.
    pub(super) published: Vec<Published>,
    /// How often gold ran.
    pub(super) gold_runs: u64,
    /// SQL transactions of gold.
    pub(super) transactions: u64,
    pub(super) calls: Calls,
    /// The first line that could not be understood.
    pub(super) unknown: Option<UnknownLine>,
}

impl Record {
    /// Takes in a line of the handler's log that was heard at `now_ms`.
    pub(super) fn hear(&mut self, line: &Value, now_ms: i64) {
        let line = LogLine(line);
        let at_ms = line
            .text(Text::Timestamp)
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map_or(now_ms, |time| time.timestamp_millis());
        let taken_in = match line.message() {
            Some(INGESTED) => self.ingested(line),
            Some(REFINED) => self.refined(line, at_ms),
            Some(PUBLISHED) => self.published(line, at_ms),
            _ => Ok(()),
        };
        if let Err(unknown) = taken_in {
            self.unknown.get_or_insert(unknown);
        }
    }

    /// Fails if a line could not be understood: what is counted would be too low.
    pub(super) fn check(&self) -> Result<(), UnknownLine> {
        self.unknown.clone().map_or(Ok(()), Err)
    }

    fn ingested(&mut self, line: LogLine<'_>) -> Result<(), UnknownLine> {
        let calls = line.required(Number::StorageCalls)?;
        self.stored += line.required(Number::Stored)?;
        self.objects += line.required(Number::Objects)?;
        // Lines of invocations that ran side by side may come in another order than their counts.
        self.calls.bronze = self.calls.bronze.max(calls);
        Ok(())
    }

    fn refined(&mut self, line: LogLine<'_>, at_ms: i64) -> Result<(), UnknownLine> {
        let calls = line.required(Number::StorageCalls)?;
        let source = line.required_text(Text::Source)?;
        let (version, lines) = (
            line.required(Number::Version)?,
            line.required(Number::Lines)?,
        );
        self.calls.silver = self.calls.silver.max(calls);
        if !self.refined.contains_key(source) {
            let refined = Refined { version, at_ms };
            self.refined.insert(source.to_owned(), refined);
            self.lines += lines;
        }
        Ok(())
    }

    fn published(&mut self, line: LogLine<'_>, at_ms: i64) -> Result<(), UnknownLine> {
        let calls = line.required(Number::StorageCalls)?;
        self.transactions += line.required(Number::Transactions)?;
        self.calls.gold = self.calls.gold.max(calls);
        // Earlier handlers do not say.
        let sql = line.number(Number::SqlCalls).unwrap_or_default();
        self.calls.sql = self.calls.sql.max(sql);
        self.gold_runs += 1;
        if line.is_whole_run() {
            let version = line.required(Number::Version)?;
            self.published.push(Published { version, at_ms });
        }
        Ok(())
    }

    /// Returns whether gold has all of silver that was heard of.
    pub(super) fn is_published(&self) -> bool {
        let version = self.silver_version();
        version.is_some_and(|version| self.in_gold_ms(version).is_some())
    }

    /// The latest version of silver that was heard of.
    fn silver_version(&self) -> Option<u64> {
        self.refined.values().map(|refined| refined.version).max()
    }

    /// When gold first had `version`.
    pub(super) fn in_gold_ms(&self, version: u64) -> Option<i64> {
        let reached = self
            .published
            .iter()
            .filter(|published| published.version >= version);
        reached.map(|published| published.at_ms).min()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_source_counts_when_it_is_first_refined() {
        let mut record = Record::default();
        let line = |source: &str, version: u64, calls: u64, at: &str| {
            json!({
                "timestamp": at, "message": "refined", "source": source, "lines": 1000, "version": version, "storage_calls": calls
            })
        };
        record.hear(&line("a", 3, 20, "2026-01-01T00:00:00.500Z"), 0);
        record.hear(&line("b", 4, 18, "2026-01-01T00:00:01.500Z"), 0);
        record.hear(&line("a", 3, 30, "2026-01-01T00:00:09.500Z"), 0);
        assert_eq!((record.lines, record.calls.silver), (2_000, 30));
        assert_eq!(record.silver_version(), Some(4));
        let at_ms = 1_767_225_600_500;
        assert_eq!(record.refined["a"], Refined { version: 3, at_ms });
    }

    #[test]
    fn gold_has_a_version_from_the_first_whole_run_that_covers_it() {
        let mut record = Record::default();
        let runs = [
            (1, "UpToDate"),
            (5, "OutOfTime"),
            (4, "UpToDate"),
            (9, "UpToDate"),
        ];
        for (at, (version, ended)) in (0..).zip(runs) {
            let line = json!({ "message": "published", "version": version, "ended": ended, "transactions": 1, "storage_calls": 9 });
            record.hear(&line, at);
        }
        record.check().unwrap();
        assert_eq!(record.in_gold_ms(2), Some(2));
        assert_eq!(record.in_gold_ms(5), Some(3));
        assert_eq!(record.in_gold_ms(10), None);
        assert_eq!((record.gold_runs, record.transactions), (4, 4));
    }

    #[test]
    fn all_is_published_once_gold_has_the_latest_version_of_silver() {
        let mut record = Record::default();
        assert!(!record.is_published(), "silver has nothing yet");
        let refined = json!({ "message": "refined", "source": "a", "lines": 1, "version": 3, "storage_calls": 1 });
        record.hear(&refined, 1);
        for (version, expected) in [(2, false), (3, true)] {
            let line = json!({ "message": "published", "version": version, "ended": "UpToDate", "transactions": 1, "storage_calls": 1 });
            record.hear(&line, 2);
            assert_eq!(record.is_published(), expected);
        }
    }

    #[test]
    fn a_summary_that_lacks_a_number_is_an_error_and_not_a_zero() {
        for (message, field) in [
            ("ingested", "storage_calls"),
            ("refined", "storage_calls"),
            ("published", "storage_calls"),
        ] {
            let mut record = Record::default();
            record.hear(&json!({ "message": message, "version": 1 }), 1);
            record.hear(&json!({ "message": "started" }), 2);
            let error = record.check().unwrap_err().to_string();
            assert!(error.contains(message) && error.contains(field), "{error}");
        }
        let mut record = Record::default();
        let line = json!({ "message": "refined", "source": "a", "version": 1, "storage_calls": 1 });
        record.hear(&line, 1);
        let error = record.check().unwrap_err().to_string();
        assert!(error.contains("no usable lines"), "{error}");
    }

    #[test]
    fn other_lines_change_nothing() {
        let mut record = Record::default();
        record.hear(&json!({ "message": "started" }), 1);
        record.hear(&json!("text"), 1);
        assert_eq!(
            (record.stored, record.lines, record.gold_runs, record.calls),
            (0, 0, 0, Calls::default())
        );
    }
}
