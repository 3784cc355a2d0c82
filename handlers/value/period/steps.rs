//! The periods of a gold table: steps of the calendar in UTC, the days of a time zone, or windows that overlap. Pure.
//!
//! A period is known by its start: of a day, week or month the date that begins it, as microseconds since 1970 as if clocks were
//! those of UTC; otherwise a point in time.

use super::calendar::Grain;
use crate::value::time::MICROS_PER_DAY;
use crate::value::time::notation::Zone;

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// The periods of a gold table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// How long a period is.
    pub grain: Grain,
    /// How many minutes lie between the starts of windows, where these overlap: a part of their length.
    pub every: Option<u8>,
    /// By whose clocks days begin; UTC's if nothing is said.
    pub zone: Option<Zone>,
}

/// A stretch of time whose events are all of the same periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its start, in microseconds since 1970.
    pub from: i64,
    /// Its end, which is excluded.
    pub until: i64,
    /// The start of the first of its periods.
    first: i64,
    /// How many there are.
    count: u8,
    /// What lies between their starts.
    every: i64,
}

impl Stretch {
    /// Returns whether a point in time lies in it.
    #[must_use]
    pub fn has(&self, time: i64) -> bool {
        (self.from..self.until).contains(&time)
    }

    /// Returns the starts of its periods, the earliest first.
    pub fn starts(self) -> impl Iterator<Item = i64> {
        (0..i64::from(self.count)).map(move |n| self.first.saturating_add(n * self.every))
    }
}

impl From<Grain> for Steps {
    fn from(grain: Grain) -> Self {
        Self {
            grain,
            every: None,
            zone: None,
        }
    }
}

impl Steps {
    /// Returns the stretch of time around `time` whose events are of the same periods. It may be shorter than a period, where
    /// windows overlap or clocks are changed.
    #[must_use]
    pub fn stretch(&self, time: i64) -> Stretch {
        let (from, until) = self.grain.bounds(time);
        let plain = Stretch {
            from,
            until,
            first: from,
            count: 1,
            every: 0,
        };
        match (self.windows(), &self.zone) {
            (Some((every, count)), _) => {
                let from = time.saturating_sub(time.rem_euclid(every));
                Stretch {
                    from,
                    until: from.saturating_add(every),
                    first: from.saturating_sub(i64::from(count - 1) * every),
                    count,
                    every,
                }
            }
            (None, Some(zone)) => {
                let steady = zone.steady(time);
                let (start, end) = self.grain.bounds(time.saturating_add(steady.offset));
                Stretch {
                    from: start.saturating_sub(steady.offset).max(steady.from),
                    until: end.saturating_sub(steady.offset).min(steady.until),
                    first: start,
                    ..plain
                }
            }
            // Earlier times belong to it too.
            (None, None) if self.grain == Grain::All => Stretch {
                from: i64::MIN,
                ..plain
            },
            (None, None) => plain,
        }
    }

    /// Returns the start of the first period that an event may be of which happens at `time` or later.
    #[must_use]
    pub fn first_open(&self, time: i64) -> i64 {
        let mut stretch = self.stretch(time);
        let mut first = stretch.first;
        if self.zone.is_none() {
            return first;
        }
        // Clocks may be set back over midnight.
        while stretch.until < time.saturating_add(2 * MICROS_PER_DAY) {
            stretch = self.stretch(stretch.until);
            first = first.min(stretch.first);
        }
        first
    }

    /// Returns the point in time at which the period with this start begins.
    #[must_use]
    pub fn begin(&self, start: i64) -> i64 {
        match &self.zone {
            Some(zone) => zone.reaches(start),
            None => start,
        }
    }

    /// Returns the point in time at which the period with this start is over: no later event is of it.
    #[must_use]
    pub fn end(&self, start: i64) -> i64 {
        match (self.every, &self.zone) {
            (_, Some(zone)) => zone.leaves(self.grain.bounds(start).1),
            (Some(_), None) => start.saturating_add(self.length()),
            (None, None) => self.grain.bounds(start).1,
        }
    }

    /// Returns how long a window is that overlaps others, in microseconds; nothing where none does.
    #[must_use]
    pub fn overlap(&self) -> Option<i64> {
        self.every.map(|_| self.length())
    }

    fn length(&self) -> i64 {
        self.grain.window_minutes().unwrap_or(0) * MICROS_PER_MINUTE
    }

    /// Returns what lies between the starts of windows that overlap, and in how many of them a point in time lies.
    fn windows(&self) -> Option<(i64, u8)> {
        let every = i64::from(self.every?) * MICROS_PER_MINUTE;
        let count = self.length().checked_div(every)?;
        let count = u8::try_from(count).ok().filter(|count| *count > 0)?;
        Some((every, count))
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> i64 {
        text.parse::<DateTime<Utc>>().unwrap().timestamp_micros()
    }

    fn local(grain: Grain, zone: &str) -> Steps {
        Steps {
            zone: Zone::named(zone),
            ..Steps::from(grain)
        }
    }

    /// Days of clocks that are set back over midnight, skip a day, or change twice within a day of each other.
    const CHANGES: [(&str, &str); 8] = [
        ("Europe/Berlin", "2026-03-29T01:00:00Z"),
        ("Europe/Berlin", "2026-10-25T01:00:00Z"),
        ("America/St_Johns", "2006-10-29T02:31:00Z"),
        ("America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        ("America/Havana", "2026-11-01T05:00:00Z"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
        ("Asia/Kathmandu", "2026-01-01T00:00:00Z"),
    ];

    #[test]
    fn a_day_of_a_zone_has_23_24_or_25_hours() {
        let steps = local(Grain::Day, "Europe/Berlin");
        for (day, hours) in [
            ("2026-03-28T00:00:00Z", 24),
            ("2026-03-29T00:00:00Z", 23),
            ("2026-10-25T00:00:00Z", 25),
        ] {
            let day = time(day);
            assert_eq!(steps.end(day) - steps.begin(day), hours * 3_600_000_000);
        }
        assert_eq!(
            steps.begin(time("2026-03-29T00:00:00Z")),
            time("2026-03-28T23:00:00Z")
        );
        // Clocks went from the end of the 29th to the 31st.
        let apia = local(Grain::Day, "Pacific/Apia");
        let skipped = time("2011-12-30T00:00:00Z");
        assert_eq!(apia.begin(skipped), apia.end(skipped));
        // Clocks were set back from a minute past midnight: the day before ended twice.
        let johns = local(Grain::Day, "America/St_Johns");
        let day = time("2006-10-29T00:00:00Z");
        assert_eq!(johns.begin(day), time("2006-10-29T02:30:00Z"));
        assert_eq!(
            johns.end(time("2006-10-28T00:00:00Z")),
            time("2006-10-29T03:30:00Z")
        );
    }

    #[test]
    fn a_point_in_time_lies_in_each_window_that_overlaps_there() {
        let steps = Steps {
            every: Some(10),
            ..Steps::from(Grain::ThirtyMinutes)
        };
        let stretch = steps.stretch(time("2026-01-01T12:34:56Z"));
        assert_eq!(stretch.from, time("2026-01-01T12:30:00Z"));
        assert_eq!(stretch.until, time("2026-01-01T12:40:00Z"));
        let starts: Vec<i64> = stretch.starts().collect();
        let expected = ["12:10", "12:20", "12:30"];
        let expected = expected.map(|start| time(&format!("2026-01-01T{start}:00Z")));
        assert_eq!(starts, expected);
        assert_eq!(steps.end(expected[0]), time("2026-01-01T12:40:00Z"));
        assert_eq!(steps.first_open(time("2026-01-01T12:34:56Z")), expected[0]);
        assert_eq!(steps.overlap(), Some(30 * MICROS_PER_MINUTE));
        assert_eq!(Steps::from(Grain::ThirtyMinutes).overlap(), None);
    }

    #[test]
    fn what_clocks_show_has_the_hashes_of_earlier_builds() {
        let hash = |name| format!("{:032x}", Zone::named(name).unwrap().rules_hash());
        assert_eq!(hash("UTC"), hash("Etc/UTC"));
        assert_ne!(hash("UTC"), hash("Africa/Abidjan"));
        assert_eq!(hash("America/St_Johns"), "5c5a5bb1d33cef9ba275179bfef83068");
    }

    fn any_steps() -> impl Strategy<Value = Steps> {
        let zoned = (0..CHANGES.len(), 0..3_usize).prop_map(|(zone, grain)| {
            let grain = [Grain::Day, Grain::Week, Grain::Month][grain];
            local(grain, CHANGES[zone].0)
        });
        let windows = (0..3_usize).prop_map(|n| {
            let (grain, every) = [
                (Grain::ThirtyMinutes, 3),
                (Grain::FiveMinutes, 1),
                (Grain::TwentyMinutes, 10),
            ][n];
            Steps {
                every: Some(every),
                ..Steps::from(grain)
            }
        });
        let plain = (0..Grain::EACH.len()).prop_map(|n| Steps::from(Grain::EACH[n]));
        prop_oneof![zoned, windows, plain]
    }

    /// Times around changes of clocks, and anywhere.
    fn any_time() -> impl Strategy<Value = i64> {
        let near = (0..CHANGES.len(), -30 * 3_600_000_i64..30 * 3_600_000)
            .prop_map(|(change, away)| time(CHANGES[change].1) + away * 1_000);
        let exact =
            (0..CHANGES.len(), -1..2_i64).prop_map(|(change, away)| time(CHANGES[change].1) + away);
        let anywhere = -2_208_988_800_000_000..253_402_300_800_000_000_i64;
        prop_oneof![near, exact, anywhere]
    }

    /// The starts of the periods of a time, in the plainest way.
    fn plainly(steps: &Steps, time: i64) -> Vec<i64> {
        if let (Some(every), Some(length)) = (steps.every, steps.overlap()) {
            let every = i64::from(every) * MICROS_PER_MINUTE;
            let last = time - time.rem_euclid(every);
            let starts = (0..60).map(|n| last - n * every);
            let mut starts: Vec<i64> = starts.filter(|start| start + length > time).collect();
            starts.reverse();
            return starts;
        }
        let shown = steps.zone.as_ref().map_or(time, |zone| zone.clock(time));
        vec![steps.grain.bounds(shown).0]
    }

    proptest! {
        #[test]
        fn all_events_of_a_stretch_are_of_its_periods(
            steps in any_steps(),
            time in any_time(),
            part in 0.0..1.0_f64,
        ) {
            let stretch = steps.stretch(time);
            prop_assert!(stretch.has(time), "{stretch:?}");
            let starts: Vec<i64> = stretch.starts().collect();
            prop_assert_eq!(&starts, &plainly(&steps, time));
            if steps.grain != Grain::All {
                let inside = ((stretch.until - stretch.from) as f64 * part) as i64;
                for other in [stretch.from, stretch.from + inside, stretch.until - 1] {
                    prop_assert_eq!(&starts, &plainly(&steps, other), "{}", other);
                }
                for start in starts {
                    prop_assert!(steps.begin(start) <= time && time < steps.end(start));
                }
            }
        }

        #[test]
        fn no_later_event_is_of_a_period_before_the_first_that_is_open(
            steps in any_steps(),
            time in any_time(),
            away in 0..100 * 3_600_000_000_i64,
        ) {
            let open = steps.first_open(time);
            prop_assert!(plainly(&steps, time + away).iter().all(|start| *start >= open));
            if steps.grain != Grain::All {
                prop_assert!(steps.end(open) > time, "it is over");
            }
        }
    }
}
