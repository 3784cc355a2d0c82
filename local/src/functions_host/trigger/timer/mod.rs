//! The timer trigger.
//!
//! Runs of one timer never overlap: the next time is looked up when a run, with its retries, has
//! ended. What was missed meanwhile is run once or not at all, never once per miss. Timers that run
//! at most once a minute keep their status over restarts, and a run missed while the host was down
//! is made up for when it starts.

pub(crate) mod monitor;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::retry::{self, Outcome, Target};
use super::stop::Stop;
use crate::functions_host::config::{Schedule, TimerTrigger};
use crate::functions_host::events::{EventSink, Level};
use crate::functions_host::invoke::Dispatch;
use crate::functions_host::wire::never;
use crate::functions_host::wire::timer::{ScheduleStatus, payload};
use monitor::Monitor;

/// Asks a timer to run now; the answer is the run's outcome.
pub(crate) type RunNow = oneshot::Sender<Outcome>;

/// Runs a function on a schedule.
pub(crate) struct Timer {
    pub(crate) target: Target,
    pub(crate) binding: String,
    pub(crate) trigger: TimerTrigger,
    /// None if nothing is to be kept.
    pub(crate) monitor: Option<Box<dyn Monitor>>,
    pub(crate) requests: mpsc::UnboundedReceiver<RunNow>,
    pub(crate) dispatch: Arc<dyn Dispatch>,
    pub(crate) events: EventSink,
    /// Tells the time of day.
    pub(crate) now: fn() -> DateTime<Utc>,
    pub(crate) stop: Stop,
}

impl Timer {
    /// Runs until the host stops.
    pub(crate) async fn run(mut self) {
        let now = (self.now)();
        let mut status = self.recall(now).await;
        let past_due = status.is_some_and(|status| is_past_due(status, now));
        if past_due || self.trigger.run_on_startup {
            self.invoke(&mut status, past_due).await;
        }
        while !self.stop.is_set() {
            let next = self.trigger.schedule.next_after((self.now)());
            tokio::select! {
                biased;
                () = self.stop.wait() => return,
                Some(reply) = self.requests.recv() => {
                    let outcome = self.invoke(&mut status, false).await;
                    // Whoever asked may have gone.
                    let _ = reply.send(outcome);
                }
                () = sleep_until(next, self.now) => {
                    self.invoke(&mut status, false).await;
                }
            }
        }
    }

    async fn invoke(&self, status: &mut Option<ScheduleStatus>, past_due: bool) -> Outcome {
        let started = (self.now)();
        let payload = payload(&self.binding, *status, past_due);
        let outcome = retry::run(&*self.dispatch, &self.target, Ok(payload), &self.stop).await;
        if let Outcome::Failed(error) = &outcome {
            let function = &self.target.function;
            let text = format!("Exception while executing function: Functions.{function}. {error}");
            self.events.message(Level::Error, text);
        }
        if let Some(status) = status {
            *status = after_run(&self.trigger.schedule, *status, started);
            self.remember(*status).await;
        }
        outcome
    }

    /// The status to start with; none if the timer is not monitored.
    async fn recall(&self, now: DateTime<Utc>) -> Option<ScheduleStatus> {
        let monitor = self.monitor.as_ref()?;
        let known = match monitor.read().await {
            Ok(known) => known,
            Err(reason) => {
                self.events.message(Level::Error, reason);
                None
            }
        };
        let status = first_status(&self.trigger.schedule, known, now);
        if known != Some(status) {
            self.remember(status).await;
        }
        Some(status)
    }

    async fn remember(&self, status: ScheduleStatus) {
        if let Some(monitor) = &self.monitor
            && let Err(reason) = monitor.write(status).await
        {
            self.events.message(Level::Error, reason);
        }
    }
}

/// The status at start: the known one, unless the schedule has changed since.
fn first_status(
    schedule: &Schedule,
    known: Option<ScheduleStatus>,
    now: DateTime<Utc>,
) -> ScheduleStatus {
    let next = schedule.next_after(now).unwrap_or_else(never);
    match known {
        None => ScheduleStatus {
            last: never(),
            next,
            last_updated: never(),
        },
        Some(known) => {
            // A timer that never ran has nothing to compute the expectation from.
            let ran = known.last_updated != never();
            let expected = if ran {
                schedule.next_after(known.last_updated)
            } else {
                Some(known.next)
            };
            if expected == Some(known.next) {
                known
            } else {
                ScheduleStatus { next, ..known }
            }
        }
    }
}

fn is_past_due(status: ScheduleStatus, now: DateTime<Utc>) -> bool {
    status.next != never() && now > status.next
}

fn after_run(
    schedule: &Schedule,
    status: ScheduleStatus,
    started: DateTime<Utc>,
) -> ScheduleStatus {
    let next = schedule.next_after(started).unwrap_or(status.next);
    ScheduleStatus {
        last: started,
        next,
        last_updated: started,
    }
}

/// Sleeps until the clock really shows `time`; for ever if there is none.
async fn sleep_until(time: Option<DateTime<Utc>>, now: fn() -> DateTime<Utc>) {
    let Some(time) = time else {
        return std::future::pending().await;
    };
    loop {
        let left = (time - now()).to_std().unwrap_or(Duration::ZERO);
        if left.is_zero() {
            return;
        }
        // In short steps, so that a clock that is set does not delay a run for long.
        tokio::time::sleep(left.min(Duration::from_secs(60))).await;
    }
}
