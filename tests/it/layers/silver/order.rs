//! The order in which a backlog is refined does not decide what counts as late.

use bytes::Bytes;
use sluice::event::{EventTime, SequenceNumber, UnixMillis};
use sluice::maintain::Options;
use sluice::store::object::Source;
use sluice::table::log::Head;
use testkit::events::{HOUR, MINUTE, START, thing};
use testkit::faulty::{How, Script, When};
use testkit::world::{World, deadline};

/// Minutes after the start.
fn at(minute: i64) -> Option<EventTime> {
    Some(UnixMillis(START + minute * MINUTE).as_event_time())
}

async fn head(world: &World) -> Head {
    world.log().head().await.unwrap().unwrap()
}

/// Six hours of one partition: two events an object, half an hour apart, each a little after the last of the one before.
async fn backlog(world: &World, first: i64) -> Vec<Source> {
    let mut sources = Vec::new();
    for number in 0..6 {
        let bodies = [
            thing(2 * number, 60 * number, 1),
            thing(2 * number + 1, 60 * number + 30, 1),
        ];
        sources.push(world.put("0", first + 2 * number, &bodies).await);
    }
    sources
}

async fn late(world: &World) -> u64 {
    head(world).await.totals.unwrap().counts.late
}

#[tokio::test]
async fn a_backlog_in_any_order_has_no_late_event() {
    let mut order = vec![0, 1, 2, 3, 4, 5];
    let mut seed = 7_u64;
    for round in 0..40 {
        let world = World::new();
        let process = world.process();
        let sources = backlog(&world, 0).await;
        for index in &order {
            process.refine(&sources[*index]).await;
        }
        assert_eq!(late(&world).await, 0, "round {round}: {order:?}");
        assert_eq!(head(&world).await.watermark, at(330), "{order:?}");
        for place in (1..order.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let other = usize::try_from(seed >> 33).unwrap() % (place + 1);
            order.swap(place, other);
        }
    }
}

#[tokio::test]
async fn an_event_that_comes_late_after_a_gap_was_filled_counts() {
    let world = World::new();
    let process = world.process();
    let sources = backlog(&world, 0).await;
    for index in [0, 5, 4, 3, 2, 1] {
        process.refine(&sources[index]).await;
    }
    let source = world.put("0", 12, &[thing(99, 120, 1)]).await;
    assert_eq!(process.refine(&source).await.entry.counts.late, 1);
}

#[tokio::test]
async fn a_gap_that_nothing_fills_is_closed_by_a_look() {
    let world = World::new();
    let process = world.process();
    let sources = backlog(&world, 0).await;
    for index in [0, 1, 3] {
        process.refine(&sources[index]).await;
    }
    assert_eq!(head(&world).await.watermark, at(90));
    // What would fill the gap waits, too young to be refined by maintenance.
    process.maintain(false).await;
    assert_eq!(head(&world).await.watermark, at(90));
    let version = head(&world).await.version;

    for index in [2, 4, 5] {
        let path = sluice::store::object::ObjectPath::new("bronze", &sources[index].name);
        world.lake.delete(&path).await.unwrap();
    }
    let dry = Options {
        dry_run: true,
        ..Options::default()
    };
    process.maintenance.run(dry, deadline()).await;
    assert_eq!(head(&world).await.watermark, at(90));
    process.maintain(false).await;
    let closed = head(&world).await;
    assert_eq!((closed.watermark, closed.version), (at(210), version));
    let own = closed.partitions.values().next().unwrap();
    assert_eq!(own.refined_to, Some(SequenceNumber(7)));
    // Commits go on from it, and what it says is not older than theirs (T1).
    process.refine(&sources[4]).await;
    assert_eq!(head(&world).await.watermark, at(270));
}

#[tokio::test]
async fn a_hub_that_was_there_before_the_pipeline_has_a_watermark_after_a_look() {
    let world = World::new();
    let process = world.process();
    let sources = backlog(&world, 5_000).await;
    for index in [4, 0, 1, 2, 3] {
        process.refine(&sources[index]).await;
    }
    assert_eq!(head(&world).await.watermark, None);
    process.maintain(false).await;
    assert_eq!(head(&world).await.watermark, at(270));
    process.refine(&sources[5]).await;
    assert_eq!(late(&world).await, 0);
    assert_eq!(head(&world).await.watermark, at(330));
}

#[tokio::test]
async fn what_bronze_writes_after_the_look_began_is_not_taken_for_missing() {
    let world = World::new();
    let process = world.process();
    process
        .refine(&world.put("0", 0, &[thing(0, 0, 1)]).await)
        .await;
    let gate = process.script.stop_at("list bronze/", When::After);
    let looking = async {
        process
            .maintenance
            .run(Options::default(), deadline())
            .await
    };
    let other = async {
        gate.reached().await;
        // Two objects, of which the second one is refined first.
        let first = world.put("0", 1, &[thing(1, 60, 1)]).await;
        let second = world.put("0", 2, &[thing(2, 300, 1)]).await;
        world.process().refine(&second).await;
        gate.open();
        first
    };
    let (_, first) = tokio::join!(looking, other);
    assert_eq!(head(&world).await.watermark, at(0), "the gap is not closed");
    assert_eq!(process.refine(&first).await.entry.counts.late, 0);
    assert_eq!(head(&world).await.watermark, at(300));
}

#[tokio::test]
async fn a_look_that_fails_or_is_cut_short_closes_no_gap() {
    let world = World::new();
    let process = world.process();
    let sources = backlog(&world, 0).await;
    for index in [0, 3] {
        process.refine(&sources[index]).await;
    }
    for index in [1, 2] {
        let path = sluice::store::object::ObjectPath::new("bronze", &sources[index].name);
        world.lake.delete(&path).await.unwrap();
    }
    let script = Script::new();
    script.fail_at("list bronze/", When::Before, How::Permanent);
    let failing = world.process_with(script);
    let report = failing
        .maintenance
        .run(Options::default(), deadline())
        .await;
    assert_eq!(report.failures()[0].0, "reconcile");
    assert_eq!(head(&world).await.watermark, at(30));

    // More waits than a run looks at.
    let few = sluice::maintain::Limits {
        objects: 1,
        ..sluice::maintain::Limits::default()
    };
    world.process().limited(few).maintain(true).await;
    assert_eq!(head(&world).await.watermark, at(30));
    world.process().maintain(true).await;
    assert_eq!(head(&world).await.watermark, at(210));
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_closed_whichever_call_fails() {
    let mut call = 0;
    loop {
        let world = World::new();
        let process = world.process();
        let sources = backlog(&world, 7).await;
        for source in sources.iter().skip(1) {
            process.refine(source).await;
        }
        let path = sluice::store::object::ObjectPath::new("bronze", &sources[0].name);
        world.lake.delete(&path).await.unwrap();
        let script = Script::failing_at(call, When::After, How::Crash);
        let closing = world.process_with(script);
        let run = closing.maintenance.run(Options::default(), deadline());
        let ended = closing.script.run(run).await;
        world.process().maintain(false).await;
        assert_eq!(head(&world).await.watermark, at(330), "after call {call}");
        world.check_totals().await;
        if ended.is_some() {
            break;
        }
        call += 1;
    }
    assert!(call > 3, "{call} calls");
}

#[tokio::test]
async fn a_partition_of_bad_events_alone_stops_holding_the_watermark() {
    let world = World::new();
    let process = world.process();
    process
        .refine(&world.put("0", 0, &[thing(0, 0, 1)]).await)
        .await;
    process
        .refine(&world.put("1", 0, &[thing(1, 5, 1)]).await)
        .await;
    assert_eq!(head(&world).await.watermark, at(0));
    // Two hours later the first one sends nothing but what is no event.
    let mut bad = world.put("0", 1, &[Bytes::from_static(b"no event")]).await;
    bad.enqueued_time = UnixMillis(START + 2 * HOUR);
    process.refine(&bad).await;
    assert_eq!(head(&world).await.clock, Some(bad.enqueued_time));
    assert_eq!(head(&world).await.watermark, at(115), "both are silent");
}

#[tokio::test]
async fn a_commit_makes_no_more_calls_for_it() {
    let world = World::new();
    let process = world.process();
    process
        .refine(&world.put("0", 0, &[thing(0, 0, 1)]).await)
        .await;
    let before = process.script.count();
    process
        .refine(&world.put("0", 1, &[thing(1, 1, 1)]).await)
        .await;
    let calls = process.script.calls("").split_off(before);
    let of = |kind: &str| calls.iter().filter(|call| call.starts_with(kind)).count();
    // Head and the source's ledger entry; the log's tail is what this process committed itself.
    assert_eq!(
        (of("read "), of("range "), of("transact ")),
        (2, 0, 1),
        "{calls:?}"
    );
    assert_eq!(of("create silver/things/g1/event_date"), 1);
}
