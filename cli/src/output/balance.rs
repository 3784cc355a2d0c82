//! What became of events, as people read it.

use sluice::table::log::Counts;

use super::{count, duplicates, nulled, thousands};

/// What became of events and of the records in them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Balance {
    pub(crate) lines: u64,
    pub(crate) empty: u64,
    pub(crate) records: u64,
    pub(crate) rows: u64,
    pub(crate) duplicates: u64,
    pub(crate) conflicts: u64,
    pub(crate) filtered: u64,
    /// Rejected, and not taken up again.
    pub(crate) quarantined: u64,
    pub(crate) nulled: u64,
}

impl From<&Counts> for Balance {
    fn from(counts: &Counts) -> Self {
        Self {
            lines: counts.lines,
            empty: counts.empty,
            records: counts.records_once(),
            rows: counts.rows,
            duplicates: counts.duplicates,
            conflicts: counts.conflicts,
            filtered: counts.filtered,
            quarantined: counts.quarantined_still(),
            nulled: counts.nulled.total(),
        }
    }
}

impl Balance {
    /// Writes both sides: `events`, which already says how many there are, and the fates of their records. What only some
    /// datasets have is named where there is any.
    pub(crate) fn text(&self, events: &str) -> String {
        format!("{events}{} = {}", self.opened(), self.fates())
    }

    /// What was found in the events, where each of them is not one record.
    fn opened(&self) -> String {
        let empty = match self.empty {
            0 => String::new(),
            empty => format!(", {} of them empty", thousands(empty)),
        };
        match self.records == self.lines {
            true => empty,
            false => format!("{empty}, with {}", count(self.records, "record")),
        }
    }

    fn fates(&self) -> String {
        let filtered = match self.filtered {
            0 => String::new(),
            filtered => format!(" + {} filtered", thousands(filtered)),
        };
        format!(
            "{} + {}{filtered} + {} quarantined{}",
            count(self.rows, "row"),
            duplicates(self.duplicates, self.conflicts),
            thousands(self.quarantined),
            nulled(self.nulled),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_names_what_there_is() {
        let plain = Counts {
            rows: 1_200,
            ..Counts::of_lines(1_200)
        };
        assert_eq!(
            Balance::from(&plain).text("1,200 lines"),
            "1,200 lines = 1,200 rows + 0 duplicates + 0 quarantined"
        );
        let single = Counts {
            rows: 1,
            duplicates: 1,
            ..Counts::of_lines(2)
        };
        assert_eq!(
            Balance::from(&single).text("2 lines"),
            "2 lines = 1 row + 1 duplicate + 0 quarantined"
        );
        let opened = Counts {
            lines: 10,
            empty: 2,
            opened: 8,
            records: 1_200,
            rows: 700,
            duplicates: 100,
            conflicts: 1,
            filtered: 399,
            quarantined: [("overflow".to_owned().into(), 1)].into(),
            ..Counts::default()
        };
        assert!(opened.is_conserved());
        assert_eq!(
            Balance::from(&opened).text("10 events"),
            "10 events, 2 of them empty, with 1,200 records = 700 rows + 100 duplicates (1 conflict) + 399 filtered + 1 quarantined"
        );
    }
}
