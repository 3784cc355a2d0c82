//! What was injected: how often each kind happened, and how much of it; pure.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::Kind;

/// How often a kind happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) times: u64,
    /// What [`Kind::amount_of`] counts.
    pub(crate) amount: u64,
}

/// How often every kind of a run happened.
#[derive(Clone, Debug)]
pub(crate) struct Tally(BTreeMap<Kind, Count>);

impl Tally {
    /// Of these kinds none has happened.
    pub(in crate::chaos) fn of(kinds: &BTreeSet<Kind>) -> Self {
        Self(kinds.iter().map(|kind| (*kind, Count::default())).collect())
    }

    /// Notes that a kind happened, and how much of it. What the run is not to have is not noted.
    pub(in crate::chaos) fn note(&mut self, kind: Kind, amount: u64) {
        if let Some(count) = self.0.get_mut(&kind) {
            count.times += 1;
            count.amount += amount;
        }
    }

    /// Sets how often a kind happened that somebody else counts.
    pub(in crate::chaos) fn set(&mut self, kind: Kind, times: u64) {
        if let Some(count) = self.0.get_mut(&kind) {
            count.times = times;
        }
    }

    /// Adds to what a kind is counted in, once it is known.
    pub(in crate::chaos) fn add(&mut self, kind: Kind, amount: u64) {
        if let Some(count) = self.0.get_mut(&kind) {
            count.amount += amount;
        }
    }

    /// Returns whether a kind has happened.
    pub(in crate::chaos) fn has(&self, kind: Kind) -> bool {
        self.0.get(&kind).is_some_and(|count| count.times > 0)
    }

    /// How many faults there were in all.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().map(|count| count.times).sum()
    }

    /// Every kind of the run.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Kind, Count)> {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }

    /// The kinds that did not happen: of such a run nothing is proved.
    pub(crate) fn missing(&self) -> Vec<Kind> {
        let missing = self.counts().filter(|(_, count)| count.times == 0);
        missing.map(|(kind, _)| kind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_that_never_happened_is_named_and_one_that_was_left_out_is_not() {
        let mut tally = Tally::of(&[Kind::HubRestarted, Kind::GoldLocked].into());
        tally.note(Kind::GoldLocked, 3);
        tally.note(Kind::GoldLocked, 4);
        tally.note(Kind::HandlerKilled, 0);
        tally.set(Kind::ClockTurned, 9);
        assert_eq!(tally.missing(), [Kind::HubRestarted]);
        assert_eq!(tally.total(), 2);
        let locked = Count {
            times: 2,
            amount: 7,
        };
        assert!(
            tally
                .counts()
                .any(|count| count == (Kind::GoldLocked, locked))
        );
    }
}
