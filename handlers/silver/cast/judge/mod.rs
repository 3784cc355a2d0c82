//! What becomes of records once all records of a group are cast; pure.

pub(super) mod computed;

use std::collections::BTreeMap;

use super::reject::Reject;
use crate::event::RejectReason;

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
pub(super) struct Verdicts {
    rejected: BTreeMap<u32, Reject>,
    /// The rows with a value that became null, its column and the reason.
    nulled: Vec<(u32, usize, RejectReason)>,
}

impl Verdicts {
    /// Rejects a record, unless it has been rejected before.
    fn reject(&mut self, row: u32, reject: impl FnOnce() -> Reject) {
        self.rejected.entry(row).or_insert_with(reject);
    }

    /// Notes that a value became null.
    fn null(&mut self, row: u32, column: usize, reason: RejectReason) {
        self.nulled.push((row, column, reason));
    }

    /// Returns for each of so many rows whether it is kept; nothing if all are.
    pub(super) fn is_kept(&self, rows: usize) -> Option<Vec<bool>> {
        if self.rejected.is_empty() {
            return None;
        }
        let mut is_kept = vec![true; rows];
        for row in self.rejected.keys() {
            if let Some(is_kept) = is_kept.get_mut(*row as usize) {
                *is_kept = false;
            }
        }
        Some(is_kept)
    }

    /// Says the same of the places where the records stand.
    pub(super) fn located(self, place: impl Fn(u32) -> Option<Place>) -> Judged {
        let mut judged = Judged::default();
        for (row, column, reason) in self.nulled {
            // Of a record that is rejected nothing is left that could be null.
            if let Some(place) = place(row).filter(|_| !self.rejected.contains_key(&row)) {
                let counted = (place.source, column, reason);
                *judged.nulled.entry(counted).or_default() += 1;
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
    /// How many values became null, by source, column and reason.
    pub(in crate::silver) nulled: BTreeMap<(u32, usize, RejectReason), u64>,
}
