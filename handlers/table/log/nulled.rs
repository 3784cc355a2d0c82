//! Values that became null because their column could not take them, by column and reason; and times that could mean two.
//! Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The bytes of JSON that an entry of the log or the ledger has for them.
const MAX_BYTES: usize = 4 * 1024;
/// What of them is kept for the rest: a count of every reason.
const REST_BYTES: usize = 512;
/// Stands for all columns that an entry has no room for.
const REST: &str = "*";

/// Counts times that clocks showed twice, beside the reasons for which values became null: they count as the first time.
pub const AMBIGUOUS_TIME: &str = "ambiguous_time";

/// How many values became null, by column and by reason, and how many are [`AMBIGUOUS_TIME`] and did not.
///
/// Reasons are text, so that those of later builds are read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nulled(BTreeMap<String, BTreeMap<String, u64>>);

impl Nulled {
    /// Counts values of a column.
    pub fn count(&mut self, column: &str, reason: &str, count: u64) {
        let reasons = self.0.entry(column.to_owned()).or_default();
        *reasons.entry(reason.to_owned()).or_default() += count;
    }

    /// Adds what became null elsewhere.
    pub fn add(&mut self, other: &Self) {
        for (column, reason, count) in other.iter() {
            self.count(column, reason, count);
        }
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of all values that became null.
    #[must_use]
    pub fn total(&self) -> u64 {
        let became_null = self
            .iter()
            .filter(|(_, reason, _)| *reason != AMBIGUOUS_TIME);
        became_null.map(|(_, _, count)| count).sum()
    }

    /// Returns column, reason and number.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.0.iter().flat_map(|(column, reasons)| {
            let reasons = reasons.iter();
            reasons.map(move |(reason, count)| (column.as_str(), reason.as_str(), *count))
        })
    }

    /// Returns them in a form that takes no more room than an entry has: the columns with the most of them, and the rest
    /// as one.
    #[must_use]
    pub fn folded(&self) -> Self {
        if self.0.iter().map(bytes).sum::<usize>() <= MAX_BYTES {
            return self.clone();
        }
        let mut columns: Vec<_> = self.0.iter().collect();
        columns.sort_by_key(|(column, reasons)| {
            let total: u64 = reasons.values().sum();
            // What was folded before stays so, whatever its number.
            (column.as_str() == REST, std::cmp::Reverse(total))
        });
        let mut folded = Self::default();
        let mut left = MAX_BYTES - REST_BYTES;
        for column in columns {
            let (name, reasons) = column;
            let size = bytes(column);
            let fits = size <= left && name != REST;
            left = if fits { left - size } else { 0 };
            let name = if fits { name } else { REST };
            for (reason, count) in reasons {
                folded.count(name, reason, *count);
            }
        }
        folded
    }
}

/// The bytes of JSON that a column takes: quotes, a colon, braces and commas, and at most 20 digits a count.
fn bytes((column, reasons): (&String, &BTreeMap<String, u64>)) -> usize {
    let reasons = reasons.keys().map(|reason| reason.len() + 4 + 20);
    column.len() + 6 + reasons.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_room_for_the_columns_with_most_and_the_rest_as_one() {
        let mut nulled = Nulled::default();
        for column in 0..500_u64 {
            let name = format!("{column:0>128}");
            nulled.count(&name, "invalid_value", column + 1);
            nulled.count(&name, "overflow", 1);
        }
        let folded = nulled.folded();
        let json = serde_json::to_string(&folded).unwrap();
        assert!(json.len() <= MAX_BYTES, "{}", json.len());
        assert_eq!(folded.total(), nulled.total());
        assert!(json.contains(&format!("{:0>128}", 499)), "{json}");
        assert!(json.starts_with("{\"*\":{\"invalid_value\":"), "{json}");

        let mut twice = folded.clone();
        twice.add(&folded);
        assert_eq!(twice.folded().total(), 2 * nulled.total());
        let json = serde_json::to_string(&twice.folded()).unwrap();
        assert!(json.len() <= MAX_BYTES, "{}", json.len());
    }

    #[test]
    fn times_that_could_mean_two_did_not_become_null() {
        let mut nulled = Nulled::default();
        nulled.count("at", AMBIGUOUS_TIME, 3);
        nulled.count("at", "invalid_value", 1);
        assert_eq!((nulled.total(), nulled.is_empty()), (1, false));
        let folded = nulled.folded();
        assert!(
            folded
                .iter()
                .any(|(_, reason, count)| reason == AMBIGUOUS_TIME && count == 3)
        );
    }

    #[test]
    fn few_columns_are_written_as_they_are() {
        let mut nulled = Nulled::default();
        nulled.count("discount", "invalid_value", 3);
        assert_eq!(nulled.folded(), nulled);
        let json = serde_json::to_string(&nulled).unwrap();
        assert_eq!(json, "{\"discount\":{\"invalid_value\":3}}");
    }
}
