//! Events a second, of the last seconds; pure.

use std::time::Duration;

use crate::pipeline::Snapshot;

/// Over how long rates are taken.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// Totals at one time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    at: Duration,
    pub(super) hub: u64,
    pub(super) bronze: u64,
    pub(super) silver: u64,
}

/// The totals of the last seconds, from which rates follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Rates(Vec<Totals>);

impl Rates {
    /// Notes how far everything is `at` so long after the start, and forgets what is too old.
    pub(super) fn add(&mut self, at: Duration, snapshot: &Snapshot) {
        self.0.push(Totals {
            at,
            hub: snapshot.hub_events,
            bronze: snapshot.bronze_events,
            silver: snapshot.counts.lines,
        });
        self.forget(at);
    }

    fn forget(&mut self, now: Duration) {
        self.0
            .retain(|totals| now.saturating_sub(totals.at) <= RATE_WINDOW);
    }

    /// Returns the rate a second of what `total` takes, as of `now`: where nothing new was seen it falls to nothing.
    pub(super) fn of(&self, now: Duration, total: impl Fn(&Totals) -> u64) -> u64 {
        let is_recent = |totals: &&Totals| now.saturating_sub(totals.at) <= RATE_WINDOW;
        let mut recent = self.0.iter().filter(is_recent);
        let Some(first) = recent.next() else {
            return 0;
        };
        let last = recent.next_back().unwrap_or(first);
        let grown = u128::from(total(last).saturating_sub(total(first)));
        let millis = last.at.saturating_sub(first.at).as_millis();
        // After the first look there is no rate yet.
        let rate = (grown * 1_000).checked_div(millis).unwrap_or(0);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hub_events: u64) -> Snapshot {
        Snapshot {
            hub_events,
            ..Snapshot::default()
        }
    }

    #[test]
    fn rates_are_those_of_the_last_five_seconds() {
        let mut rates = Rates::default();
        let seconds = Duration::from_secs;
        let rate = |rates: &Rates, now| rates.of(seconds(now), |totals| totals.hub);
        assert_eq!(rate(&rates, 0), 0);
        rates.add(seconds(1), &at(100));
        assert_eq!(rate(&rates, 1), 0, "there is nothing to compare with");
        rates.add(seconds(2), &at(300));
        assert_eq!(rate(&rates, 2), 200);
        rates.add(seconds(6), &at(700));
        assert_eq!(rate(&rates, 6), 120);
        rates.add(seconds(9), &at(1_000));
        assert_eq!(rate(&rates, 9), 100, "what is older than 5 s is forgotten");
        assert_eq!(rate(&rates, 13), 0, "nothing has been seen since");
        assert_eq!(rate(&rates, 60), 0);
    }

    #[test]
    fn a_hub_that_was_made_anew_has_no_negative_rate() {
        let mut rates = Rates::default();
        rates.add(Duration::from_secs(1), &at(500));
        rates.add(Duration::from_secs(2), &at(0));
        assert_eq!(rates.of(Duration::from_secs(2), |totals| totals.hub), 0);
    }
}
