//! What silver counts, and how many of its rows a transaction takes in: so that whoever reads gold can see that nothing is
//! missing. Pure.

use crate::table::log::{Commit, DataFile, Head, Totals};

/// What silver has counted up to a version: `records = rows + duplicates + filtered + quarantined - redriven` (S2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Events.
    pub events: u64,
    /// Their records.
    pub records: u64,
    /// Rows written.
    pub rows: u64,
    /// Records whose key was there already.
    pub duplicates: u64,
    /// Records that the dataset's condition leaves out.
    pub filtered: u64,
    /// Records rejected.
    pub quarantined: u64,
    /// Those of them that were taken up again, and have another fate as well.
    pub redriven: u64,
}

impl Counted {
    /// Returns what the totals of a log count.
    #[must_use]
    pub fn of(totals: &Totals) -> Self {
        let counts = &totals.counts;
        Self {
            events: counts.lines,
            records: counts.records_once(),
            rows: counts.rows,
            duplicates: counts.duplicates,
            filtered: counts.filtered,
            quarantined: counts.quarantined_total(),
            redriven: counts.redriven,
        }
    }

    /// Returns the counts by the names of the columns that keep them.
    #[must_use]
    pub fn columns(&self) -> [(&'static str, u64); 7] {
        [
            ("events", self.events),
            ("records", self.records),
            ("rows", self.rows),
            ("duplicates", self.duplicates),
            ("filtered", self.filtered),
            ("quarantined", self.quarantined),
            ("redriven", self.redriven),
        ]
    }
}

/// What a transaction says of the balance. A table has then taken in what the books say of the version that it comes from,
/// and `taken` rows more; one that is made anew has taken in those alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// What silver counts at the version that the tables move to; nothing where its log does not say.
    pub silver: Option<Counted>,
    /// How many rows silver has at the version that they come from, if its log says that. The tables equal its aggregate
    /// (G1), so it stands in where the books do not tell: an earlier build moved the table.
    pub before: Option<u64>,
    /// How many rows of silver the transaction reads.
    pub taken: u64,
}

impl Balance {
    /// Returns that of a transaction that reads nothing, of tables that stand at the head.
    #[must_use]
    pub fn at(head: &Head) -> Self {
        let silver = head.totals.as_ref().map(Counted::of);
        Self {
            silver,
            before: silver.map(|silver| silver.rows),
            taken: 0,
        }
    }

    /// Returns that of a transaction that makes tables anew from all live files of the head.
    #[must_use]
    pub fn of_all(head: &Head, files: &[DataFile]) -> Self {
        Self {
            before: None,
            taken: rows_of(files),
            ..Self::at(head)
        }
    }

    /// Returns how many rows silver had before a commit, if the log says that.
    #[must_use]
    pub fn rows_before(commit: &Commit) -> Option<u64> {
        let totals = commit.totals.as_ref()?;
        totals.counts.rows.checked_sub(commit.counts.rows)
    }
}

/// Returns how many rows files have, as the log says.
#[must_use]
pub fn rows_of(files: &[DataFile]) -> u64 {
    files.iter().map(|file| file.rows).sum()
}
