//! What the handler says about its work, with the time at which it said so.

use std::collections::HashMap;

use chrono::DateTime;
use serde_json::Value;

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
}

impl Record {
    /// Takes in a line of the handler's log that was heard at `now_ms`.
    pub(super) fn hear(&mut self, line: &Value, now_ms: i64) {
        let number = |key: &str| line[key].as_u64().unwrap_or_default();
        let at_ms = line["timestamp"]
            .as_str()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
            .map_or(now_ms, |time| time.timestamp_millis());
        let calls = number("storage_calls");
        // Lines of invocations that ran side by side may come in another order than their counts.
        match line["message"].as_str() {
            Some("ingested") => {
                self.stored += number("stored");
                self.objects += number("objects");
                self.calls.bronze = self.calls.bronze.max(calls);
            }
            Some("refined") => {
                self.calls.silver = self.calls.silver.max(calls);
                let source = line["source"].as_str().unwrap_or_default();
                if !self.refined.contains_key(source) {
                    let version = number("version");
                    self.refined
                        .insert(source.to_owned(), Refined { version, at_ms });
                    self.lines += number("lines");
                }
            }
            Some("published") => {
                self.calls.gold = self.calls.gold.max(calls);
                self.gold_runs += 1;
                self.transactions += number("transactions");
                let is_whole = matches!(line["ended"].as_str(), Some("UpToDate" | "Unchanged"));
                if let Some(version) = line["version"].as_u64().filter(|_| is_whole) {
                    self.published.push(Published { version, at_ms });
                }
            }
            _ => {}
        }
    }

    /// The latest version of silver that was heard of.
    pub(super) fn silver_version(&self) -> Option<u64> {
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
            let line = json!({ "message": "published", "version": version, "ended": ended, "transactions": 1 });
            record.hear(&line, at);
        }
        assert_eq!(record.in_gold_ms(2), Some(2));
        assert_eq!(record.in_gold_ms(5), Some(3));
        assert_eq!(record.in_gold_ms(10), None);
        assert_eq!((record.gold_runs, record.transactions), (4, 4));
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
