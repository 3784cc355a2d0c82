//! What is measured, and the rates that follow from it.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::latency::Summary;
use super::record::Record;

/// How fast events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As fast as they go.
    Max,
    /// So many a second.
    Steady(u64),
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text == "max" => Ok(Self::Max),
            Ok(rate) if rate > 0 => Ok(Self::Steady(rate)),
            _ => Err("a rate is a number of events a second, or max".to_owned()),
        }
    }
}

impl Pace {
    /// How many events are sent: `events` as fast as they go, or for so many seconds.
    pub(super) fn events(self, events: u64, seconds: u64) -> u64 {
        match self {
            Self::Max => events,
            Self::Steady(rate) => rate.saturating_mul(seconds),
        }
    }

    /// Events a second, if that was given.
    pub(super) fn rate(self) -> Option<u64> {
        match self {
            Self::Max => None,
            Self::Steady(rate) => Some(rate),
        }
    }
}

/// What the log says about silver's work.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SilverWork {
    pub(super) commits: u64,
    pub(super) sources: u64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) dataset: String,
    pub(super) pace: Pace,
    /// Events in the hub.
    pub(super) events: u64,
    pub(super) partitions: usize,
    pub(super) gold_seconds: u8,
    /// Whether gold follows silver at once.
    pub(super) follows: bool,
    /// From the first event sent until the last one is sent.
    pub(super) sent_seconds: f64,
    /// From the first event sent until the last row is in silver.
    pub(super) silver_seconds: Option<f64>,
    /// From the first event sent until the last row is in gold.
    pub(super) gold_run_seconds: Option<f64>,
    pub(super) silver_latency: Option<Summary>,
    pub(super) gold_latency: Option<Summary>,
    pub(super) handler_memory: Option<u64>,
    pub(super) cpu_seconds: Option<BTreeMap<&'static str, f64>>,
    pub(super) silver: SilverWork,
    pub(super) heard: Record,
}

/// Calls for 1,000 events.
pub(super) fn per_thousand(calls: u64, events: u64) -> Option<f64> {
    (events > 0).then(|| calls as f64 * 1_000.0 / events as f64)
}

/// Events a second.
pub(super) fn rate(events: u64, seconds: Option<f64>) -> Option<u64> {
    let seconds = seconds.filter(|seconds| *seconds > 0.0)?;
    Some((events as f64 / seconds) as u64)
}

/// How many of `count` there are for each of `of`.
pub(super) fn ratio(count: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}

#[cfg(test)]
impl Facts {
    /// A million events in 40 seconds, every bar met.
    pub(super) fn sample() -> Self {
        use super::record::Calls;

        let latency = Summary {
            p50_ms: 900,
            p99_ms: 12_345,
            max_ms: 13_000,
            events: 1_000_000,
        };
        let heard = Record {
            stored: 1_000_000,
            objects: 1_004,
            calls: Calls {
                bronze: 1_010,
                silver: 1_400,
                gold: 90,
                sql: 0,
            },
            gold_runs: 20,
            transactions: 18,
            ..Record::default()
        };
        Self {
            dataset: "orders".to_owned(),
            pace: Pace::Max,
            events: 1_000_000,
            partitions: 4,
            gold_seconds: 2,
            follows: true,
            sent_seconds: 20.0,
            silver_seconds: Some(40.0),
            gold_run_seconds: Some(41.5),
            silver_latency: Some(latency),
            gold_latency: None,
            handler_memory: Some(100 * 1024 * 1024),
            cpu_seconds: Some(BTreeMap::from([("handler", 8.3), ("sluice", 33.2)])),
            silver: SilverWork {
                commits: 40,
                sources: 1_004,
            },
            heard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_number_or_max() {
        assert_eq!("max".parse(), Ok(Pace::Max));
        assert_eq!("5000".parse(), Ok(Pace::Steady(5_000)));
        for text in ["0", "-1", "fast", ""] {
            let error = text.parse::<Pace>().unwrap_err();
            assert!(error.ends_with("or max"), "{text}: {error}");
        }
        assert_eq!(Pace::Max.events(7, 60), 7);
        assert_eq!(Pace::Steady(50).events(7, 60), 3_000);
        assert_eq!((Pace::Max.rate(), Pace::Steady(5).rate()), (None, Some(5)));
    }

    #[test]
    fn calls_and_rates_are_taken_of_what_there_was() {
        assert_eq!(per_thousand(2_500, 1_000_000), Some(2.5));
        assert_eq!(per_thousand(1, 0), None);
        assert_eq!(rate(1_000_000, Some(40.0)), Some(25_000));
        assert_eq!(rate(1, Some(0.0)), None);
        assert_eq!(rate(1, None), None);
        assert_eq!((ratio(3, 2), ratio(3, 0)), (Some(1.5), None));
    }
}
