//! Schedules, statuses and runs on a clock that the tests turn.

use std::sync::{Mutex, OnceLock};

use async_trait::async_trait;

use super::*;
use crate::functions_host::invoke::{Invocation, InvocationError};
use crate::functions_host::trigger::stop::StopSwitch;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

fn hourly() -> Schedule {
    Schedule::parse("0 0 * * * *").expect("a schedule")
}

/// The status after the first run of an hourly timer.
fn after_a_run(ran: DateTime<Utc>) -> ScheduleStatus {
    let before = ScheduleStatus {
        last: never(),
        next: ran,
        last_updated: never(),
    };
    after_run(&hourly(), before, ran)
}

/// The time of day by Tokio's clock, so that it can be paused.
fn paused_now() -> DateTime<Utc> {
    static START: OnceLock<tokio::time::Instant> = OnceLock::new();
    let start = START.get_or_init(tokio::time::Instant::now);
    time("2026-11-22T15:00:00.5Z") + start.elapsed()
}

#[test]
fn a_timer_that_was_never_seen_is_not_past_due() {
    let now = time("2026-11-22T15:12:10Z");
    let status = first_status(&hourly(), None, now);
    assert_eq!(status.next, time("2026-11-22T16:00:00Z"));
    assert_eq!(status.last, never());
    assert!(!is_past_due(status, now));
}

#[test]
fn a_run_missed_while_the_host_was_down_is_past_due() {
    let ran = time("2026-11-22T15:00:00Z");
    let now = time("2026-11-22T18:12:10Z");
    let known = after_a_run(ran);
    let status = first_status(&hourly(), Some(known), now);
    assert_eq!(status, known);
    assert!(is_past_due(status, now));
}

#[test]
fn a_changed_schedule_starts_afresh() {
    let ran = time("2026-11-22T15:00:00Z");
    let now = time("2026-11-22T18:12:10Z");
    let known = after_a_run(ran);
    let daily = Schedule::parse("0 0 0 * * *").expect("a schedule");
    let status = first_status(&daily, Some(known), now);
    assert_eq!(status.next, time("2026-11-23T00:00:00Z"));
    assert!(!is_past_due(status, now));
}

/// Takes longer than a second per run and notes how many run at once.
#[derive(Default)]
struct Slow {
    running: Mutex<(usize, usize, Vec<String>)>,
}

#[async_trait]
impl Dispatch for Slow {
    async fn dispatch(&self, invocation: &Invocation) -> Result<(), InvocationError> {
        {
            let mut running = self.running.lock().expect("lock");
            running.0 += 1;
            running.1 = running.1.max(running.0);
            let [head, _] = &invocation.body;
            running.2.push(String::from_utf8_lossy(head).into_owned());
        }
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        self.running.lock().expect("lock").0 -= 1;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn runs_do_not_overlap_and_a_request_runs_at_once() {
    let slow = Arc::new(Slow::default());
    let (switch, stop) = StopSwitch::new();
    let (requests, receiver) = mpsc::unbounded_channel();
    let timer = Timer {
        target: Target {
            function: "gold".to_owned(),
            retry: None,
        },
        binding: "timer".to_owned(),
        trigger: TimerTrigger {
            schedule: Schedule::parse("* * * * * *").expect("a schedule"),
            run_on_startup: true,
            use_monitor: true,
        },
        monitor: None,
        requests: receiver,
        dispatch: Arc::clone(&slow) as Arc<dyn Dispatch>,
        events: EventSink::default(),
        now: paused_now,
        stop,
    };
    let task = tokio::spawn(timer.run());
    for _ in 0..2 {
        let (reply, outcome) = oneshot::channel();
        requests.send(reply).expect("the timer runs");
        assert!(matches!(outcome.await, Ok(Outcome::Succeeded)));
    }
    switch.stop();
    task.await.expect("the timer ends");
    let running = slow.running.lock().expect("lock");
    assert_eq!(running.1, 1);
    assert!(running.2.len() >= 3, "start-up and two requests");
    let expected = r#"{"Data":{"timer":{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}},"Metadata":{"#;
    assert!(running.2.iter().all(|body| body == expected));
}
