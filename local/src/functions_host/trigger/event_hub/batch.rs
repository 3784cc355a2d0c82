//! How many events go into one invocation, and when.

use std::time::{Duration, Instant};

use crate::functions_host::config::EventHubsOptions;
use crate::functions_host::wire::event_hub::HubEvent;

/// Holds events of one partition back until there are enough of them, or until they waited long enough.
#[derive(Debug)]
pub(super) struct Batcher {
    min: usize,
    max: usize,
    max_wait: Duration,
    held: Vec<HubEvent>,
    since: Option<Instant>,
}

/// The next step of a partition's processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Receive up to so many events for so long; no time means until there is one.
    Receive { room: usize, wait: Option<Duration> },
    /// Invoke the function with what is held.
    Deliver,
}

impl Batcher {
    pub(super) fn new(options: &EventHubsOptions) -> Self {
        Self {
            min: options.min_event_batch_size,
            max: options.max_event_batch_size,
            max_wait: options.max_wait_time,
            held: Vec::new(),
            since: None,
        }
    }

    pub(super) fn step(&self, now: Instant) -> Step {
        let room = self.max.saturating_sub(self.held.len());
        let Some(since) = self.since else {
            return Step::Receive { room, wait: None };
        };
        let left = self.max_wait.saturating_sub(now.duration_since(since));
        if self.held.len() >= self.min || room == 0 || left.is_zero() {
            return Step::Deliver;
        }
        Step::Receive {
            room,
            wait: Some(left),
        }
    }

    pub(super) fn add(&mut self, events: Vec<HubEvent>, now: Instant) {
        if !events.is_empty() {
            self.since.get_or_insert(now);
            self.held.extend(events);
        }
    }

    pub(super) fn take(&mut self) -> Vec<HubEvent> {
        self.since = None;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions_host::trigger::event_hub::tests::event;

    fn batcher(min: usize, max: usize) -> Batcher {
        Batcher::new(&EventHubsOptions {
            max_event_batch_size: max,
            min_event_batch_size: min,
            max_wait_time: Duration::from_secs(2),
            prefetch_count: 300,
            batch_checkpoint_frequency: 1,
        })
    }

    #[test]
    fn without_a_minimum_whatever_comes_is_delivered() {
        let now = Instant::now();
        let mut batcher = batcher(1, 10);
        assert_eq!(
            batcher.step(now),
            Step::Receive {
                room: 10,
                wait: None
            }
        );
        batcher.add(vec![event(1)], now);
        assert_eq!(batcher.step(now), Step::Deliver);
        assert_eq!(batcher.take().len(), 1);
        assert_eq!(
            batcher.step(now),
            Step::Receive {
                room: 10,
                wait: None
            }
        );
    }

    #[test]
    fn events_below_the_minimum_wait_a_bounded_time() {
        let now = Instant::now();
        let later = |millis| now + Duration::from_millis(millis);
        let mut batcher = batcher(5, 10);
        batcher.add(vec![event(1), event(2)], now);
        batcher.add(vec![event(3)], later(500));
        let wait = Some(Duration::from_millis(1500));
        assert_eq!(batcher.step(later(500)), Step::Receive { room: 7, wait });
        assert_eq!(batcher.step(later(2000)), Step::Deliver);
    }

    #[test]
    fn a_full_batch_does_not_wait() {
        let now = Instant::now();
        let mut batcher = batcher(2, 2);
        batcher.add(vec![event(1), event(2)], now);
        assert_eq!(batcher.step(now), Step::Deliver);
    }
}
