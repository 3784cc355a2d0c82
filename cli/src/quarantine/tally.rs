//! Rejected records counted by reason and column, with the newest of each; pure.

use std::collections::BTreeMap;

use super::record::Rejected;

/// Records that were rejected for one reason, of one column where they have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) records: u64,
    /// The one that came first to the count.
    pub(crate) example: Rejected,
}

/// How many records were rejected for which reason.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(BTreeMap<(String, Option<String>), Kind>);

impl Tally {
    /// Counts a record.
    pub(crate) fn add(&mut self, rejected: Rejected) {
        let key = (rejected.reason.clone(), rejected.column.clone());
        let kind = self.0.entry(key).or_insert(Kind {
            records: 0,
            example: rejected,
        });
        kind.records += 1;
    }

    /// How many there are in all.
    pub(crate) fn records(&self) -> u64 {
        self.0.values().map(|kind| kind.records).sum()
    }

    /// Returns the kinds, the most frequent first.
    pub(crate) fn kinds(&self) -> Vec<&Kind> {
        let mut kinds: Vec<&Kind> = self.0.values().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.records));
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_kind_comes_first_with_its_newest_record() {
        let mut tally = Tally::default();
        for (line, reason, column) in [
            (9, "missing_field", Some("id")),
            (8, "not_an_object", None),
            (7, "invalid_value", Some("id")),
            (6, "not_an_object", None),
        ] {
            let text =
                format!(r#"{{"source":"s","line":{line},"enqueued_time":"","reason":"{reason}"}}"#);
            let mut rejected: Rejected = serde_json::from_str(&text).unwrap();
            rejected.column = column.map(str::to_owned);
            tally.add(rejected);
        }
        assert_eq!(tally.records(), 4);
        let kinds = tally.kinds();
        let kinds = kinds.iter();
        let kinds: Vec<_> = kinds
            .map(|kind| (kind.records, kind.example.line))
            .collect();
        assert_eq!(kinds, [(2, 8), (1, 7), (1, 9)]);
    }
}
