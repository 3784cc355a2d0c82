//! What shares a commit, who waits for it, and how long.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use sluice::dataset::Latency;
use sluice::silver::{RefineError, commit_interval};
use sluice::store::object::{ObjectFormat, Source};
use sluice::table::log::Version;
use testkit::datasets::THINGS;
use testkit::events::thing;
use testkit::faulty::{How, When};
use testkit::world::World;
use tokio::time::Instant;

use super::steps::{refine_all, refine_until, sent};

#[tokio::test(start_paused = true)]
async fn one_bad_source_does_not_fail_its_neighbours() {
    let world = World::new();
    let mut bad = world.put("0", 0, &[thing(1, 0, 100)]).await;
    // Its entry in the ledger would have a key that no table takes.
    bad.name = format!("things/{}", "long/".repeat(200));
    let good = [
        world.put("1", 0, &[thing(2, 0, 100)]).await,
        world.put("2", 0, &[thing(3, 0, 100)]).await,
    ];
    let sources = [good[0].clone(), bad, good[1].clone()];
    let answers = refine_all(&world.process(), &sources).await;
    let succeeded: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(succeeded, [true, false, true]);
    assert_eq!(world.silver().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_waits_or_is_in_hand_is_joined() {
    let world = World::new();
    let process = world.process();
    let flying = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let waiting = world.put("1", 0, &[thing(2, 0, 100)]).await;
    let gate = process
        .script
        .stop_at("transact log|000000000001", When::Before);
    let task = refine_until(&process, &flying, &gate).await;
    let later = [waiting.clone(), waiting.clone(), waiting, flying.clone()];
    let later = refine_all(&process, &later);
    tokio::pin!(later);
    // They are in the queue once they have been polled.
    assert!(futures::poll!(later.as_mut()).is_pending());
    gate.open();
    assert!(task.await.unwrap().unwrap().now);
    let later: Vec<_> = later.await.into_iter().map(Result::unwrap).collect();
    let facts: Vec<_> = later
        .iter()
        .map(|refined| (refined.now, refined.entry.version.0))
        .collect();
    assert_eq!(facts, [(true, 2), (true, 2), (true, 2), (true, 1)]);
    assert!(later.iter().all(|refined| refined.group == 1));
    assert_eq!(sent(&process), 2);
    // A committed one is found.
    let found = process.refine(&flying).await;
    assert_eq!((found.now, found.entry.version.0), (false, 1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_away_stops_no_source() {
    let world = World::new();
    let process = world.process();
    let (one, two) = (
        world.put("0", 0, &[thing(1, 0, 100)]).await,
        world.put("1", 0, &[thing(2, 0, 100)]).await,
    );
    let gate = process
        .script
        .stop_at("transact log|000000000001", When::Before);
    let task = refine_until(&process, &one, &gate).await;
    task.abort();
    assert!(task.await.is_err());
    gate.open();
    assert!(process.refine(&two).await.now);
    assert_eq!(world.silver().await.len(), 2);
}

/// Stops the first of the sources in flight while the others gather, and returns the size of each one's group.
async fn groups(world: &World, sources: &[Source]) -> Vec<usize> {
    let process = world.process();
    let (first, rest) = sources.split_first().unwrap();
    let gate = process
        .script
        .stop_at("transact log|000000000001", When::Before);
    let task = refine_until(&process, first, &gate).await;
    let all = refine_all(&process, rest);
    tokio::pin!(all);
    assert!(futures::poll!(all.as_mut()).is_pending());
    gate.open();
    task.await.unwrap().unwrap();
    all.await
        .into_iter()
        .map(|answer| answer.unwrap().group)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_group_has_at_most_90_sources() {
    let world = World::new();
    let mut sources = Vec::new();
    for number in 0..101 {
        sources.push(world.put("0", number, &[thing(number, 0, 100)]).await);
    }
    let mut groups = groups(&world, &sources).await;
    groups.sort_unstable();
    assert_eq!(
        (groups[0], groups[9], groups[10], groups[99]),
        (10, 10, 90, 90)
    );
    assert_eq!(world.commits().await.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_group_has_at_most_64_mib_unless_one_source_is_larger() {
    let world = World::new();
    let mut sources = vec![world.put("0", 0, &[thing(0, 0, 100)]).await];
    // The content counts, not what is in it; blank lines are the cheapest to refuse.
    for (number, mebibytes) in (1..).zip([70, 30, 30, 30]) {
        let mut source = world.put("0", number, &[thing(number, 0, 100)]).await;
        let mut content = vec![b'x'; mebibytes << 20];
        content.push(b'\n');
        source.content = Bytes::from(content);
        source.format = ObjectFormat::Lines;
        sources.push(source);
    }
    assert_eq!(groups(&world, &sources).await, [1, 2, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn after_the_deadline_nothing_is_sent() {
    let world = World::new();
    let process = world.process();
    let source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let gate = process.script.stop_at("create silver/things", When::After);
    let task = refine_until(&process, &source, &gate).await;
    // The request's own time-out is included: it would have to be sent before.
    tokio::time::advance(Duration::from_secs(10 * 60 - 20)).await;
    gate.open();
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(&*error, RefineError::OutOfTime), "{error}");
    assert_eq!(sent(&process), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_deadline_sources_are_not_tried_one_by_one() {
    let world = World::new();
    let process = world.process();
    let sources = [
        world.put("0", 0, &[thing(1, 0, 100)]).await,
        world.put("1", 0, &[thing(2, 0, 100)]).await,
    ];
    let gate = process.script.stop_at("create silver/things", When::After);
    let work = refine_all(&process, &sources);
    tokio::pin!(work);
    tokio::select! {
        () = gate.reached() => {}
        _ = &mut work => panic!("it should stand at the gate"),
    }
    tokio::time::advance(Duration::from_secs(10 * 60)).await;
    gate.open();
    assert!(work.await.iter().all(Result::is_err));
    assert_eq!(sent(&process), 0);
}

/// A list of files that is too long for its entity is written before the commit, and that takes time too.
#[tokio::test(start_paused = true)]
async fn the_time_that_a_manifest_takes_counts_towards_the_deadline() {
    let world = World::new();
    let process = world.process();
    let hours: Vec<Bytes> = (0..300)
        .map(|hour| thing(hour, hour * 60 - 300 * 60, 100))
        .collect();
    let source = world.put("0", 0, &hours).await;
    let gate = process
        .script
        .stop_at("create silver/things/g1/_sluice/manifests", When::After);
    let task = refine_until(&process, &source, &gate).await;
    tokio::time::advance(Duration::from_secs(11 * 60)).await;
    gate.open();
    let error = task.await.unwrap().unwrap_err();
    assert!(matches!(&*error, RefineError::OutOfTime), "{error}");
    assert_eq!(sent(&process), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_group_and_not_the_ones_after_it() {
    let world = World::new();
    let process = world.process();
    let source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    for call in ["read head", "create silver", "transact log|000000000001"] {
        process.script.fail_at(call, When::Before, How::Panic);
        let error = process.app.silver.refine(source.clone()).await.unwrap_err();
        assert!(matches!(&*error, RefineError::Abandoned), "{error}");
    }
    assert!(process.refine(&source).await.now);
    assert_eq!(world.silver().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_comes_within_the_pace_of_commits_shares_one() {
    shares_a_commit(&World::new(), Duration::from_secs(1)).await;
    let low = format!("latency = \"low\"\n{THINGS}");
    let world = World::builder().dataset(&low).build();
    assert_eq!(world.dataset.latency, Latency::Low);
    shares_a_commit(&world, Duration::from_millis(500)).await;
}

/// Sees commits begin `interval` apart.
async fn shares_a_commit(world: &World, interval: Duration) {
    let silver = world.silver_with_commit_interval();
    let mut sources = Vec::new();
    for id in 0..4 {
        let partition = id.to_string();
        sources.push(world.put(&partition, 0, &[thing(id, 0, 100)]).await);
    }
    let started = Instant::now();
    let refine = |id: usize| silver.refine(sources[id].clone());

    let first = refine(0).await.unwrap();
    assert_eq!(first.entry.version, Version(1));
    assert!(started.elapsed() < interval / 2, "after a pause at once");

    let (mut second, mut third) = (Box::pin(refine(1)), Box::pin(refine(2)));
    assert!(futures::poll!(second.as_mut()).is_pending());
    tokio::time::advance(interval / 2).await;
    assert!(futures::poll!(third.as_mut()).is_pending());
    let (second, third) = (second.await.unwrap(), third.await.unwrap());
    assert_eq!(second.entry.version, third.entry.version);
    assert!(started.elapsed() >= interval);

    tokio::time::advance(interval).await;
    let before = Instant::now();
    assert_eq!(refine(3).await.unwrap().entry.version, Version(3));
    assert!(before.elapsed() < interval / 2, "after a pause at once");
}

#[tokio::test(start_paused = true)]
async fn a_full_group_does_not_wait_for_its_time() {
    let world = World::new();
    let silver = world.silver_with_commit_interval();
    let mut sources = Vec::new();
    for id in 0..=90 {
        sources.push(world.put("0", id, &[thing(id, 0, 100)]).await);
    }
    let started = Instant::now();
    silver.refine(sources[0].clone()).await.unwrap();
    let rest = sources[1..]
        .iter()
        .map(|source| silver.refine(source.clone()));
    for refined in join_all(rest).await {
        assert_eq!(refined.unwrap().entry.version, Version(2));
    }
    assert!(started.elapsed() < commit_interval(Latency::Timer) / 2);
}
