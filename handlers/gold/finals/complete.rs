//! Up to when everything has arrived, as far as a look at bronze can tell, and when that is to be looked at again; pure.

use std::time::Duration;

use crate::dataset::Dataset;
use crate::event::{EventTime, UnixMillis};
use crate::table::log::{Head, Version};
use crate::value::time::{micros, millis};
use crate::value::{Grain, Steps};
use crate::warehouse::Pending;

/// What a look at bronze found, and the head that was read after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gold) struct Sighting {
    /// What silver had not refined; nothing where the look could not finish.
    pub(in crate::gold) pending: Option<Pending>,
    /// When the storage account answered first, by its own clock. That of the instance decides nothing.
    pub(in crate::gold) now: Option<UnixMillis>,
    /// The version of the head.
    pub(in crate::gold) version: Version,
    /// Its watermark.
    pub(in crate::gold) watermark: Option<EventTime>,
    /// The highest enqueued time of any object that was refined by then.
    pub(in crate::gold) clock: Option<UnixMillis>,
}

/// What the dataset file says of late and missing events.
#[derive(Clone, Copy, Debug)]
pub(in crate::gold) struct Patience {
    pub(in crate::gold) allowed_lateness: Duration,
    pub(in crate::gold) quiet_after: Option<Duration>,
    pub(in crate::gold) max_clock_skew: Duration,
}

impl Patience {
    pub(in crate::gold) fn of(dataset: &Dataset) -> Self {
        Self {
            allowed_lateness: dataset.allowed_lateness,
            quiet_after: dataset.quiet_after,
            max_clock_skew: dataset.max_clock_skew,
        }
    }
}

impl Sighting {
    /// Makes a sighting of a look and the head that was read after it.
    pub(in crate::gold) fn of(
        pending: Option<Pending>,
        now: Option<UnixMillis>,
        head: &Head,
    ) -> Self {
        Self {
            pending,
            now,
            version: head.version,
            watermark: head.watermark,
            clock: head.clock,
        }
    }

    /// Returns the time before which no event is expected any more: the watermark, or when the oldest event was enqueued
    /// that silver has not refined. Where there is none of these and nothing has come for so long that the stream is
    /// quiet, the time that has passed since stands in for the watermark, here and only here.
    ///
    /// Nothing where the look could not finish.
    pub(in crate::gold) fn complete_to(&self, patience: Patience) -> Option<EventTime> {
        match self.pending?.oldest {
            Some(oldest) => self.watermark.map(|time| time.min(oldest.as_event_time())),
            None => self.watermark.max(self.quiet_since(patience)),
        }
    }

    /// Returns now minus the time after which a stream is quiet, if it is.
    fn quiet_since(&self, patience: Patience) -> Option<EventTime> {
        let quiet_after = millis(patience.quiet_after?);
        let since = UnixMillis(self.now?.0.saturating_sub(quiet_after));
        (self.clock? <= since).then(|| since.as_event_time())
    }

    /// Returns when a stream that stays quiet makes another of these periods final; nothing if it never does: while
    /// something waits, which will be a commit, and for periods after all events, for which no database is woken up.
    pub(in crate::gold) fn next_final(
        &self,
        steps: impl IntoIterator<Item = impl Into<Steps>>,
        patience: Patience,
    ) -> Option<UnixMillis> {
        // Without these a stream is never quiet.
        let is_empty = self.pending.is_some_and(|pending| pending.objects == 0);
        self.now.filter(|_| is_empty)?;
        let (quiet_after, clock) = (millis(patience.quiet_after?), self.clock?);
        let lateness = micros(patience.allowed_lateness);
        let is_quiet_from = clock.0.saturating_add(quiet_after);
        let newest = clock.as_event_time().0;
        let newest = newest.saturating_add(micros(patience.max_clock_skew));
        let complete = self.complete_to(patience);
        let mut steps = steps
            .into_iter()
            .map(Into::into)
            .filter(|steps: &Steps| steps.grain != Grain::All)
            .peekable();
        steps.peek()?;
        let next = steps.filter_map(|steps| {
            let Some(complete) = complete else {
                return Some(is_quiet_from);
            };
            let start = steps.first_open(complete.0.saturating_sub(lateness));
            // Rounded up: a millisecond too early would be another run.
            let over = steps
                .end(start)
                .saturating_add(lateness)
                .saturating_add(999)
                .div_euclid(1_000);
            (steps.begin(start) <= newest)
                .then_some(over.saturating_add(quiet_after).max(is_quiet_from))
        });
        next.min().map(UnixMillis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;
    const NOTHING: Pending = Pending {
        objects: 0,
        oldest: None,
    };
    const PATIENCE: Patience = Patience {
        allowed_lateness: Duration::from_secs(3_600),
        quiet_after: Some(Duration::from_secs(15 * 60)),
        max_clock_skew: Duration::from_secs(600),
    };

    fn waiting(since: i64) -> Pending {
        Pending {
            objects: 1,
            oldest: Some(UnixMillis(since)),
        }
    }

    /// The watermark is a minute behind the clock, which shows 10:00.
    fn sighting(pending: Option<Pending>, now: i64) -> Sighting {
        Sighting {
            pending,
            now: Some(UnixMillis(now)),
            version: Version(1),
            watermark: Some(UnixMillis(10 * HOUR - MINUTE).as_event_time()),
            clock: Some(UnixMillis(10 * HOUR)),
        }
    }

    fn complete_to(sighting: Sighting) -> Option<i64> {
        let found = sighting.complete_to(PATIENCE);
        found.map(|time| time.0 / 1_000 - 10 * HOUR)
    }

    #[test]
    fn it_is_the_watermark_but_not_beyond_what_waits() {
        let at = 10 * HOUR + MINUTE;
        assert_eq!(complete_to(sighting(Some(NOTHING), at)), Some(-MINUTE));
        let old = Some(waiting(9 * HOUR));
        assert_eq!(complete_to(sighting(old, at)), Some(-HOUR));
        let young = Some(waiting(at));
        assert_eq!(complete_to(sighting(young, at)), Some(-MINUTE));
        assert_eq!(complete_to(sighting(None, at)), None, "a look that failed");
    }

    #[test]
    fn a_quiet_stream_goes_on_by_the_clock_of_the_account() {
        let after = |minutes| 10 * HOUR + minutes * MINUTE;
        let quiet = |minutes| complete_to(sighting(Some(NOTHING), after(minutes)));
        assert_eq!(quiet(14), Some(-MINUTE));
        assert_eq!(quiet(15), Some(0));
        assert_eq!(quiet(75), Some(HOUR));
        // Something waits, the account does not say what time it is, or it is off.
        let waits = sighting(Some(waiting(after(1))), after(75));
        assert_eq!(complete_to(waits), Some(-MINUTE));
        let mut silent = sighting(Some(NOTHING), after(75));
        silent.now = None;
        assert_eq!(complete_to(silent), Some(-MINUTE));
        let off = Patience {
            quiet_after: None,
            ..PATIENCE
        };
        let watermark = sighting(Some(NOTHING), after(75)).complete_to(off);
        assert_eq!(watermark, sighting(None, 0).watermark);
        assert_eq!(
            sighting(Some(NOTHING), 0).next_final([Grain::Hour], off),
            None
        );
    }

    #[test]
    fn a_watermark_ahead_of_a_quiet_stream_stays() {
        let mut ahead = sighting(Some(NOTHING), 10 * HOUR + 20 * MINUTE);
        ahead.watermark = Some(UnixMillis(11 * HOUR).as_event_time());
        assert_eq!(complete_to(ahead), Some(HOUR));
    }

    #[test]
    fn the_next_run_is_when_quiet_makes_another_period_final() {
        let next = |complete: i64, grains: &[Grain]| {
            let mut seen = sighting(Some(NOTHING), 10 * HOUR + MINUTE);
            seen.watermark = Some(UnixMillis(complete).as_event_time());
            let due = seen.next_final(grains.iter().copied(), PATIENCE);
            due.map(|due| due.0)
        };
        // Final is what ended an hour before: 08:00 to 09:00 is, once 10:00 is complete, which it is at 10:15.
        let hourly = [Grain::Hour, Grain::All];
        assert_eq!(
            next(10 * HOUR - MINUTE, &hourly),
            Some(10 * HOUR + 15 * MINUTE)
        );
        assert_eq!(next(10 * HOUR, &hourly), Some(11 * HOUR + 15 * MINUTE));
        // The last period that may have events is that of the clock and what clocks may be ahead.
        assert_eq!(next(11 * HOUR, &hourly), Some(12 * HOUR + 15 * MINUTE));
        assert_eq!(next(12 * HOUR, &hourly), None);
        assert_eq!(
            next(12 * HOUR, &[Grain::Day]),
            Some(25 * HOUR + 15 * MINUTE)
        );
        // Of windows that of ten minutes ahead is the last one.
        let windows = |complete| next(complete, &[Grain::FiveMinutes, Grain::Day]);
        assert_eq!(
            windows(10 * HOUR + 4 * MINUTE),
            Some(10 * HOUR + 20 * MINUTE)
        );
        assert_eq!(
            windows(11 * HOUR + 10 * MINUTE),
            Some(11 * HOUR + 30 * MINUTE)
        );
        assert_eq!(
            windows(11 * HOUR + 15 * MINUTE),
            Some(25 * HOUR + 15 * MINUTE)
        );
        assert_eq!(next(10 * HOUR, &[Grain::All]), None);
        let waits = sighting(Some(waiting(0)), 10 * HOUR + MINUTE);
        assert_eq!(waits.next_final([Grain::Hour], PATIENCE), None);
    }

    #[test]
    fn a_stream_without_a_watermark_is_looked_at_when_it_is_quiet() {
        let mut seen = sighting(Some(NOTHING), 10 * HOUR + MINUTE);
        seen.watermark = None;
        assert_eq!(complete_to(seen), None);
        let due = seen.next_final([Grain::Hour], PATIENCE);
        assert_eq!(due, Some(UnixMillis(10 * HOUR + 15 * MINUTE)));
        seen.now = due;
        assert_eq!(complete_to(seen), Some(0));
    }
}
