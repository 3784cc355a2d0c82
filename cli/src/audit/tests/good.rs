use super::pipeline::{Pipeline, event};
use crate::audit::{Report, Sums};

pub(super) fn assert_adds_up(report: &Report) {
    assert!(
        report.adds_up(),
        "{:?}\n{report:#?}",
        report.first_difference()
    );
}

#[tokio::test]
async fn a_good_store_adds_up() {
    let report = Pipeline::good().await.audit().await;
    assert_adds_up(&report);
    let sums = Sums {
        bronze_objects: 4,
        lines: 67,
        empty: 0,
        opened: 67,
        records: 67,
        rows: 60,
        duplicates: 4,
        conflicts: 0,
        filtered: 0,
        quarantined: 3,
        redriven: 0,
        nulled: 0,
    };
    assert_eq!(report.sums, sums);
    assert_eq!(report.checks.len(), 9 + 7);
}

#[tokio::test]
async fn many_passes_come_to_the_same_verdict_as_one() {
    let mut pipeline = Pipeline::good().await;
    pipeline.options.max_keys = 3;
    pipeline.options.max_groups = 2;
    assert_adds_up(&pipeline.audit().await);
    pipeline.sql(
        "UPDATE gold_hourly__1 SET orders = orders + 1 WHERE who = 'bob' AND hour LIKE '%T10%'",
    );
    let report = pipeline.audit().await;
    let (name, difference) = report.first_difference().unwrap();
    assert!(
        name.contains("gold_hourly") && difference.contains("bob"),
        "{difference}"
    );
}

#[tokio::test]
async fn an_empty_pipeline_adds_up() {
    let report = Pipeline::empty().audit().await;
    assert_adds_up(&report);
    assert_eq!(report.version, None);
}

#[tokio::test]
async fn gold_behind_silver_is_compared_at_its_own_version() {
    let pipeline = Pipeline::good().await;
    pipeline.ingest("0", 49, vec![event(70), event(71)]).await;
    pipeline.refine().await;
    assert_adds_up(&pipeline.audit().await);
    pipeline.publish().await;
    assert_adds_up(&pipeline.audit().await);
}

#[tokio::test]
async fn a_blocked_table_is_right_at_its_version_and_says_what_blocks_it() {
    let pipeline = Pipeline::good().await;
    pipeline.sql("UPDATE sluice_freshness SET state = 'blocked', reason = 'a sum', blocked_version = 9 WHERE gold_table = 'gold_all'");
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let check = report.checks.iter();
    let mut check = check.filter(|check| check.name.contains("gold_all"));
    let examined = &check.next().unwrap().examined;
    assert!(
        examined.ends_with("; blocked at version 9: a sum"),
        "{examined}"
    );
}

#[tokio::test]
async fn a_young_object_may_be_in_work_and_an_old_one_may_not() {
    let mut pipeline = Pipeline::good().await;
    pipeline.ingest("0", 49, vec![event(70)]).await;
    assert!(!pipeline.audit().await.adds_up());
    pipeline.options.grace = std::time::Duration::from_secs(60);
    assert_adds_up(&pipeline.audit().await);
    pipeline.options.now.0 += 60_000;
    let report = pipeline.audit().await;
    assert!(
        report
            .first_difference()
            .unwrap()
            .1
            .contains("not in the ledger")
    );
}

#[tokio::test]
async fn an_object_of_a_clock_that_was_ahead_is_not_too_young_for_the_ledger() {
    let mut pipeline = Pipeline::good().await;
    pipeline.ingest("0", 49, vec![event(70)]).await;
    pipeline.options.grace = std::time::Duration::from_secs(60);
    pipeline.options.now.0 -= 59_999;
    assert_adds_up(&pipeline.audit().await);
    pipeline.options.now.0 -= 40 * 86_400_000;
    let report = pipeline.audit().await;
    let (_, difference) = report.first_difference().unwrap();
    assert!(
        difference.contains("s from now, by a clock that was ahead"),
        "{difference}"
    );
}

/// Puts an object of two events, the first of this number, that were enqueued a while after all others.
async fn put_later(pipeline: &Pipeline, first: i64, millis: i64) {
    let later = super::pipeline::START * 1_000 + 1_000_000 + millis;
    let metadata = [
        ("format", "1".to_owned()),
        ("partition", "0".to_owned()),
        ("first_sequence", first.to_string()),
        ("last_sequence", (first + 1).to_string()),
        ("first_enqueued_ms", later.to_string()),
        ("last_enqueued_ms", later.to_string()),
        ("lines", "2".to_owned()),
    ];
    let name = format!("shop/0/2025/11/14/12/{first}-{later}.jsonl");
    let path = sluice::store::object::ObjectPath::new("bronze", &name);
    let lines = [event(80 + first), event(81 + first)]
        .map(|line| [line, b"\n".to_vec()].concat())
        .concat();
    let metadata = metadata
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    pipeline
        .world
        .replace_object(&path, lines.into(), &metadata)
        .await;
}

#[tokio::test]
async fn a_recreated_hub_starts_from_zero_without_a_difference() {
    let pipeline = Pipeline::good().await;
    put_later(&pipeline, 0, 0).await;
    pipeline.refine().await;
    pipeline.publish().await;
    assert_adds_up(&pipeline.audit().await);
}

#[tokio::test]
async fn a_copy_of_the_hub_that_lacked_the_last_events_gives_their_numbers_again_without_a_difference()
 {
    let pipeline = Pipeline::good().await;
    for (first, millis) in [(7, 0), (9, 1_000), (8, 2_000)] {
        put_later(&pipeline, first, millis).await;
    }
    pipeline.refine().await;
    pipeline.publish().await;
    assert_adds_up(&pipeline.audit().await);
}

#[tokio::test]
async fn numbers_that_are_given_again_hide_no_event_that_is_there_twice_or_not_at_all() {
    for (second, expected) in [
        ((8, 0), "stored twice"),
        ((8, -1), "stored twice"),
        ((10, 1_000), "events 9 to 9 are in no object"),
    ] {
        let pipeline = Pipeline::good().await;
        put_later(&pipeline, 7, 0).await;
        put_later(&pipeline, second.0, second.1).await;
        pipeline.refine().await;
        pipeline.publish().await;
        let report = pipeline.audit().await;
        let (_, difference) = report.first_difference().unwrap();
        assert!(difference.contains(expected), "{difference}");
    }
}
