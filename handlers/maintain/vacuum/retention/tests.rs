//! What vacuum may take, and when.

use super::*;
use crate::event::EventTime;
use crate::store::object::Metadata;
use crate::table::TableId;
use crate::table::log::{Counts, DataFile};

const NOW: i64 = 100 * DAY_MILLIS;

fn days_ago(days: f64) -> UnixMillis {
    UnixMillis(NOW - (days * DAY_MILLIS as f64) as i64)
}

fn path(name: &str) -> ObjectPath {
    ObjectPath::new("silver", name)
}

fn object(path: ObjectPath, created: UnixMillis) -> ObjectInfo {
    ObjectInfo {
        path,
        size: 1,
        created,
        metadata: Metadata::new(),
    }
}

fn entry(version: u64, created: UnixMillis) -> ObjectInfo {
    object(TableId::new("orders", 1).delta_entry(version), created)
}

fn commit(version: u64, committed: UnixMillis, adds: &[&str], replaces: &[&str]) -> Commit {
    let files = adds.iter().map(|name| DataFile {
        path: path(name),
        period: EventTime(0),
        rows: 1,
        bytes: 1,
        min: EventTime(0),
        max: EventTime(0),
        stats: None,
    });
    Commit {
        version: Version(version),
        id: format!("c{version}"),
        kind: match replaces.is_empty() {
            true => CommitKind::Append,
            false => CommitKind::Compact {
                replaces: replaces.iter().map(|name| path(name)).collect(),
            },
        },
        committed,
        files: files.collect(),
        counts: Counts::default(),
        sources: 0,
        watermark: None,
        totals: None,
    }
}

/// Version 1 added a and b, version 2 replaced them with c.
fn plan(committed: f64, published: Option<f64>) -> RetentionPlan {
    let listed = ["a", "b", "c"].map(|name| object(path(name), days_ago(50.0)));
    let mut delta = vec![entry(1, days_ago(50.0))];
    delta.extend(published.map(|days| entry(2, days_ago(days))));
    let mut plan = RetentionPlan::new(UnixMillis(NOW), listed.to_vec(), &delta);
    let commits = [
        commit(1, days_ago(50.0), &["a", "b"], &[]),
        commit(2, days_ago(committed), &["c"], &["a", "b"]),
    ];
    plan.take_in(&commits, Some(Version(9)), |commit| path(&commit.id));
    plan
}

#[test]
fn a_replaced_file_stays_for_7_days_after_the_commit_and_after_its_publication() {
    for (committed, published, goes) in [
        (7.1, Some(7.1), true),
        (6.9, Some(6.9), false),
        (20.0, Some(6.9), false),
        (20.0, None, false),
    ] {
        let plan = plan(committed, published);
        let expected = if goes {
            vec![path("a"), path("b")]
        } else {
            vec![]
        };
        assert_eq!(plan.replaced(), expected, "{committed} {published:?}");
        assert_eq!(plan.unnamed(), []);
    }
}

#[test]
fn what_nothing_names_stays_for_24_hours_after_its_creation() {
    let listed = vec![
        object(path("young"), days_ago(0.9)),
        object(path("old"), days_ago(1.1)),
        object(path("live"), days_ago(9.0)),
        object(path("snapshot"), days_ago(9.0)),
        object(path("manifest-c1"), days_ago(9.0)),
    ];
    let mut plan = RetentionPlan::new(UnixMillis(NOW), listed, &[]);
    let commits = [commit(1, days_ago(9.0), &["live"], &[])];
    plan.take_in(&commits, None, |commit| {
        path(&format!("manifest-{}", commit.id))
    });
    plan.take_in_live(&Snapshot::default(), Some(&path("snapshot")));
    assert_eq!(plan.unnamed(), [path("old")]);
    assert_eq!(plan.clear_until(), None, "there is no snapshot");
}

#[test]
fn the_log_goes_up_to_the_first_entry_that_is_young_or_unpublished_or_not_below_the_snapshot() {
    let cases = [
        (vec![8.0, 8.0, 8.0], vec![1, 2, 3], 9, Some(4)),
        (vec![8.0, 8.0, 8.0], vec![1, 2, 3], 3, Some(3)),
        (vec![8.0, 6.0, 8.0], vec![1, 2, 3], 9, Some(2)),
        (vec![8.0, 8.0, 8.0], vec![1, 3], 9, Some(2)),
        (vec![8.0, 8.0, 8.0], vec![], 9, None),
    ];
    for (ages, published, snapshot, until) in cases {
        let delta: Vec<_> = published
            .iter()
            .map(|version| entry(*version, days_ago(8.0)))
            .collect();
        let mut plan = RetentionPlan::new(UnixMillis(NOW), vec![], &delta);
        let commits: Vec<_> = (1..)
            .zip(&ages)
            .map(|(version, age)| commit(version, days_ago(*age), &[], &[]))
            .collect();
        plan.take_in(&commits, Some(Version(snapshot)), |commit| path(&commit.id));
        assert_eq!(
            plan.clear_until(),
            until.map(Version),
            "{ages:?} {published:?}"
        );
    }
}

#[test]
fn the_delta_log_goes_up_to_an_old_checkpoint_that_our_log_has_reached() {
    let checkpoint = |version, days| {
        object(
            TableId::new("orders", 1).delta_checkpoint(version),
            days_ago(days),
        )
    };
    let mut delta: Vec<_> = (0..10)
        .map(|version| entry(version, days_ago(9.0)))
        .collect();
    delta.extend([checkpoint(3, 9.0), checkpoint(6, 8.0), checkpoint(8, 2.0)]);
    let plan = RetentionPlan::new(UnixMillis(NOW), vec![], &delta);

    let all = |until| (0..until).collect::<Vec<u64>>();
    assert_eq!(plan.delta(Version(9), Some(Version(8))), (all(6), vec![3]));
    assert_eq!(plan.delta(Version(5), Some(Version(8))), (all(3), vec![]));
    assert_eq!(plan.delta(Version(2), Some(Version(8))), (vec![], vec![]));
    assert_eq!(plan.delta(Version(9), None), (vec![], vec![]));
}
