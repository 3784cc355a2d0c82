//! What an audit found.

use serde::Serialize;

/// The verdict, check by check.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The dataset.
    pub dataset: String,
    /// Its generation.
    pub generation: u32,
    /// The version of silver's log that was audited; none before its first commit.
    pub version: Option<u64>,
    /// The totals.
    pub sums: Sums,
    /// What was found in the events where they were opened again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<Opened>,
    /// The checks, in the order in which events flow.
    pub checks: Vec<Check>,
}

/// What the ledger adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Objects in bronze.
    pub bronze_objects: u64,
    /// Lines that silver has accounted for, each of them an event.
    pub lines: u64,
    /// Events without a record.
    pub empty: u64,
    /// Events with a record or more.
    pub opened: u64,
    /// The records in them.
    pub records: u64,
    /// Records that became rows.
    pub rows: u64,
    /// Records whose key was there already.
    pub duplicates: u64,
    /// Those of the duplicates that are known to differ from the row that stays.
    pub conflicts: u64,
    /// Records that the dataset's condition leaves out.
    pub filtered: u64,
    /// Records in quarantine that nobody has taken up again.
    pub quarantined: u64,
    /// Records that were in quarantine and were taken up again: they count as what they have become.
    pub redriven: u64,
    /// Values that became null because their column could not take them.
    pub nulled: u64,
}

/// What events hold that were opened again, and how many bronze objects were not compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Objects of bronze whose events were opened.
    pub objects: u64,
    /// Their events.
    pub events: u64,
    /// Those without a record.
    pub empty: u64,
    /// The records of the others; an event that is refused whole is one.
    pub records: u64,
    /// Those that the dataset's condition leaves out.
    pub filtered: u64,
    /// Objects that silver refined under another definition than today's.
    pub of_another_definition: u64,
    /// Objects whose bodies are Avro.
    pub of_avro: u64,
    /// Their events.
    pub avro_events: u64,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What was looked at, in words.
    pub examined: String,
    /// The first difference; none means that it adds up.
    pub difference: Option<String>,
    /// Whether nothing could be compared, which is neither good nor bad.
    pub skipped: bool,
}

impl Check {
    /// Makes a check.
    pub(super) fn new(name: &str, examined: String, difference: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            examined,
            difference,
            skipped: false,
        }
    }

    /// Makes a check that could not be made; `reason` says why.
    pub(super) fn skipped(name: &str, reason: String) -> Self {
        Self {
            skipped: true,
            ..Self::new(name, reason, None)
        }
    }
}

impl Report {
    /// Returns whether no check found a difference.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        self.checks.iter().all(|check| check.difference.is_none())
    }

    /// Returns the first check that found a difference, and what it found.
    #[must_use]
    pub fn first_difference(&self) -> Option<(&str, &str)> {
        let mut found = self.checks.iter().filter_map(|check| {
            let difference = check.difference.as_deref()?;
            Some((check.name.as_str(), difference))
        });
        found.next()
    }
}
