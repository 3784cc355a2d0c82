//! Follows a run until all that was sent has arrived: it ends neither before that, nor without a reason where it never
//! will.

use std::error::Error;
use std::time::{Duration, Instant};

use super::conclude::Arrived;
use super::reasons;
use super::screen::Screen;
use super::view::Seen;
use crate::feed::Feed;
use crate::pipeline::{Snapshot, Stack, Watch};

/// How often the stores are looked at.
const TICK: Duration = Duration::from_millis(500);

/// What a run does after it has looked at how far everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Look again.
    GoOn,
    /// Run gold now: silver has everything, and the timer would only delay the end.
    Publish,
    /// Everything has arrived.
    End,
}

/// Decides what comes next; `is_all_sent` says that no more events will come.
fn next(is_all_sent: bool, snapshot: &Snapshot) -> Next {
    match (is_all_sent, snapshot.has_arrived(), snapshot.is_published()) {
        (true, true, true) => Next::End,
        (true, true, false) => Next::Publish,
        _ => Next::GoOn,
    }
}

/// Watches and shows; returns once everything that was sent has arrived, if there is an end to what is sent.
pub(super) async fn follow(
    stack: &Stack,
    mut watch: Watch,
    feed: &Feed,
    ends: bool,
    screen: &Screen,
) -> Result<Arrived, Box<dyn Error + Send + Sync>> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let looked = Instant::now();
        let is_all_sent = || ends && feed.is_done();
        let (is_all_sent, snapshot) = ask(is_all_sent, async || {
            feed.check()?;
            watch.look(stack).await
        })
        .await?;
        screen.see(Seen {
            snapshot: snapshot.clone(),
            sent: feed.sent(),
            last_event: stack.last_event(),
        });
        if let Some(reason) = reasons::hopeless(is_all_sent, &snapshot)
            && ends
        {
            screen.finish("it does not come to its end");
            return Err(format!("{reason}; the log is {}", stack.log_file().display()).into());
        }
        match next(is_all_sent, &snapshot) {
            Next::GoOn => {}
            Next::Publish => stack.publish_now().await,
            Next::End => {
                let seconds = started.elapsed().as_secs_f64();
                screen.finish(&format!("all events are processed, after {seconds:.1} s"));
                return Ok(Arrived {
                    watch,
                    snapshot,
                    seconds,
                    looked,
                });
            }
        }
    }
}

/// Asks whether all is sent and **then** looks at how far everything is: what is sent after the look is not in it.
async fn ask<E>(
    is_all_sent: impl Fn() -> bool,
    look: impl AsyncFnOnce() -> Result<Snapshot, E>,
) -> Result<(bool, Snapshot), E> {
    let is_all_sent = is_all_sent();
    Ok((is_all_sent, look().await?))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use sluice::table::log::{Counts, Version};

    use super::*;

    fn snapshot(lines: u64, published: Option<u64>) -> Snapshot {
        Snapshot {
            hub_events: 100,
            counts: Counts {
                rows: lines,
                ..Counts::of_lines(lines)
            },
            version: Version(5),
            published: published.map(Version),
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_run_without_end_goes_on_although_everything_has_arrived() {
        assert_eq!(next(false, &snapshot(100, Some(5))), Next::GoOn);
    }

    #[test]
    fn silver_that_lacks_events_is_waited_for() {
        assert_eq!(next(true, &snapshot(99, Some(5))), Next::GoOn);
    }

    #[test]
    fn gold_runs_at_once_when_it_is_all_that_is_missing() {
        assert_eq!(next(true, &snapshot(100, None)), Next::Publish);
        assert_eq!(next(true, &snapshot(100, Some(4))), Next::Publish);
    }

    #[test]
    fn a_run_ends_when_gold_stands_at_silver_s_version() {
        assert_eq!(next(true, &snapshot(100, Some(5))), Next::End);
        // Events of others may come beside those that were sent.
        assert_eq!(next(true, &snapshot(120, Some(5))), Next::End);
    }

    /// A hub, silver and a feed, of which each look sees one moment: the feed sends all and ends while the stores are
    /// being looked at.
    #[derive(Default)]
    struct Scripted {
        hub: Cell<u64>,
        is_done: Cell<bool>,
    }

    impl Scripted {
        async fn look(&self, sends: u64) -> Result<Snapshot, Infallible> {
            let hub_events = self.hub.get();
            self.hub.set(hub_events + sends);
            self.is_done.set(true);
            Ok(Snapshot {
                hub_events,
                counts: Counts {
                    rows: hub_events,
                    ..Counts::of_lines(hub_events)
                },
                published: Some(Version(0)),
                ..Snapshot::default()
            })
        }
    }

    #[tokio::test]
    async fn what_is_sent_during_a_look_is_waited_for() {
        let world = Scripted::default();
        let step = async |sends| {
            let asked = ask(|| world.is_done.get(), async || world.look(sends).await).await;
            let (is_all_sent, snapshot) = asked.unwrap();
            next(is_all_sent, &snapshot)
        };
        assert_eq!(step(3).await, Next::GoOn, "it saw nothing of the three");
        assert_eq!(step(0).await, Next::End);
    }
}
