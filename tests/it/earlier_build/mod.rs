//! A lake that an earlier build wrote, with everything beside it, is read and continued by this one.
//!
//! The files in `data/lake-fd70bb9` were written by the build of that commit and never change; `generate` shows how. A
//! lake of a later build goes into a folder of its own beside it.

mod generate;
mod stored;
mod world;

use std::time::Duration;

use sluice::gold::Ended;
use sluice::maintain::{CompactLimits, Limits};
use sluice::table::TableId;
use sluice::table::delta::log_entry;
use sluice::table::log::{CommitKind, Counts, Version};

use crate::golden::assert_golden;
use world::{DAY, MINUTE, World, body};

/// Where the lake lies below `tests/it/data`.
const LAKE: &str = "lake-fd70bb9";

/// What the ledger of its second generation adds up to: lines, rows, duplicates, late ones, those set aside.
const LEDGER: [u64; 5] = [91, 77, 4, 3, 10];
/// The head of its second generation.
const VERSION: u64 = 8;
/// The version of its snapshot and of its checkpoint.
const SNAPSHOT: u64 = 6;

/// Everything is due at once.
fn eager() -> Limits {
    Limits {
        compact: CompactLimits {
            open_files: 2,
            ..CompactLimits::default()
        },
        snapshot_every: 5,
        checkpoint_every: 5,
        vacuum_every: Duration::ZERO,
        ..Limits::default()
    }
}

/// Returns lines, rows, duplicates, late rows and lines set aside.
fn totals(counts: &Counts) -> [u64; 5] {
    let quarantined = counts.quarantined_total();
    [
        counts.lines,
        counts.rows,
        counts.duplicates,
        counts.late,
        quarantined,
    ]
}

#[tokio::test]
async fn a_lake_of_an_earlier_build_is_read() {
    let world = World::stored(2).await;
    let text = world.describe().await;
    assert_golden(&format!("{LAKE}/expected.txt"), &text);
    assert_eq!(totals(&world.ledger_total().await), LEDGER);
    let facts = world.maintenance(eager()).status().await.unwrap();
    assert_eq!(facts.version, Some(VERSION));
    assert_eq!(facts.rows, LEDGER[1]);
    assert_eq!(facts.snapshot, Some(SNAPSHOT));
    assert_eq!((facts.delta_version, facts.delta_lag), (Some(VERSION), 0));
    assert_eq!(facts.unreconciled, 0);
    let commits = world
        .log()
        .commits_from_start(Version(VERSION))
        .await
        .unwrap();
    let compact = |kind: &CommitKind| matches!(kind, CommitKind::Compact { .. });
    assert_eq!(
        commits
            .iter()
            .filter(|commit| compact(&commit.kind))
            .count(),
        1
    );

    let first = World::stored(1).await;
    let (rows, counts) = (first.silver().await, first.ledger_total().await);
    assert_eq!((rows.len(), totals(&counts)), (20, [20, 20, 0, 0, 0]));
}

#[tokio::test]
async fn a_lake_of_an_earlier_build_is_the_same_after_a_replay_of_all_bronze() {
    let world = World::stored(2).await;
    let (before, entities) = (world.describe().await, world.entities().await);
    let silver = world.app().silver;
    for source in world.sources().await {
        let refined = silver.refine(source).await.unwrap();
        assert!(!refined.now);
    }
    // The idle marker of the earlier build says that there is nothing to do, and there is nothing.
    let published = world.app().gold.publish(World::deadline()).await.unwrap();
    assert_eq!(published.ended, Ended::Unchanged);
    let unhinted = world.app_without_hints().gold;
    let published = unhinted.publish(World::deadline()).await.unwrap();
    assert_eq!(
        (published.ended, published.transactions),
        (Ended::UpToDate, 0)
    );
    assert_eq!(world.describe().await, before);
    assert_eq!(world.entities().await, entities);
}

#[tokio::test]
async fn a_lake_of_an_earlier_build_is_continued() {
    let world = World::stored(2).await;
    let head = Version(VERSION);

    // New rows, and some that the earlier build has, in compacted files and in others.
    world.wait(2 * 60 * MINUTE);
    let mut bodies: Vec<_> = (200..210).map(|id| body(id, 250)).collect();
    bodies.extend([body(5, 5), body(62, 2), body(70, 210)]);
    let refined = world.refine("0", 1_000, 250, &bodies).await;
    assert_eq!(totals(&refined.entry.counts), [13, 10, 3, 0, 0]);
    assert_eq!(
        refined.entry.version,
        head.next().next(),
        "after the columns with bounds were recorded"
    );
    let bodies = [body(211, 300), body(20, 0)];
    let refined = world.refine("1", 1_000, 300, &bodies).await;
    assert_eq!(totals(&refined.entry.counts), [2, 1, 1, 0, 0]);
    let report = world.maintain(eager()).await;
    assert!(report.compact.done().unwrap().commits > 0);
    assert!(report.snapshot.done().unwrap().version > Some(SNAPSHOT));
    assert!(report.checkpoint.done().unwrap().version > Some(SNAPSHOT));
    world.publish().await;

    // Everything that was replaced is old enough to go.
    world.wait(9 * DAY);
    let report = world.maintain(eager()).await;
    let vacuumed = report.vacuum.done().unwrap();
    assert!(
        vacuumed.replaced > 0 && vacuumed.log_entries > 0,
        "{vacuumed:?}"
    );
    let bodies = [body(212, 310), body(212, 310)];
    let refined = world.refine("1", 2_000, 310, &bodies).await;
    assert_eq!(totals(&refined.entry.counts), [2, 1, 1, 0, 0]);
    world.publish().await;

    let [lines, rows, duplicates, late, quarantined] = LEDGER;
    let expected = [lines + 17, rows + 12, duplicates + 5, late, quarantined];
    assert_eq!(totals(&world.ledger_total().await), expected);
    assert_eq!(world.silver().await.len() as u64, rows + 12);
    assert_golden(&format!("{LAKE}/continued.txt"), &world.describe().await);
    assert_log_goes_on(&world, head).await;
}

#[tokio::test]
async fn a_lake_of_an_earlier_build_names_its_columns_with_bounds_once() {
    let world = World::stored(2).await;
    let head = Version(VERSION);
    for (sequence, id) in [(1_000, 200), (1_001, 201), (1_002, 202)] {
        world.refine("0", sequence, 250, &[body(id, 250)]).await;
    }
    let until = world.log().head().await.unwrap().unwrap().version;
    let commits = world.log().commits(head, until).await.unwrap();
    let is_schema = |kind: &CommitKind| matches!(kind, CommitKind::Schema(_));
    let schemas: Vec<bool> = commits
        .iter()
        .map(|commit| is_schema(&commit.kind))
        .collect();
    assert_eq!(schemas, [true, false, false, false]);
    let entry = log_entry(&TableId::of(&world.dataset), &commits[0]).unwrap();
    let entry = String::from_utf8(entry.to_vec()).unwrap();
    assert!(entry.contains("delta.dataSkippingStatsColumns"), "{entry}");
}

/// Checks that versions are gapless and that the Delta log has each of them with the bytes of its commit.
async fn assert_log_goes_on(world: &World, old: Version) {
    let facts = world.maintenance(eager()).status().await.unwrap();
    let head = world.log().head().await.unwrap().unwrap().version;
    assert!(head > old.next());
    assert_eq!((facts.delta_version, facts.delta_lag), (Some(head.0), 0));
    let first = head.0 + 1 - facts.log_entries;
    assert!(first > 0, "the vacuum has cleared a part of the log");
    let commits = world.log().commits(Version(first - 1), head).await.unwrap();
    assert_eq!(commits.len() as u64, facts.log_entries);
    let table = TableId::of(&world.dataset);
    for commit in commits {
        let path = table.delta_entry(commit.version.0);
        let entry = world.lake.get(&path).await.unwrap();
        assert_eq!(entry, Some(log_entry(&table, &commit).unwrap()));
    }
    let progress = world.warehouse().progress().await.unwrap();
    assert!(progress.values().all(|progress| progress.version == head));
}
