//! Duplicates that differ from the row that stays are counted as conflicts: always within a group, and against
//! committed rows where the dataset asks for it.

use bytes::Bytes;
use sluice::table::log::Counts;
use testkit::datasets::{THINGS, replace};
use testkit::events::{START, thing};
use testkit::faulty::When;
use testkit::world::World;

use super::steps::{overtaken, refine_all, refine_until};

/// Returns a world whose dataset asks for a comparison with committed rows.
fn comparing() -> World {
    let skew = "max_clock_skew = \"48h\"\n";
    let text = replace(
        THINGS,
        skew,
        &format!("{skew}[dedup]\nconflicts = \"all\"\n"),
    );
    World::builder().dataset(&text).build()
}

fn rows_duplicates_conflicts(counts: &Counts) -> [u64; 3] {
    assert!(counts.is_conserved(), "{counts:?}");
    [counts.rows, counts.duplicates, counts.conflicts]
}

async fn refined(world: &World, first: i64, bodies: &[Bytes]) -> [u64; 3] {
    let source = world.put("0", first, bodies).await;
    let refined = world.process().refine(&source).await;
    rows_duplicates_conflicts(&refined.entry.counts)
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_of_its_group_that_differs_is_a_conflict() {
    let world = World::new();
    let other = Bytes::from(format!(
        r#"{{"id":1,"at":{START},"amount":"1.0","who":"w1","new":true}}"#
    ));
    let bodies = [thing(1, 0, 100), thing(1, 0, 100), other, thing(1, 0, 777)];
    assert_eq!(
        refined(&world, 0, &bodies).await,
        [1, 3, 1],
        "by its values"
    );
    let null = Bytes::from(format!(r#"{{"id":1,"at":{START},"who":"w1"}}"#));
    let bodies = [thing(2, 0, 100), thing(1, 0, 100), null];
    assert_eq!(
        refined(&world, 4, &bodies).await,
        [1, 2, 1],
        "also of one that falls away"
    );
}

#[tokio::test(start_paused = true)]
async fn conflicts_count_for_the_source_that_brought_them() {
    let world = World::new();
    let process = world.process();
    let before = world.put("0", 0, &[thing(9, 0, 0)]).await;
    let gate = process
        .script
        .stop_at("transact log|000000000001", When::Before);
    let first = refine_until(&process, &before, &gate).await;
    let sources = [
        world.put("1", 0, &[thing(1, 0, 100)]).await,
        world
            .put("2", 0, &[thing(1, 0, 777), thing(1, 0, 100)])
            .await,
    ];
    let (refined, ()) = tokio::join!(refine_all(&process, &sources), async { gate.open() });
    first.await.unwrap().unwrap();
    let counts = refined
        .iter()
        .map(|refined| &refined.as_ref().unwrap().entry.counts);
    let counts: Vec<_> = counts.map(rows_duplicates_conflicts).collect();
    assert_eq!(counts, [[1, 0, 0], [0, 2, 1]]);
    let commits = world.commits().await;
    assert_eq!(commits.last().unwrap().counts.conflicts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_committed_row_is_compared_only_where_the_dataset_asks() {
    for (world, conflicts) in [(World::new(), 0), (comparing(), 1)] {
        assert_eq!(
            refined(&world, 0, &[thing(1, 0, 100), thing(2, 0, 100)]).await,
            [2, 0, 0]
        );
        let again = [thing(1, 0, 777), thing(2, 0, 100), thing(3, 0, 100)];
        assert_eq!(refined(&world, 2, &again).await, [1, 2, conflicts]);
    }
}

#[tokio::test(start_paused = true)]
async fn rows_whose_keys_are_cached_are_compared_too() {
    let world = comparing();
    let process = world.process();
    for (first, cents, expected) in [
        (0, 100, [1, 0, 0]),
        (1, 777, [0, 1, 1]),
        (2, 100, [0, 1, 0]),
    ] {
        let source = world.put("0", first, &[thing(1, 0, cents)]).await;
        let counts = process.refine(&source).await.entry.counts;
        assert_eq!(rows_duplicates_conflicts(&counts), expected, "{cents}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_duplicate_is_compared_with_the_row_that_stays() {
    let world = comparing();
    assert_eq!(refined(&world, 0, &[thing(1, 0, 100)]).await, [1, 0, 0]);
    let bodies = [thing(1, 0, 777), thing(1, 0, 100), thing(1, 0, 777)];
    let compared = refined(&world, 1, &bodies).await;
    assert_eq!(
        compared,
        [0, 3, 2],
        "not with the first of its group, which fell away"
    );
}

#[tokio::test(start_paused = true)]
async fn a_row_that_a_conflicting_commit_brought_is_compared() {
    let world = comparing();
    let process = world.process();
    let mine = world
        .put("0", 0, &[thing(1, 0, 100), thing(2, 1, 100)])
        .await;
    let theirs = world.put("1", 0, &[thing(2, 1, 777)]).await;
    let answer = overtaken(&world, &process, &mine, &theirs).await;
    let counts = answer.unwrap().entry.counts;
    assert_eq!(rows_duplicates_conflicts(&counts), [1, 1, 1]);
}
