//! What is done when: made of a seed and a length before anything runs, and of nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use sluice_local::faulty_proxy::Fault;

use super::kind::Kind;

/// How many hosts there are.
pub(in crate::chaos) const HOSTS: usize = 2;
/// The largest batches that a host delivers to bronze, of which one is drawn.
const BATCHES: [u16; 4] = [61, 150, 400, 1_000];
/// How far a clock is turned, in milliseconds.
const TURNED_MS: std::ops::Range<i64> = 300_000..10_800_000;
const HELD_MS: std::ops::Range<u64> = 4_000..10_000;
const STORM_MS: std::ops::Range<u64> = 3_000..6_000;
const LOCKED_MS: std::ops::Range<u64> = 2_000..7_000;
const FLOOD: std::ops::Range<u32> = 100..1_500;
const SET_BACK: std::ops::Range<i64> = 50..2_000;

/// Something to do to the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chaos) enum Act {
    Kill {
        host: usize,
    },
    Hold {
        host: usize,
    },
    Continue {
        host: usize,
    },
    RestartHost {
        host: usize,
        batch: u16,
    },
    RestartHub,
    RestartStorage,
    BeginStorm(Fault),
    EndStorm(Fault),
    /// Restarts both hosts, each with batches of another size, with their checkpoints so many events back.
    SetBack {
        events: i64,
        batches: [u16; HOSTS],
    },
    OverlapTimers,
    LockGold,
    UnlockGold,
    Flood {
        events: u32,
    },
    /// Restarts a host whose handler has a clock that is off by so much.
    TurnClock {
        host: usize,
        by_ms: i64,
    },
}

impl Act {
    /// The kind that it begins; nothing where it ends one.
    pub(in crate::chaos) fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Kill { .. } => Kind::HandlerKilled,
            Self::Hold { .. } => Kind::HandlerHeld,
            Self::RestartHost { .. } => Kind::HostRestarted,
            Self::RestartHub => Kind::HubRestarted,
            Self::RestartStorage => Kind::StorageRestarted,
            Self::BeginStorm(fault) => Kind::Storage(fault),
            Self::SetBack { .. } => Kind::Redelivered,
            Self::OverlapTimers => Kind::TimersOverlapped,
            Self::LockGold => Kind::GoldLocked,
            Self::Flood { .. } => Kind::BrokenFlood,
            Self::TurnClock { .. } => Kind::ClockTurned,
            Self::Continue { .. } | Self::EndStorm(_) | Self::UnlockGold => return None,
        })
    }
}

/// An act, and when it is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chaos) struct Step {
    pub(in crate::chaos) at: Duration,
    pub(in crate::chaos) act: Act,
}

/// Makes the schedule of a run: every kind happens, each as often as it is to, spread over the whole time.
pub(in crate::chaos) fn schedule(seed: u64, length: Duration, kinds: &BTreeSet<Kind>) -> Vec<Step> {
    let mut random = fastrand::Rng::with_seed(seed);
    let length = millis(length).max(1);
    let mut steps = Vec::new();
    for kind in kinds {
        let times = (length / millis(kind.every()).max(1)).max(1);
        for time in 0..times {
            // Each within its own part of the time.
            let (from, until) = (length * time / times, length * (time + 1) / times);
            let at = random.u64(from..until.max(from + 1));
            let (act, end) = act(*kind, &mut random);
            steps.push(step(at, act));
            steps.extend(end.map(|(after, act)| step(at + after, act)));
        }
    }
    steps.sort_by_key(|step| step.at);
    steps
}

fn step(at_ms: u64, act: Act) -> Step {
    let at = Duration::from_millis(at_ms);
    Step { at, act }
}

/// Draws an act of a kind, and where it lasts, how long and what ends it.
fn act(kind: Kind, random: &mut fastrand::Rng) -> (Act, Option<(u64, Act)>) {
    let host = random.usize(..HOSTS);
    let mut batch = || BATCHES[random.usize(..BATCHES.len())];
    let act = match kind {
        Kind::HandlerKilled => Act::Kill { host },
        Kind::HandlerHeld => {
            let end = Act::Continue { host };
            return (Act::Hold { host }, Some((random.u64(HELD_MS), end)));
        }
        Kind::HostRestarted => Act::RestartHost {
            host,
            batch: batch(),
        },
        Kind::HubRestarted => Act::RestartHub,
        Kind::StorageRestarted => Act::RestartStorage,
        Kind::Storage(fault) => {
            let end = Act::EndStorm(fault);
            return (Act::BeginStorm(fault), Some((random.u64(STORM_MS), end)));
        }
        Kind::Redelivered => {
            let batches = std::array::from_fn(|_| batch());
            let events = random.i64(SET_BACK);
            Act::SetBack { events, batches }
        }
        Kind::TimersOverlapped => Act::OverlapTimers,
        Kind::GoldLocked => {
            return (
                Act::LockGold,
                Some((random.u64(LOCKED_MS), Act::UnlockGold)),
            );
        }
        Kind::BrokenFlood => Act::Flood {
            events: random.u32(FLOOD),
        },
        Kind::ClockTurned => {
            let by_ms = random.i64(TURNED_MS);
            let by_ms = if random.bool() { by_ms } else { -by_ms };
            Act::TurnClock { host, by_ms }
        }
    };
    (act, None)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn counts(steps: &[Step]) -> BTreeMap<Kind, u64> {
        let mut counts = BTreeMap::new();
        for kind in steps.iter().filter_map(|step| step.act.kind()) {
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }

    #[test]
    fn the_same_seed_makes_the_same_schedule_and_another_one_another() {
        let kinds = BTreeSet::from(Kind::ALL);
        let of = |seed| schedule(seed, Duration::from_secs(600), &kinds);
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn every_kind_is_due_in_the_shortest_run_and_no_other() {
        let kinds = BTreeSet::from(Kind::ALL);
        for seed in 0..50 {
            let steps = schedule(seed, Duration::from_secs(10), &kinds);
            let due: BTreeSet<Kind> = counts(&steps).into_keys().collect();
            assert_eq!(due, kinds, "{seed}");
        }
        let one = BTreeSet::from([Kind::HubRestarted]);
        let steps = schedule(1, Duration::from_secs(10), &one);
        assert_eq!(counts(&steps), [(Kind::HubRestarted, 1)].into());
    }

    #[test]
    fn an_hour_has_more_than_a_thousand_kills_spread_over_all_of_it() {
        let kinds = BTreeSet::from(Kind::ALL);
        let steps = schedule(3, Duration::from_secs(3_600), &kinds);
        assert_eq!(counts(&steps)[&Kind::HandlerKilled], 1_800);
        assert!(steps.is_sorted_by_key(|step| step.at));
        for minute in 0..60 {
            let within = |step: &&Step| step.at.as_secs() / 60 == minute;
            let kills = steps.iter().filter(within);
            let kills = kills
                .filter(|step| matches!(step.act, Act::Kill { .. }))
                .count();
            assert!((28..=32).contains(&kills), "minute {minute}: {kills}");
        }
    }

    #[test]
    fn what_begins_and_lasts_is_ended() {
        let kinds = BTreeSet::from(Kind::ALL);
        let steps = schedule(4, Duration::from_secs(900), &kinds);
        let of = |wanted: fn(&Act) -> bool| steps.iter().filter(|step| wanted(&step.act)).count();
        let held = of(|act| matches!(act, Act::Hold { .. }));
        assert_eq!(held, of(|act| matches!(act, Act::Continue { .. })));
        let locked = of(|act| matches!(act, Act::LockGold));
        assert_eq!(locked, of(|act| matches!(act, Act::UnlockGold)));
        let storms = of(|act| matches!(act, Act::BeginStorm(_)));
        assert_eq!(storms, of(|act| matches!(act, Act::EndStorm(_))));
        assert!(held > 0 && locked > 0 && storms > 0);
    }
}
