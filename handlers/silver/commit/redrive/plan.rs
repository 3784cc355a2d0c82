//! What would become of rejected records that are taken up, and what tells two such announcements apart. Pure.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::error::Invariant;
use crate::event::KeptReason;
use crate::silver::commit::work::Work;
use crate::table::log::{Counts, Head, Version};
use crate::value::hash::hex;

const NUMBERED: Invariant = Invariant("a row comes from a source of its group");

/// What would become of sources, as of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The id of the log.
    pub log: String,
    /// The version that it was made at.
    pub version: Version,
    /// Each source, by name.
    pub sources: Vec<SourcePlan>,
}

/// What would become of the rejected records of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePlan {
    /// The bronze object.
    pub source: String,
    /// How many records were rejected.
    pub records: u64,
    /// What they would be, or why they cannot be taken up.
    pub fates: Result<Fates, String>,
}

/// What records would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// New rows.
    pub rows: u64,
    /// Records whose key silver has.
    pub duplicates: u64,
    /// Records that the dataset's condition leaves out.
    pub filtered: u64,
    /// Records that would be rejected again, by reason.
    pub quarantined: BTreeMap<KeptReason, u64>,
    /// Values that would become null.
    pub nulled: u64,
    /// The sum of the keys of the rows, so that other rows are not taken for them.
    keys: u128,
}

/// What records have become, of which the keys are not known.
impl From<&Counts> for Fates {
    fn from(counts: &Counts) -> Self {
        Self {
            rows: counts.rows,
            duplicates: counts.duplicates,
            filtered: counts.filtered,
            quarantined: counts.quarantined.clone(),
            nulled: counts.nulled.total(),
            keys: 0,
        }
    }
}

impl Fates {
    /// Returns how many would be rejected again.
    #[must_use]
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Adds those of another source.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.duplicates += other.duplicates;
        self.filtered += other.filtered;
        for (reason, count) in &other.quarantined {
            *self.quarantined.entry(reason.clone()).or_default() += count;
        }
        self.nulled += other.nulled;
        self.keys = self.keys.wrapping_add(other.keys);
    }

    /// Says it in words.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "{} new rows, {} duplicates, {} filtered, {} quarantined again",
            self.rows,
            self.duplicates,
            self.filtered,
            self.quarantined_total()
        )
    }
}

impl SourcePlan {
    /// Says it in words.
    pub(super) fn text(&self) -> String {
        match &self.fates {
            Ok(fates) => fates.text(),
            Err(reason) => reason.clone(),
        }
    }

    /// Returns the hash of all that is announced.
    pub(super) fn hash(&self) -> String {
        let fates = match &self.fates {
            Ok(fates) => {
                let reasons = fates.quarantined.iter();
                let reasons = reasons.map(|(reason, count)| format!("{}={count}", reason.as_str()));
                format!(
                    "{} {} {} {} {} {:032x}",
                    fates.rows,
                    fates.duplicates,
                    fates.filtered,
                    reasons.collect::<Vec<_>>().join(","),
                    fates.nulled,
                    fates.keys
                )
            }
            Err(_) => "refused".to_owned(),
        };
        let text = format!("{}\n{}\n{fates}", self.source, self.records);
        hex(&xxh3_128(text.as_bytes()).to_be_bytes())
    }
}

impl Plan {
    pub(super) fn at(head: &Head) -> Self {
        Self {
            log: head.log.clone().unwrap_or_default(),
            version: head.version,
            sources: Vec::new(),
        }
    }

    /// Adds a source of so many rejected records.
    pub(super) fn add(&mut self, source: String, records: u64, fates: Result<Fates, String>) {
        self.sources.push(SourcePlan {
            source,
            records,
            fates,
        });
    }

    pub(super) fn sort(&mut self) {
        self.sources
            .sort_by(|left, right| left.source.cmp(&right.source));
    }

    /// Returns what would become of all sources together.
    #[must_use]
    pub fn total(&self) -> Fates {
        let mut total = Fates::default();
        let fates = self
            .sources
            .iter()
            .filter_map(|source| source.fates.as_ref().ok());
        fates.for_each(|fates| total.add(fates));
        total
    }

    /// Returns the token that stands for all of it: for this, and for what was `done` under the same token before, each by its
    /// bronze object as a hash.
    #[must_use]
    pub fn token(&self, done: &BTreeMap<String, String>) -> String {
        let own = self.sources.iter();
        let own = own.map(|source| (source.source.clone(), source.hash()));
        let all: BTreeMap<String, String> = own.chain(done.clone()).collect();
        let text: String = all.values().map(|hash| format!("{hash}\n")).collect();
        let log = xxh3_64(self.log.as_bytes()) as u32;
        format!("{log:08x}-{:032x}", xxh3_128(text.as_bytes()))
    }
}

/// Returns what the work on a group comes to, by source.
///
/// # Errors
/// Fails if there are more rows than records.
pub(super) fn fates(work: &Work) -> Result<Vec<(String, Fates)>, Invariant> {
    let mut counts = work.in_hand().counts(None)?;
    let mut keys = vec![0_u128; counts.len()];
    for row in &work.rows {
        let sum = keys.get_mut(row.source as usize).ok_or(NUMBERED)?;
        *sum = sum.wrapping_add(row.key);
    }
    for (number, settled) in &work.done.sources {
        let number = *number as usize;
        counts
            .get_mut(number)
            .ok_or(NUMBERED)?
            .add(&settled.counts(None));
        let sum = keys.get_mut(number).ok_or(NUMBERED)?;
        *sum = sum.wrapping_add(settled.keys);
    }
    let fates = work.names().zip(counts).zip(keys);
    let fates = fates.map(|((name, counts), keys)| {
        let fates = Fates::from(&counts);
        (name.clone(), Fates { keys, ..fates })
    });
    Ok(fates.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let source = |name: &str, rows| SourcePlan {
            source: name.to_owned(),
            records: 9,
            fates: Ok(Fates {
                rows,
                keys: u128::from(rows) << 100,
                quarantined: [(
                    KeptReason::from(crate::event::RejectReason::MissingField),
                    1,
                )]
                .into(),
                ..Fates::default()
            }),
        };
        Plan {
            log: "log".to_owned(),
            version: Version(7),
            sources: vec![source("a", 1), source("b", 2)],
        }
    }

    #[test]
    fn whatever_is_announced_counts_for_the_token_and_the_version_does_not() {
        let nothing = BTreeMap::new();
        let token = plan().token(&nothing);
        assert_eq!(token.len(), 8 + 1 + 32);
        let changed = |change: fn(&mut Fates)| {
            let mut plan = plan();
            change(plan.sources[0].fates.as_mut().unwrap());
            plan.token(&nothing)
        };
        let changes: [fn(&mut Fates); 6] = [
            |fates| fates.rows += 1,
            |fates| fates.duplicates += 1,
            |fates| fates.filtered += 1,
            |fates| fates.nulled += 1,
            |fates| fates.keys += 1,
            |fates| fates.quarantined.clear(),
        ];
        for change in changes {
            assert_ne!(changed(change), token);
        }
        let mut other = plan();
        other.version = Version(8);
        assert_eq!(other.token(&nothing), token);
        other.log.push('x');
        assert_ne!(other.token(&nothing), token);
    }

    #[test]
    fn what_was_done_before_counts_as_if_it_were_still_to_be_done() {
        let whole = plan();
        let mut rest = plan();
        let first = rest.sources.remove(0);
        let done = [(first.source.clone(), first.hash())].into();
        assert_eq!(rest.token(&done), whole.token(&BTreeMap::new()));
        assert_ne!(rest.token(&BTreeMap::new()), whole.token(&BTreeMap::new()));
    }
}
