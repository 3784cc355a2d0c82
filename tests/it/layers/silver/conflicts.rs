//! Conflicts and unknown outcomes start over at the head.

use std::time::Duration;

use bytes::Bytes;
use sluice::table::log::{CommitKind, Version};
use testkit::datasets::THINGS;
use testkit::events::{MINUTE, thing};
use testkit::faulty::{How, When};
use testkit::read::files;
use testkit::world::World;

use super::steps::{overtaken, refine_all, refine_until, sent, written};

#[tokio::test(start_paused = true)]
async fn a_commit_whose_answer_was_lost_is_found_in_the_ledger() {
    let world = World::new();
    let process = world.process();
    process
        .script
        .fail_at("transact log|000000000001", When::After, How::Transient);
    let sources = [
        world.put("0", 0, &[thing(1, 0, 100)]).await,
        world
            .put("1", 0, &[thing(2, 0, 100), thing(3, 0, 100)])
            .await,
    ];
    for (answer, rows) in refine_all(&process, &sources).await.iter().zip([1, 2]) {
        let refined = answer.as_ref().unwrap();
        assert_eq!((refined.entry.counts.rows, refined.now), (rows, false));
        assert_eq!(refined.entry.version, Version(1));
    }
    assert_eq!((sent(&process), written(&process).len()), (1, 1));
    assert_eq!(world.commits().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_did_not_land_is_sent_again_with_its_files() {
    let world = World::new();
    let process = world.process();
    process
        .script
        .fail_at("transact log|000000000001", When::Before, How::Transient);
    let source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    assert!(process.refine(&source).await.now);
    assert_eq!((sent(&process), written(&process).len()), (2, 1));
    assert_eq!(world.silver().await.len(), 1);
}

/// The head alone says nothing: here it moved because of another worker while the own commit did not land.
#[tokio::test(start_paused = true)]
async fn a_moved_head_is_not_mistaken_for_a_commit_of_unknown_outcome() {
    let world = World::new();
    let process = world.process();
    let mine = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let theirs = world.put("1", 0, &[thing(2, 0, 100)]).await;
    process
        .script
        .fail_at("transact log|000000000001", When::Before, How::Transient);
    let answer = overtaken(&world, &process, &mine, &theirs).await;
    let refined = answer.unwrap();
    assert_eq!((refined.now, refined.entry.version), (true, Version(2)));
    assert_eq!(world.silver().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn rows_of_a_conflicting_commit_fall_away_and_the_rest_is_new() {
    let world = World::new();
    let process = world.process();
    let bad = Bytes::from_static(b"nonsense");
    let mine = world
        .put("0", 0, &[thing(1, 0, 100), thing(2, 1, 100), bad])
        .await;
    let theirs = world.put("1", 0, &[thing(2, 1, 777)]).await;
    let answer = overtaken(&world, &process, &mine, &theirs).await;
    let counts = answer.unwrap().entry.counts;
    assert_eq!(
        (counts.rows, counts.duplicates, counts.quarantined_total()),
        (1, 1, 1)
    );

    let (written, commits) = (written(&process), world.commits().await);
    assert_eq!(written.len(), 2);
    assert_ne!(written[0], written[1]);
    let own = files(&commits[2..]);
    assert_eq!(own.len(), 1);
    assert_eq!(
        format!("create {}", own[0]),
        written[1],
        "only the new file is named"
    );
    let amounts: Vec<_> = world.silver().await.iter().map(|row| row.amount).collect();
    assert_eq!(amounts, [Some(100), Some(777)], "the first committed stays");
    // The quarantine object that the ledger names is the second one, too.
    let quarantine = world.ledger().await[0].quarantine.clone().unwrap();
    assert!(quarantine.as_str().contains(&commits[2].id));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_without_row_changes_sends_the_same_files_again() {
    let world = World::new();
    let process = world.process();
    let mine = world
        .put("0", 0, &[thing(1, 0, 100), thing(2, 9, 100)])
        .await;
    // The same times, so that it is compared, and other keys.
    let theirs = world
        .put("1", 0, &[thing(3, 0, 100), thing(4, 9, 100)])
        .await;
    let answer = overtaken(&world, &process, &mine, &theirs).await;
    assert_eq!(answer.unwrap().entry.version, Version(2));
    let commits = world.commits().await;
    let own: Vec<_> = files(&commits[2..]);
    let own: Vec<_> = own.iter().map(|path| format!("create {path}")).collect();
    assert_eq!(written(&process), own, "written once");
    assert_eq!(
        process
            .script
            .calls(&format!("get {}", files(&commits)[0]))
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn sources_committed_by_another_worker_are_left_out() {
    let world = World::new();
    let process = world.process();
    let one = world.put("0", 0, &[thing(1, 0, 100)]).await;
    let two = world.put("1", 0, &[thing(2, 0, 100)]).await;
    let gate = process
        .script
        .stop_at("transact log|000000000001", When::Before);
    let both = [one.clone(), two];
    let work = refine_all(&process, &both);
    tokio::pin!(work);
    tokio::select! {
        () = gate.reached() => {}
        _ = &mut work => panic!("it should stand at the gate"),
    }
    world.process().refine(&one).await;
    gate.open();
    let now: Vec<_> = work
        .await
        .into_iter()
        .map(|answer| answer.unwrap().now)
        .collect();
    assert_eq!(now, [false, true]);
    assert_eq!(world.end_state().await.ledger.rows, 2);
}

/// Between two comparisons the log may be read without one: here because the dataset file is to be recorded anew.
#[tokio::test(start_paused = true)]
async fn rows_are_compared_with_everything_since_the_last_comparison() {
    let who = "name = \"who\"\n";
    let described = THINGS.replace(who, &format!("{who}description = \"By\"\n"));

    let world = World::new();
    let process = world.process();
    let mine = [thing(1, 0, 100), thing(2, 1, 100)];
    let mine = world.put("0", 0, &mine).await;
    let theirs = world.put("1", 0, &[thing(2, 1, 777)]).await;
    let gate = process
        .script
        .stop_at("transact log|000000000001", When::Before);
    let task = refine_until(&process, &mine, &gate).await;
    world
        .with_dataset(&described)
        .process()
        .refine(&theirs)
        .await;
    // Until then the other file is the later one.
    world.wait(15 * MINUTE);
    gate.open();

    let counts = task.await.unwrap().unwrap().entry.counts;
    assert_eq!((counts.rows, counts.duplicates), (1, 1));
    let commits = world.commits().await;
    let is_schema = |kind: &CommitKind| matches!(kind, CommitKind::Schema(_));
    let schemas: Vec<_> = commits
        .iter()
        .map(|commit| is_schema(&commit.kind))
        .collect();
    assert_eq!(schemas, [true, true, false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_lands_after_its_timeout_lands_at_most_once() {
    for lag in [0, 10, 30, 45, 60, 100, 200, 5_000] {
        let world = World::new();
        let process = world.process();
        let late = Duration::from_millis(lag);
        process.script.delay("transact log|000000000001", late);
        let source = world
            .put("0", 0, &[thing(1, 0, 100), thing(2, 0, 100)])
            .await;
        assert_eq!(process.refine(&source).await.entry.counts.rows, 2);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(world.commits().await.len(), 2, "{lag} ms");
        assert_eq!(world.end_state().await.ledger.rows, 2, "{lag} ms");
    }
}
