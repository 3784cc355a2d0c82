//! Which periods are said to be final, and when: by what bronze and the head say, and by the account's clock where a stream
//! is quiet.

use std::sync::Arc;

use sluice::clock::ManualClock;
use sluice::event::UnixMillis;
use sluice::gold::{Ended, Published, Rebuild};
use sluice::store::object::{MemoryObjectStore, ObjectPath};
use sluice::warehouse::schema::FRESHNESS;
use testkit::datasets::{THINGS, replace};
use testkit::events::{DAY, HOUR, MINUTE, START, thing};
use testkit::faulty::{How, Script, When};
use testkit::world::{Committed, Event, Process, World, deadline, event, events};

use super::scripted;

/// Up to when the periods of a table are final, as reports see it.
async fn settled(world: &World, table: &str) -> Option<String> {
    let freshness = world.warehouse().read_table(FRESHNESS, None, 100).await;
    let freshness = freshness.unwrap();
    let column = |name| freshness.columns.iter().position(|column| column == name);
    let mut rows = freshness.rows.iter();
    let row = rows.find(|row| row[0].as_deref() == Some(table))?;
    row[column("settled_until").unwrap()].clone()
}

async fn publish(process: &Process) -> Published {
    process.app.gold.publish(deadline()).await.unwrap()
}

/// How often the process has looked at the warehouse.
fn looks(process: &Process) -> usize {
    process.script.calls("look").len()
}

/// A stream of which everything is refined: its events are of 11:00 and 11:50, and were enqueued at 11:00. Late is what
/// comes after an hour, and quiet is a stream without an event for an hour.
async fn stream(world: &World, process: &Process) {
    let source = world.put("0", 0, &[thing(1, 0, 1), thing(2, 50, 1)]).await;
    process.refine(&source).await;
}

#[tokio::test]
async fn periods_are_final_up_to_the_watermark_but_not_beyond_what_waits() {
    let world = World::new();
    let process = world.process();
    let source = world.put("0", 0, &[thing(1, 0, 1), thing(2, 300, 1)]).await;
    process.refine(&source).await;
    publish(&process).await;
    let text = Some("2025-11-14T15:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, text);
    assert_eq!(settled(&world, "ever").await, None, "it has no periods");

    // What waits was enqueued at 11:00, and no period becomes final that it may change; none ceases to be.
    world.wait(5 * MINUTE);
    let waits = world.put("0", 2, &[thing(3, 1, 1)]).await;
    let later = world.put("0", 3, &[thing(4, 600, 1)]).await;
    process.refine(&later).await;
    publish(&process).await;
    assert_eq!(settled(&world, "hourly").await, text);
    world.wait(5 * MINUTE);
    process.refine(&waits).await;
    publish(&process).await;
    let text = Some("2025-11-14T20:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, text);
}

#[tokio::test]
async fn an_object_that_waits_holds_back_what_its_events_may_change() {
    let world = World::new();
    let process = world.process();
    let first = world.put("0", 0, &[thing(1, 0, 1), thing(2, 300, 1)]).await;
    world.put("1", 0, &[thing(3, 1, 1)]).await;
    process.refine(&first).await;
    publish(&process).await;
    let held = Some("2025-11-14T10:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, held);
}

#[tokio::test]
async fn a_stream_that_falls_quiet_settles_its_last_hour() {
    let world = World::new();
    let process = world.process();
    stream(&world, &process).await;
    publish(&process).await;
    let at = |hour: &str| Some(format!("2025-11-14T{hour}:00:00Z"));
    assert_eq!(settled(&world, "hourly").await, at("10"));
    // A period is final once it is over, no event may be late, and the stream is quiet; a run before that does not look at
    // the warehouse.
    for (hours, expected) in [(2, "11"), (3, "12"), (4, "13")] {
        let due = START + hours * HOUR;
        world.clock.set(UnixMillis(due - 1));
        let before = looks(&process);
        assert_eq!(publish(&process).await.ended, Ended::Unchanged);
        assert_eq!(looks(&process), before);
        world.clock.set(UnixMillis(due));
        let published = publish(&process).await;
        assert_eq!(
            (published.ended, published.transactions),
            (Ended::UpToDate, 1)
        );
        assert_eq!(settled(&world, "hourly").await, at(expected));
        assert_eq!(publish(&process).await.ended, Ended::Unchanged);
    }
    let report = testkit::read::gold(&*world.warehouse(), "hourly_report").await;
    let is_settled = report
        .columns
        .iter()
        .position(|column| column == "is_settled");
    assert_eq!(report.rows[0][is_settled.unwrap()].as_deref(), Some("true"));
}

#[tokio::test]
async fn a_quiet_stream_does_not_wake_the_database_for_empty_periods() {
    let text = replace(
        THINGS,
        "max_clock_skew = \"48h\"",
        "max_clock_skew = \"1h\"",
    );
    let text = replace(&text, "grain = \"day\"", "grain = \"hour\"");
    let world = World::builder().dataset(&text).build();
    let process = world.process();
    stream(&world, &process).await;
    let mut woken = Vec::new();
    for minute in 0..(2 * 24 * 60) {
        world.clock.set(UnixMillis(START + minute * MINUTE));
        let before = looks(&process);
        publish(&process).await;
        if looks(&process) > before {
            woken.push(minute);
        }
    }
    // Three periods, of which events may be in the last, and then once a day.
    assert_eq!(woken, [0, 120, 180, 240, 240 + 24 * 60]);
}

#[tokio::test]
async fn a_clock_of_the_instance_that_is_ahead_settles_nothing() {
    let account = Arc::new(ManualClock::at(UnixMillis(START)));
    let clock = Arc::clone(&account);
    let builder = World::builder().lake(|_| Arc::new(MemoryObjectStore::new(clock)));
    let world = builder.build();
    let process = world.process();
    stream(&world, &process).await;
    world.wait(10 * HOUR);
    publish(&process).await;
    let held = Some("2025-11-14T10:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, held);
    // One that is behind does not keep anything from becoming final.
    account.set(UnixMillis(START + 3 * HOUR));
    world.clock.set(UnixMillis(START + 3 * HOUR - 30 * MINUTE));
    publish(&world.process()).await;
    let last = Some("2025-11-14T12:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, last);
}

#[tokio::test]
async fn a_clock_that_is_hours_behind_may_have_missed_folders_and_settles_nothing() {
    let account = Arc::new(ManualClock::at(UnixMillis(START)));
    let clock = Arc::clone(&account);
    let builder = World::builder().lake(|_| Arc::new(MemoryObjectStore::new(clock)));
    let world = builder.build();
    let process = world.process();
    stream(&world, &process).await;
    // From now on folders are looked at one by one.
    process.maintain(false).await;
    account.set(UnixMillis(START + 9 * HOUR));
    publish(&process).await;
    assert_eq!(settled(&world, "hourly").await, None);
    world.clock.set(UnixMillis(START + 9 * HOUR));
    publish(&process).await;
    let last = Some("2025-11-14T18:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, last);
}

#[tokio::test]
async fn a_stream_that_is_never_quiet_waits_for_its_next_event() {
    let text = format!("quiet_after = \"off\"\n{THINGS}");
    let world = World::builder().dataset(&text).build();
    let process = world.process();
    stream(&world, &process).await;
    for _ in 0..3 {
        publish(&process).await;
        world.wait(2 * DAY);
    }
    let held = Some("2025-11-14T10:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, held);
}

#[tokio::test]
async fn a_look_that_fails_or_cannot_finish_raises_nothing_and_lowers_nothing() {
    let world = World::new();
    let process = world.process();
    stream(&world, &process).await;
    publish(&process).await;
    let first = settled(&world, "hourly").await;
    assert!(first.is_some());
    world.wait(5 * HOUR);
    let failing = world.process();
    failing
        .script
        .fail_at("list bronze/", When::Before, How::Permanent);
    let published = publish(&failing).await;
    assert_eq!(
        (published.ended, published.transactions),
        (Ended::UpToDate, 0)
    );
    assert_eq!(settled(&world, "hourly").await, first);

    // Rows are published all the same.
    let more = world.put("0", 2, &[thing(5, 60, 1)]).await;
    process.refine(&more).await;
    let failing = world.process();
    failing
        .script
        .fail_at("read memo", When::Before, How::Permanent);
    let published = publish(&failing).await;
    assert_eq!((published.ended, published.rows), (Ended::UpToDate, 1));
    assert_eq!(settled(&world, "hourly").await, first);
    // No note was left that would keep the next run from it.
    publish(&world.process()).await;
    assert!(settled(&world, "hourly").await > first);
}

#[tokio::test]
async fn a_period_that_was_final_stays_so() {
    let world = World::new();
    let process = world.process();
    stream(&world, &process).await;
    world.wait(3 * HOUR);
    publish(&process).await;
    let last = settled(&world, "hourly").await;
    assert_eq!(last.as_deref(), Some("2025-11-14T12:00:00Z"));
    // An event that waited in the hub corrects its period later.
    let source = world.put("0", 2, &[thing(6, 55, 1)]).await;
    world.wait(5 * MINUTE);
    publish(&process).await;
    process.refine(&source).await;
    world.wait(5 * MINUTE);
    let published = publish(&process).await;
    assert_eq!(published.rows, 1);
    assert_eq!(settled(&world, "hourly").await, last);
}

#[tokio::test]
async fn only_a_timer_s_run_calls_periods_final() {
    let world = World::new();
    let process = world.process();
    stream(&world, &process).await;
    let rebuild = Rebuild::All;
    let published = process
        .app
        .gold
        .rebuild(&rebuild, deadline())
        .await
        .unwrap();
    assert_eq!(published.rebuilt.len(), 3);
    assert_eq!(settled(&world, "hourly").await, None);
    publish(&process).await;
    let first = Some("2025-11-14T10:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, first);
}

#[tokio::test]
async fn a_look_counts_for_a_minute() {
    let world = World::new();
    let process = world.process();
    let lists = |process: &Process| process.script.calls("list bronze/").len();
    for second in 0..5 {
        let id = second + 1;
        let source = world.put("0", second, &[thing(id, 60 * id, 1)]).await;
        process.refine(&source).await;
        publish(&process).await;
        world.wait(10_000);
    }
    assert_eq!(lists(&process), 1);
    // What it saw is not taken for more: the watermark is that of the head that was read after it.
    let first = Some("2025-11-14T11:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, first);
    // Once it no longer counts, bronze is looked at again although nothing is new.
    world.wait(9_999);
    assert_eq!(publish(&process).await.ended, Ended::Unchanged);
    world.wait(60_000);
    publish(&process).await;
    assert_eq!(lists(&process), 2);
    let later = Some("2025-11-14T15:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, later);
}

#[tokio::test]
async fn on_the_way_to_the_head_nothing_becomes_final() {
    let world = Committed::new();
    world.initialize().await;
    world.publish().await;
    for step in 0..6 {
        world.append(&[&events(step * 10, 4)]).await;
    }
    let script = Script::new();
    let gold = scripted(&world, &script).with_limits(testkit::world::SMALL);
    script.fail_at("commit", When::After, How::Crash);
    let done = script.run(gold.publish(deadline())).await;
    assert!(done.is_none());
    assert!(world.world.published().await.unwrap() < world.world.version().await);
    assert_eq!(settled(&world.world, "hourly").await, None);
    world.publish().await;
    assert!(settled(&world.world, "hourly").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_anywhere_while_it_raises_is_made_up_for() {
    for when in [When::Before, When::After] {
        let mut call = 0;
        loop {
            let world = World::new();
            let process = world.process();
            stream(&world, &process).await;
            publish(&process).await;
            world.wait(3 * HOUR);
            let dying = world.process_with(Script::failing_at(call, when, How::Crash));
            let run = dying.app.gold.publish(deadline());
            let ended = dying.script.run(run).await;
            publish(&world.process()).await;
            let last = Some("2025-11-14T12:00:00Z".to_owned());
            assert_eq!(settled(&world, "hourly").await, last, "{when:?} {call}");
            if ended.is_some() {
                break;
            }
            call += 1;
        }
        assert!(call > 6, "{call} calls");
    }
}

#[tokio::test]
async fn a_blocked_table_lets_the_database_sleep_until_it_is_tried_again() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let large = |id| Event {
        amount: 10_i128.pow(38) - 1,
        ..event(id, 0, None, 0)
    };
    world.append(&[&[large(100), large(101)]]).await;
    let script = Script::new();
    let gold = scripted(&world, &script);
    let blocked = gold.publish(deadline()).await.unwrap();
    assert_eq!(blocked.ended, Ended::Blocked);
    assert!(!blocked.blocked.is_empty());

    // Another instance says the same, without a look, for a day.
    let looks = || script.calls("look").len();
    let before = looks();
    let other = scripted(&world, &script);
    for _ in 0..3 {
        world.world.wait(DAY / 4);
        let again = other.publish(deadline()).await.unwrap();
        assert_eq!(
            (again.ended, &again.blocked),
            (Ended::Blocked, &blocked.blocked)
        );
    }
    assert_eq!(looks(), before);
    world.world.wait(DAY / 4);
    other.publish(deadline()).await.unwrap();
    assert_eq!(looks(), before + 1);
}

#[tokio::test]
async fn what_bronze_loses_while_it_waits_does_not_hold_periods_back() {
    let world = World::new();
    let process = world.process();
    stream(&world, &process).await;
    let waits = world.put("1", 0, &[thing(7, 1, 1)]).await;
    world.wait(3 * HOUR);
    publish(&process).await;
    let held = Some("2025-11-14T10:00:00Z".to_owned());
    assert_eq!(settled(&world, "hourly").await, held);
    let path = ObjectPath::new("bronze", &waits.name);
    world.lake.delete(&path).await.unwrap();
    world.wait(DAY);
    publish(&process).await;
    assert!(settled(&world, "hourly").await > held);
}
