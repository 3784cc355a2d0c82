//! From enqueued to row, for each event.
//!
//! The hub knows when it took each event, the ledger which events a source holds, the handler when the source was
//! committed. Events of one source that were enqueued in the same millisecond are one entry with a weight.

use std::collections::BTreeMap;

use serde::Serialize;

/// The events of one source, and when they had become rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) partition: String,
    /// The lowest and the highest sequence number.
    pub(super) sequences: (i64, i64),
    pub(super) row_ms: i64,
}

/// Milliseconds, weighted by events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Latencies(BTreeMap<i64, u64>);

/// What is told of latencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    pub(super) p50_ms: i64,
    pub(super) p99_ms: i64,
    pub(super) max_ms: i64,
    /// Events that were measured.
    pub(super) events: u64,
}

impl Latencies {
    /// Measures the events of `spans`; `arrivals` has, by partition, sequence numbers with the time of their events,
    /// only the first of events in a row that have the same time.
    pub(super) fn of(arrivals: &BTreeMap<String, Vec<(i64, i64)>>, spans: &[Span]) -> Self {
        let mut latencies = Self::default();
        for span in spans {
            // A partition that the hub does not have has no latencies.
            let times = arrivals
                .get(&span.partition)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let (first, last) = span.sequences;
            let from = times
                .partition_point(|(sequence, _)| *sequence <= first)
                .saturating_sub(1);
            let runs = times.get(from..).unwrap_or_default();
            for (index, (sequence, enqueued_ms)) in runs.iter().enumerate() {
                if *sequence > last {
                    break;
                }
                let next = runs.get(index + 1).map_or(i64::MAX, |(next, _)| *next);
                // At least one: runs that end before the span are skipped.
                let events = next.min(last.saturating_add(1)) - (*sequence).max(first);
                latencies.add(
                    span.row_ms - enqueued_ms,
                    u64::try_from(events).unwrap_or_default(),
                );
            }
        }
        latencies
    }

    fn add(&mut self, milliseconds: i64, events: u64) {
        if events > 0 {
            *self.0.entry(milliseconds).or_default() += events;
        }
    }

    fn events(&self) -> u64 {
        self.0.values().sum()
    }

    /// The latency that at least `percent` of a hundred events do not exceed.
    fn percentile(&self, percent: u64) -> Option<i64> {
        let rank = (u128::from(self.events()) * u128::from(percent)).div_ceil(100);
        let mut seen = 0;
        self.0.iter().find_map(|(milliseconds, events)| {
            seen += u128::from(*events);
            (seen >= rank).then_some(*milliseconds)
        })
    }

    /// None if nothing was measured.
    pub(super) fn summary(&self) -> Option<Summary> {
        Some(Summary {
            p50_ms: self.percentile(50)?,
            p99_ms: self.percentile(99)?,
            max_ms: self.percentile(100)?,
            events: self.events(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(times: &[(i64, i64)]) -> BTreeMap<String, Vec<(i64, i64)>> {
        BTreeMap::from([("0".to_owned(), times.to_vec())])
    }

    fn span(first: i64, last: i64, row_ms: i64) -> Span {
        Span {
            partition: "0".to_owned(),
            sequences: (first, last),
            row_ms,
        }
    }

    #[test]
    fn every_event_has_the_time_at_which_it_was_enqueued() {
        // 0 to 9 at 100, 10 to 14 at 130, all others at 190.
        let arrivals = arrivals(&[(0, 100), (10, 130), (15, 190)]);
        let latencies = Latencies::of(&arrivals, &[span(0, 11, 200), span(12, 19, 300)]);
        let expected = [(100, 10), (70, 2), (170, 3), (110, 5)];
        assert_eq!(latencies, Latencies(expected.into()));
    }

    #[test]
    fn a_partition_that_is_not_known_has_no_latencies() {
        let mut elsewhere = span(0, 9, 1);
        elsewhere.partition = "7".to_owned();
        let latencies = Latencies::of(&arrivals(&[(0, 0)]), &[elsewhere]);
        assert_eq!(latencies.summary(), None);
    }

    #[test]
    fn percentiles_are_weighted_by_events() {
        let latencies = Latencies([(5, 98), (10, 1), (1_000, 1)].into());
        let summary = latencies.summary().unwrap();
        assert_eq!(
            (summary.p50_ms, summary.p99_ms, summary.max_ms),
            (5, 10, 1_000)
        );
        let one = Latencies([(7, 1)].into()).summary().unwrap();
        assert_eq!((one.p50_ms, one.p99_ms, one.events), (7, 7, 1));
        let halves = Latencies([(1, 50), (2, 50)].into()).summary().unwrap();
        assert_eq!((halves.p50_ms, halves.p99_ms), (1, 2));
    }
}
