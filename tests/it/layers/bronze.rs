//! Bronze's rules, word for word: names, ranges, what is listed when, and two owners of a partition.

use std::sync::Arc;

use bytes::Bytes;
use sluice::bronze::{IngestError, Ingested};
use sluice::event::{PartitionId, SourceEvent};
use sluice::store::object::{Metadata, ObjectPath};
use testkit::events::{MINUTE, event, thing};
use testkit::faulty::{Gate, How, When};
use testkit::world::{Process, World, deadline};

type Answer = Result<Ingested, IngestError>;

/// Events with the numbers `range`, all enqueued `minute` minutes after the start.
fn events(range: std::ops::Range<i64>, minute: i64) -> Vec<SourceEvent> {
    range
        .map(|number| event(number, minute, thing(number, 0, 100)))
        .collect()
}

async fn ingest(process: &Process, events: &[SourceEvent]) -> Answer {
    let partition = PartitionId("0".to_owned());
    process
        .app
        .bronze
        .ingest(&partition, events.to_vec(), deadline())
        .await
}

async fn ingest_until(
    process: &Process,
    events: &[SourceEvent],
    gate: &Gate,
) -> tokio::task::JoinHandle<Answer> {
    let (app, events) = (Arc::clone(&process.app), events.to_vec());
    let task = tokio::spawn(async move {
        let partition = PartitionId("0".to_owned());
        app.bronze.ingest(&partition, events, deadline()).await
    });
    gate.reached().await;
    task
}

/// The numbers of the lines of bronze, and the names of its objects without folder and time.
async fn stored(world: &World) -> (Vec<i64>, Vec<String>) {
    let numbers = world
        .end_state()
        .await
        .bronze
        .into_iter()
        .map(|(_, number, _)| number);
    let names = world.sources().await.into_iter().map(|source| {
        let name = source.name.rsplit('/').next().unwrap().to_owned();
        name.split('-')
            .next()
            .unwrap()
            .trim_start_matches('0')
            .to_owned()
    });
    (numbers.collect(), names.collect())
}

#[tokio::test(start_paused = true)]
async fn an_object_is_named_after_its_first_event() {
    let world = World::new();
    let process = world.process();
    ingest(&process, &events(1..5, 0)).await.unwrap();
    // 1 to 4 are stored; 7 is missing; 9 is in the next hour.
    let batch: Vec<_> = [events(1..7, 0), events(8..9, 0), events(9..12, 65)].concat();
    let done = ingest(&process, &batch).await.unwrap();
    assert_eq!((done.stored, done.objects), (6, 3));
    let (numbers, names) = stored(&world).await;
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]);
    assert_eq!(names, ["1", "5", "8", "9"]);
}

#[tokio::test(start_paused = true)]
async fn only_a_batch_that_does_not_follow_lists_its_hours_first() {
    let world = World::new();
    let process = world.process();
    let lists = || process.script.calls("list ").len();
    ingest(&process, &events(1..5, 58)).await.unwrap();
    assert_eq!(lists(), 1, "the first of a process");
    ingest(&process, &[events(5..7, 59), events(7..8, 61)].concat())
        .await
        .unwrap();
    assert_eq!(lists(), 1, "it follows, also into the next hour");
    ingest(&process, &events(9..10, 61)).await.unwrap();
    assert_eq!(lists(), 2, "a gap");
    ingest(&process, &events(10..11, 67)).await.unwrap();
    assert_eq!(lists(), 3, "more than a few minutes later");
    ingest(&process, &events(11..12, 66)).await.unwrap();
    assert_eq!(lists(), 4, "enqueued earlier");
    process
        .script
        .fail_at("create ", When::After, How::Permanent);
    ingest(&process, &events(12..13, 66)).await.unwrap_err();
    ingest(&process, &events(12..13, 66)).await.unwrap();
    assert_eq!(lists(), 5, "nothing is known after a failure");
    assert_eq!(stored(&world).await.0, [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_given_up_leaves_nothing_to_rely_on() {
    let world = World::new();
    let process = world.process();
    ingest(&process, &events(1..3, 0)).await.unwrap();
    let gate = process.script.stop_at("create ", When::After);
    let task = ingest_until(&process, &events(3..6, 0), &gate).await;
    task.abort();
    assert!(task.await.is_err());
    ingest(&process, &events(3..8, 0)).await.unwrap();
    assert_eq!(
        stored(&world).await,
        ((1..8).collect(), vec!["1".into(), "3".into(), "6".into()])
    );
    assert_eq!(process.script.calls("list ").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_repeats_the_same_put() {
    for when in [When::Before, When::After] {
        let world = World::new();
        let process = world.process();
        process.script.fail_at("create ", when, How::Transient);
        ingest(&process, &events(1..5, 0)).await.unwrap();
        let puts = process.script.calls("create ");
        assert_eq!((puts.len(), &puts[0]), (2, &puts[1]));
        assert_eq!(stored(&world).await.0, [1, 2, 3, 4]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_there_is_read_trimmed_and_gone_on_from() {
    let world = World::new();
    let (slow, fast) = (world.process(), world.process());
    let gate = slow.script.stop_at("create ", When::Before);
    // It has listed, and is about to write 1 to 9.
    let task = ingest_until(&slow, &events(1..10, 0), &gate).await;
    ingest(&fast, &events(1..4, 0)).await.unwrap();
    ingest(&fast, &events(4..6, 0)).await.unwrap();
    gate.open();
    assert_eq!(task.await.unwrap().unwrap().stored, 4);
    let (numbers, names) = stored(&world).await;
    assert_eq!(numbers, (1..10).collect::<Vec<_>>());
    assert_eq!(names, ["1", "4", "6"]);
    assert_eq!(slow.script.calls("head ").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_put_of_a_replaced_owner_stores_nothing_twice_b1() {
    let world = World::new();
    let old = world.process();
    ingest(&old, &events(1..4, 0)).await.unwrap();
    let gate = old.script.stop_at("create ", When::Before);
    let task = ingest_until(&old, &events(4..10, 0), &gate).await;
    let new = world.process();
    // Other boundaries, from an earlier checkpoint.
    for batch in [2..6, 6..8, 8..10] {
        ingest(&new, &events(batch, 0)).await.unwrap();
    }
    gate.open();
    assert_eq!(task.await.unwrap().unwrap().stored, 0);
    assert_eq!(stored(&world).await.0, (1..10).collect::<Vec<_>>());
    // And it goes on as if it were still the owner.
    ingest(&old, &events(9..12, 0)).await.unwrap();
    ingest(&new, &events(10..13, 0)).await.unwrap();
    assert_eq!(stored(&world).await.0, (1..13).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_was_made_anew_collides_with_nothing() {
    let world = World::new();
    let process = world.process();
    ingest(&process, &events(0..5, 0)).await.unwrap();
    let done = ingest(&process, &events(0..5, 7)).await.unwrap();
    assert_eq!(
        done.stored, 5,
        "the same numbers in the same hour, at another time"
    );
    assert_eq!(ingest(&process, &events(0..5, 0)).await.unwrap().stored, 0);
    assert_eq!(ingest(&process, &events(0..5, 7)).await.unwrap().stored, 0);
    assert_eq!(world.sources().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn numbers_that_a_copy_of_the_hub_gives_again_are_new_events_whatever_its_clock_says() {
    let world = World::new();
    let process = world.process();
    let mut before = events(0..10, 0);
    for (event, seconds) in before.iter_mut().zip(0..) {
        event.enqueued_time.0 += seconds * 1_000;
    }
    ingest(&process, &before).await.unwrap();
    // The copy lacked 4 to 9, and its clock is behind: its events come within the times of those that it lacked.
    let mut again = events(4..8, 0);
    for (event, step) in again.iter_mut().zip(0..) {
        event.enqueued_time.0 += 4_500 + step * 700;
        event.body = thing(100 + step, 0, 100);
    }
    let new = ingest(&process, &again).await.unwrap();
    assert_eq!((new.stored, new.objects), (4, 1));
    // Whatever is delivered again, and to whomever, is there.
    for other in [process, world.process()] {
        for batch in [&again[..], &before[2..], &again[2..]] {
            assert_eq!(ingest(&other, batch).await.unwrap().stored, 0);
        }
    }
    let numbers = stored(&world).await.0;
    assert_eq!(numbers, [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9]);
}

#[tokio::test(start_paused = true)]
async fn only_an_object_that_may_hold_an_event_is_read_and_only_its_end() {
    let world = World::new();
    ingest(&world.process(), &events(0..5, 0)).await.unwrap();
    ingest(&world.process(), &events(5..9, 1)).await.unwrap();
    let process = world.process();
    ingest(&process, &events(7..12, 1)).await.unwrap();
    let reads = process.script.calls("get ");
    assert_eq!(reads.len(), 1);
    assert!(
        reads[0].contains("0005-") && reads[0].contains(".."),
        "{reads:?}"
    );
    ingest(&process, &events(12..15, 1)).await.unwrap();
    assert_eq!(process.script.calls("get ").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_object_holds_at_most_8_mib_unless_an_event_is_larger() {
    let world = World::new();
    let process = world.process();
    let large =
        |number, mebibytes: usize| event(number, 0, Bytes::from(vec![b'x'; mebibytes << 20]));
    let batch = [
        large(1, 3),
        large(2, 3),
        large(3, 3),
        large(4, 9),
        large(5, 1),
    ];
    let done = ingest(&process, &batch).await.unwrap();
    assert_eq!((done.stored, done.objects), (5, 4));
    assert_eq!(stored(&world).await.1, ["1", "3", "4", "5"]);
    // A second owner splits at the same places, whatever its batches are.
    let other = world.process();
    for batch in [&batch[..2], &batch[1..4], &batch[3..]] {
        assert_eq!(ingest(&other, batch).await.unwrap().stored, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_came_with_events_counts_for_the_size_of_their_object() {
    let world = World::new();
    let with = |number| SourceEvent {
        system: Bytes::from(format!("{{\"device\":\"{}\"}}", "d".repeat(3 << 20))),
        ..event(number, 0, thing(number, 0, 100))
    };
    let batch: Vec<_> = (1..6).map(with).collect();
    let done = ingest(&world.process(), &batch).await.unwrap();
    assert_eq!((done.stored, done.objects), (5, 3));
    assert_eq!(stored(&world).await.1, ["1", "3", "5"]);
    for source in world.sources().await {
        assert!(source.content.len() <= 8 << 20);
    }
    for batch in [&batch[..2], &batch[1..4], &batch[3..]] {
        let again = ingest(&world.process(), batch).await.unwrap();
        assert_eq!(again.stored, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn every_object_ends_with_the_times_of_its_events() {
    let world = World::new();
    let process = world.process();
    // Another owner has stored the second of three objects before.
    let mut batch = [events(1..4, 0), events(5..8, 1), events(9..11, 2)].concat();
    batch[1].enqueued_time.0 += 250;
    batch[4].enqueued_time.0 -= 7;
    ingest(&world.process(), &batch[3..6]).await.unwrap();
    let done = ingest(&process, &batch).await.unwrap();
    assert_eq!((done.stored, done.objects), (5, 2));
    let mut last = Vec::new();
    for source in world.sources().await {
        let text = String::from_utf8(source.content.to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let range = source.range.unwrap();
        let events = range.last.0 - range.first.0 + 1;
        assert_eq!(lines.len() as i64, events + 1);
        last.push((*lines.last().unwrap()).to_owned());
    }
    let start = batch[0].enqueued_time.0;
    let times =
        |first, steps| format!("{{\"$sluice\":\"times\",\"enqueued_ms\":[{first}{steps}]}}");
    let expected = [
        times(start, ",250,-250"),
        times(start + MINUTE, ",-7,7"),
        times(start + 2 * MINUTE, ",0"),
    ];
    assert_eq!(last, expected);
}

#[tokio::test(start_paused = true)]
async fn an_object_met_in_place_of_the_last_one_changes_no_line() {
    let world = World::new();
    let process = world.process();
    let gate = process.script.stop_at("create ", When::Before);
    let task = ingest_until(&process, &events(1..6, 0), &gate).await;
    // Meanwhile another owner stores the first of them.
    ingest(&world.process(), &events(1..3, 0)).await.unwrap();
    gate.open();
    assert_eq!(task.await.unwrap().unwrap().stored, 3);
    assert_eq!(
        stored(&world).await,
        ((1..6).collect(), vec!["1".into(), "3".into()])
    );
    let bodies: Vec<_> = world.end_state().await.bronze.into_iter().collect();
    for (_, number, body) in bodies {
        assert_eq!(body, thing(number, 0, 100));
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_object_in_the_way_is_an_error_that_names_it() {
    let world = World::new();
    let batch = events(1..3, 0);
    let enqueued = batch[0].enqueued_time.0;
    let name = format!("things/0/2025/11/14/11/{:020}-{enqueued}.jsonl", 1);
    let path = ObjectPath::new("bronze", &name);
    world
        .lake
        .create(&path, Bytes::from_static(b"x"), &Metadata::new())
        .await
        .unwrap();
    let error = ingest(&world.process(), &batch).await.unwrap_err();
    assert!(
        matches!(&error, IngestError::Foreign { path: found } if *found == path),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn partitions_do_not_wait_for_each_other() {
    let world = World::new();
    let process = world.process();
    let gate = process.script.stop_at("create ", When::Before);
    let task = ingest_until(&process, &events(1..3, 0), &gate).await;
    let other = PartitionId("1".to_owned());
    let done = process
        .app
        .bronze
        .ingest(&other, events(1..3, 0), deadline())
        .await;
    assert_eq!(done.unwrap().stored, 2);
    gate.open();
    task.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn times_that_go_back_over_the_hour_do_not_store_an_event_twice() {
    let world = World::new();
    let process = world.process();
    let mut batch = events(1..8, 60);
    batch[2].enqueued_time.0 -= MINUTE;
    batch[5].enqueued_time.0 -= 2 * MINUTE;
    ingest(&process, &batch).await.unwrap();
    assert_eq!(world.sources().await.len(), 5);
    for range in [0..7, 2..4, 3..7, 5..6] {
        let again = world.process();
        assert_eq!(ingest(&again, &batch[range]).await.unwrap().stored, 0);
    }
}
