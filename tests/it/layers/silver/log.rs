//! Reads of the log are whole or void, and what it names is there.

use sluice::event::UnixMillis;
use sluice::silver::RefineError;
use sluice::store::object::{Metadata, ObjectPath};
use sluice::table::log::{CommitKind, CommitOutcome, LogError, NewCommit, Version};
use testkit::events::{START, thing};
use testkit::faulty::{Script, When};
use testkit::read::files;
use testkit::world::World;

use super::steps::{refine_until, sent};

#[tokio::test(start_paused = true)]
async fn a_missing_file_is_an_error_and_never_taken_as_empty() {
    let world = World::new();
    let first = world.put("0", 0, &[thing(1, 0, 100)]).await;
    world.process().refine(&first).await;
    let lost = files(&world.commits().await)[0].clone();
    world.lake.delete(&lost).await.unwrap();

    let again = world.put("0", 10, &[thing(1, 0, 100)]).await;
    let process = world.process();
    let error = process.app.silver.refine(again).await.unwrap_err();
    let is_lost = matches!(&*error, RefineError::FileLost { path } if *path == lost);
    assert!(is_lost, "{error}");
    assert_eq!(
        process.script.calls(&format!("get {lost}")).len(),
        2,
        "it looks again once"
    );
    assert_eq!(sent(&process), 0);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_compaction_replaced_is_not_missed() {
    let world = World::new();
    let first = world.put("0", 0, &[thing(1, 0, 100)]).await;
    world.process().refine(&first).await;
    let old = world.commits().await[1].files[0].clone();

    let again = world
        .put("0", 10, &[thing(1, 0, 100), thing(2, 0, 100)])
        .await;
    let process = world.process();
    let gate = process
        .script
        .stop_at(&format!("get {}", old.path), When::Before);
    let task = refine_until(&process, &again, &gate).await;

    let content = world.lake.get(&old.path).await.unwrap().unwrap();
    let mut new = old.clone();
    new.path = ObjectPath::new(
        "silver",
        "things/g1/event_date=2025-11-14/event_hour=11/new.parquet",
    );
    world
        .lake
        .create(&new.path, content, &Metadata::new())
        .await
        .unwrap();
    let head = world.log().head().await.unwrap().unwrap();
    let compact = NewCommit {
        id: "new".to_owned(),
        kind: CommitKind::Compact {
            replaces: vec![old.path.clone()],
        },
        committed: UnixMillis(START),
        files: vec![new],
        ledger: Vec::new(),
        taken_up: Vec::new(),
        watermark: head.watermark,
        clock: head.clock,
        partitions: head.partitions.clone(),
    };
    let outcome = world.log().commit(&head, &compact).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Committed(Version(2)));
    world.lake.delete(&old.path).await.unwrap();
    gate.open();

    let counts = task.await.unwrap().unwrap().entry.counts;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_log_is_loud_and_nothing_is_committed_on_it() {
    let world = World::new();
    let warm = world.process();
    for number in 0..3 {
        warm.refine(&world.put("0", number, &[thing(number, 0, 100)]).await)
            .await;
    }
    world.remove_row("log|000000000002").await;
    let cold = world.process();
    let source = world.put("0", 9, &[thing(9, 0, 100)]).await;
    let error = cold.app.silver.refine(source.clone()).await.unwrap_err();
    let gap = matches!(
        &*error,
        RefineError::Log(LogError::Gap {
            missing: Version(2)
        })
    );
    assert!(gap, "{error}");
    assert_eq!(sent(&cold), 0);
    // A process that has read past it goes on.
    assert!(warm.refine(&source).await.now);
}

#[tokio::test(start_paused = true)]
async fn a_source_of_any_name_is_found_by_its_folder() {
    let world = World::new();
    let process = world.process();
    let mut source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    for name in [
        "things/z",
        "things/~",
        "things/\u{7f}",
        "things/\u{fc}",
        "things/\u{4e00}",
    ] {
        source.name = name.to_owned();
        process.refine(&source).await;
    }
    source.name = "thingsz".to_owned();
    process.refine(&source).await;
    assert_eq!(world.log().ledger_prefix("things/").await.unwrap().len(), 5);
    assert_eq!(world.log().ledger_prefix("").await.unwrap().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_recreated_state_table_is_not_compared_with_the_old_one() {
    let world = World::new();
    let process = world.process();
    for number in 0..3 {
        process
            .refine(&world.put("0", number, &[thing(1, 0, 100)]).await)
            .await;
    }
    let sources = world.sources().await;
    let rows = [
        "head",
        "log|000000000000",
        "log|000000000001",
        "log|000000000002",
        "log|000000000003",
    ];
    for row in rows {
        world.remove_row(row).await;
    }
    for source in &sources {
        world.remove_row(&format!("src|{}", source.name)).await;
    }
    assert_eq!(process.refine(&sources[0]).await.entry.counts.rows, 1);
    assert_eq!(world.silver().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_warm_process_whose_tail_is_gone_starts_over_once() {
    let world = World::new();
    let process = world.process();
    process
        .refine(&world.put("0", 0, &[thing(1, 0, 100)]).await)
        .await;
    // It reads the tail while an entry of it cannot be seen: a page that came too early, for instance.
    world
        .process()
        .refine(&world.put("0", 1, &[thing(2, 0, 100)]).await)
        .await;
    let entry = world.row("log|000000000002").await;
    world.remove_row("log|000000000002").await;
    let gate = process
        .script
        .stop_at("range log|000000000001", When::After);
    let source = world
        .put("0", 2, &[thing(2, 0, 100), thing(3, 0, 100)])
        .await;
    let task = refine_until(&process, &source, &gate).await;
    world.write_row(entry).await;
    gate.open();
    let counts = task.await.unwrap().unwrap().entry.counts;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn two_workers_that_begin_the_log_at_once_begin_one_log() {
    let world = World::new();
    let scripts = [Script::new(), Script::new()];
    let gates: Vec<_> = scripts
        .iter()
        .map(|script| script.stop_at("transact log|000000000000", When::Before))
        .collect();
    let processes: Vec<_> = scripts
        .into_iter()
        .map(|script| world.process_with(script))
        .collect();
    let sources = [
        world.put("0", 0, &[thing(1, 0, 100)]).await,
        world.put("1", 0, &[thing(1, 0, 100)]).await,
    ];
    let mut tasks = Vec::new();
    for index in 0..2 {
        tasks.push(refine_until(&processes[index], &sources[index], &gates[index]).await);
    }
    gates.iter().for_each(|gate| gate.open());
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(world.commits().await.len(), 3);
    assert_eq!(world.end_state().await.ledger.duplicates, 1);
}
