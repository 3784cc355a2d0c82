//! What becomes of records after they are cast; pure.

use std::collections::BTreeMap;

use crate::silver::cast::reject::Reject;
use crate::table::log::Times;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::silver) struct Place {
    /// Its source, as the caller numbered it.
    pub(in crate::silver) source: u32,
    /// The line of its event in the source.
    pub(in crate::silver) line: u32,
    /// Its number in the event.
    pub(in crate::silver) record: u32,
}

/// What became of records, by the number of their row among all that were cast.
#[derive(Debug, Default)]
pub(in crate::silver::cast) struct Verdicts {
    rejected: BTreeMap<u32, Reject>,
    filtered: Vec<u32>,
    /// The rows with a value that is counted, such as one that became null; its column, and what it counts as.
    counted: Vec<(u32, usize, &'static str)>,
}

impl Verdicts {
    /// Rejects a record, unless it has been rejected before.
    pub(in crate::silver::cast) fn reject(&mut self, row: u32, reject: impl FnOnce() -> Reject) {
        self.rejected.entry(row).or_insert_with(reject);
    }

    /// Rejects a record for a reason that counts more than any before.
    pub(super) fn overrule(&mut self, row: u32, reject: Reject) {
        self.rejected.insert(row, reject);
    }

    /// Leaves a record out, whatever is wrong with it. Rows come in their order.
    pub(super) fn filter(&mut self, row: u32) {
        self.rejected.remove(&row);
        self.filtered.push(row);
    }

    /// Counts a value if its record stays: for the reason that it became null, or as a time that could mean two.
    pub(in crate::silver::cast) fn count(&mut self, row: u32, column: usize, reason: &'static str) {
        self.counted.push((row, column, reason));
    }

    /// Returns for each of so many rows whether it is kept; nothing if all are.
    pub(in crate::silver::cast) fn is_kept(&self, rows: usize) -> Option<Vec<bool>> {
        if self.rejected.is_empty() && self.filtered.is_empty() {
            return None;
        }
        let mut is_kept = vec![true; rows];
        for row in self.rejected.keys().chain(&self.filtered) {
            if let Some(is_kept) = is_kept.get_mut(*row as usize) {
                *is_kept = false;
            }
        }
        Some(is_kept)
    }

    /// Says the same of the places where the records stand; `times` are those of a record that says when it happened.
    pub(in crate::silver::cast) fn located(
        self,
        place: impl Fn(u32) -> Option<Place>,
        times: impl Fn(u32) -> Option<Times>,
    ) -> Judged {
        let mut judged = Judged::default();
        for (row, column, reason) in self.counted {
            // Of a record that is no row nothing is left that could be null.
            let is_out =
                self.rejected.contains_key(&row) || self.filtered.binary_search(&row).is_ok();
            if let Some(place) = place(row).filter(|_| !is_out) {
                let counted = (place.source, column, reason);
                *judged.nulled.entry(counted).or_default() += 1;
            }
        }
        for row in self.filtered {
            if let Some(place) = place(row) {
                let filtered = judged.filtered.entry(place.source).or_default();
                filtered.records += 1;
                Times::merge(&mut filtered.times, times(row));
            }
        }
        let rejected = self.rejected.into_iter();
        let rejected = rejected.filter_map(|(row, reject)| Some((place(row)?, reject)));
        judged.rejected = rejected.collect();
        judged
    }
}

/// What became of records after they were cast.
#[derive(Debug, Default)]
pub(in crate::silver) struct Judged {
    /// The records that are rejected.
    pub(in crate::silver) rejected: BTreeMap<Place, Reject>,
    /// Those that are left out, by their source.
    pub(in crate::silver) filtered: BTreeMap<u32, Filtered>,
    /// How many values became null, and how many times could mean two, by source, column and reason.
    pub(in crate::silver) nulled: BTreeMap<(u32, usize, &'static str), u64>,
}

/// The records of a source that are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::silver) struct Filtered {
    pub(in crate::silver) records: u64,
    /// The highest times of those that say when they happened.
    pub(in crate::silver) times: Option<Times>,
}
