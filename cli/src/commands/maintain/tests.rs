use super::*;
use crate::target::in_memory::Pipeline;

#[test]
fn a_report_tells_what_was_done_what_failed_and_what_is_left() {
    let report = Report {
        dry_run: false,
        reconcile: Step::Done(Reconciled {
            listed: 2_000,
            refined: 3,
            failed: 1,
            failure: Some("lost".into()),
            left: 1,
            poison_removed: 1,
            poison_left: 2,
        }),
        count: Step::Done(Counted {
            sources: Some(1_204),
            is_due: true,
        }),
        compact: Step::Done(Compacted {
            commits: 2,
            replaced: 130,
            rows: 4_800,
            bytes: 76_107,
            given_up: 1,
            left: 5,
        }),
        delta: Step::Done(Delta {
            published: Some(7),
            written: 1,
            lag: 0,
        }),
        snapshot: Step::Done(Snapshotted {
            left: 12,
            ..Snapshotted::default()
        }),
        checkpoint: Step::Failed("write blob x: refused".into()),
        vacuum: Step::Done(Vacuumed {
            was_due: true,
            replaced: 1,
            log_entries: 20,
            left: 4,
            ..Vacuumed::default()
        }),
    };
    let expected = [
        "orders, maintained",
        "  reconcile   2,000 objects of bronze listed, 3 refined, 1 failed, the first: lost, 1 left to refine, 1 poison message removed and 2 left",
        "  count       1,204 sources counted up",
        "  compact     130 files replaced by 2, with 4,800 rows in 76.11 kB, 1 rewrite abandoned after a conflict, 5 rewrites left",
        "  delta       1 version published, at version 7, up to date",
        "  snapshot    not due, 12 versions without one",
        "  checkpoint  failed: write blob x: refused",
        "  vacuum      1 replaced file, 20 log versions removed, 4 left",
    ];
    assert_eq!(lines("orders", &report), expected);
}

#[test]
fn a_dry_run_tells_what_there_is_to_do() {
    let report = Report {
        dry_run: true,
        reconcile: Step::Done(Reconciled::default()),
        count: Step::Done(Counted::default()),
        compact: Step::Done(Compacted {
            left: 17,
            ..Compacted::default()
        }),
        delta: Step::Done(Delta {
            lag: 3,
            ..Delta::default()
        }),
        snapshot: Step::Done(Snapshotted {
            left: 1_000,
            is_due: true,
            ..Snapshotted::default()
        }),
        checkpoint: Step::Done(Checkpointed::default()),
        vacuum: Step::Done(Vacuumed::default()),
    };
    let expected = [
        "orders, a dry run: nothing was changed",
        "  reconcile   0 objects of bronze listed, none left to refine",
        "  compact     17 rewrites to do",
        "  delta       3 versions to publish",
        "  snapshot    due, 1,000 versions without one",
        "  checkpoint  not due, 0 versions without one",
        "  vacuum      not due",
    ];
    assert_eq!(lines("orders", &report), expected);
}

#[test]
fn a_step_that_failed_says_why_whatever_it_is() {
    let failed: Step<Vacuumed> = Step::Failed("list blobs: refused".into());
    let text = step(&failed, |_| "done".to_owned());
    assert_eq!(text, "failed: list blobs: refused");
}

#[test]
fn objects_that_failed_without_a_reason_are_still_counted() {
    let done = Reconciled {
        listed: 3,
        failed: 2,
        left: 2,
        ..Reconciled::default()
    };
    assert_eq!(
        reconciled(&done),
        "3 objects of bronze listed, 2 failed, the first: for an unknown reason, 2 left to refine"
    );
}

#[test]
fn the_delta_log_says_where_it_is_and_what_it_lacks() {
    let at = |published, written, lag| {
        delta(&Delta {
            published,
            written,
            lag,
        })
    };
    assert_eq!(at(None, 0, 0), "nothing to publish");
    assert_eq!(at(Some(1_000), 0, 0), "at version 1,000, up to date");
    assert_eq!(at(Some(7), 0, 2), "at version 7, 2 versions to publish");
    let some = "2 versions published, at version 7, 1 version to publish";
    assert_eq!(at(Some(7), 2, 1), some);
}

#[test]
fn a_snapshot_and_a_checkpoint_say_what_they_hold() {
    let snapshot = Snapshotted {
        version: Some(1_000),
        files: 1,
        ..Snapshotted::default()
    };
    assert_eq!(snapshotted(&snapshot), "of version 1,000 with 1 file");
    let checkpoint = Checkpointed {
        version: Some(20),
        bytes: 999,
        ..Checkpointed::default()
    };
    assert_eq!(checkpointed(&checkpoint), "of version 20, 999 B");
}

#[test]
fn a_vacuum_names_what_it_removed_and_only_that() {
    let done = Vacuumed {
        was_due: true,
        unnamed: 1,
        delta_entries: 1_200,
        ..Vacuumed::default()
    };
    let what = "1 unnamed object, 1,200 Delta log objects";
    assert_eq!(vacuumed(&done, false), format!("{what} removed"));
    assert_eq!(vacuumed(&done, true), format!("{what} to remove"));
    let nothing = Vacuumed {
        was_due: true,
        ..Vacuumed::default()
    };
    assert_eq!(vacuumed(&nothing, false), "nothing to do");
}

#[tokio::test]
async fn a_real_run_refines_what_silver_has_not_seen() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.ingest(2, &[3]).await;
    let maintenance = pipeline.stores.maintenance();
    let dry = Options {
        dry_run: true,
        full: true,
        span: None,
    };
    let deadline = || Deadline::after(Duration::from_secs(60));
    let report = maintenance.run(dry, deadline()).await;
    let shown = lines("orders", &report);
    assert_eq!(shown[0], "orders, a dry run: nothing was changed");
    assert!(shown[1].starts_with("  reconcile   2 objects of bronze listed"));
    assert_eq!(pipeline.counts().await.lines, 2, "nothing was changed");
    let report = maintenance.run(Options::default(), deadline()).await;
    assert_eq!(lines("orders", &report)[0], "orders, maintained");
    assert!(report.failures().is_empty());
}
