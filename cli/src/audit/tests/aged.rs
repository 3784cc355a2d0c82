//! A pipeline that is older than its log: maintenance has cleared the log's start and replaced its first files.

use arrow_select::concat::concat_batches;
use sluice::store::entity::Value;

use super::good::assert_adds_up;
use super::pipeline::{Pipeline, event};
use super::tampered::assert_found;

/// Three weeks old; the last commit has come since the last maintenance. Gold has everything.
async fn aged() -> Pipeline {
    let mut pipeline = Pipeline::good().await;
    for week in 0..3 {
        let first = 100 + week * 10;
        pipeline
            .ingest(
                "0",
                49 + week * 10,
                (first..first + 10).map(event).collect(),
            )
            .await;
        pipeline.refine().await;
        pipeline.maintain().await;
        pipeline.publish().await;
        pipeline.wait(8);
    }
    pipeline.maintain().await;
    pipeline
        .ingest("0", 79, (200..210).map(event).collect())
        .await;
    pipeline.refine().await;
    pipeline.publish().await;
    let (first, last) = pipeline.log_span().await;
    assert!(first > 4, "the log has {first} to {last}");
    pipeline
}

#[tokio::test]
async fn a_store_whose_log_has_lost_its_start_adds_up() {
    let pipeline = aged().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    assert_eq!((report.sums.rows, report.sums.lines), (100, 107));
    let log = report
        .checks
        .iter()
        .find(|check| check.name.contains("log:"));
    let examined = &log.unwrap().examined;
    assert!(examined.contains("older ones cleared"), "{examined}");
}

#[tokio::test]
async fn gold_is_compared_at_a_version_that_compaction_has_mixed() {
    let mut pipeline = aged().await;
    pipeline
        .ingest("0", 89, (300..310).map(event).collect())
        .await;
    pipeline.refine().await;
    pipeline.maintain().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    pipeline.sql("UPDATE gold_all__1 SET orders = 110");
    assert_found(&pipeline, "gold_all", &["is 110, silver adds up to 100"]).await;
    pipeline.sql("UPDATE gold_all__1 SET orders = 100");

    // Gold is older than what is left of the log.
    for _ in 0..3 {
        pipeline.wait(8);
        pipeline.maintain().await;
    }
    pipeline.ingest("0", 99, vec![event(400)]).await;
    pipeline.refine().await;
    let standing: u64 = 12;
    let (first, _) = pipeline.log_span().await;
    assert!(first > standing, "the log begins with {first}");
    assert_adds_up(&pipeline.audit().await);
}

#[tokio::test]
async fn gold_ahead_of_the_audit_is_compared_at_its_own_version() {
    let pipeline = Pipeline::good().await;
    let history = super::super::history::History::read(&pipeline.subject)
        .await
        .unwrap();
    pipeline.maintain().await;
    pipeline.ingest("0", 49, vec![event(70)]).await;
    pipeline.refine().await;
    pipeline.publish().await;
    let books = super::super::gold::Books::read(&pipeline.subject);
    let checks = super::super::gold::check(
        &pipeline.subject,
        &pipeline.options,
        &history,
        books.await.unwrap(),
        &crate::audit::Silent,
    );
    let version = format!("at version {}", pipeline.log_span().await.1);
    for check in checks.await.unwrap() {
        assert_eq!(check.difference, None, "{}", check.name);
        if check.name.contains("sluice_balance") {
            assert!(check.skipped, "the ledger was read at an earlier version");
            continue;
        }
        assert!(check.examined.ends_with(&version), "{}", check.examined);
    }
}

#[tokio::test]
async fn an_old_bronze_object_that_is_gone_is_named() {
    let pipeline = aged().await;
    let objects = pipeline.objects().await;
    let first = objects.first().unwrap().path.clone();
    pipeline.subject.lake.delete(&first).await.unwrap();
    assert_found(
        &pipeline,
        "every line",
        &["bronze has no such object", first.name()],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_count_of_a_version_that_was_cleared_is_named() {
    let pipeline = aged().await;
    let name = pipeline.objects().await.remove(0).path.name().to_owned();
    pipeline
        .world
        .change_row(&format!("src|{name}"), |entity| {
            entity.properties.insert("rows".into(), Value::Int64(31));
            entity.properties.insert("lines".into(), Value::Int64(33));
        })
        .await;
    assert_found(&pipeline, "every line", &["32 lines", "ledger says 33"]).await;
    assert_found(&pipeline, "log: commits", &["100 rows", "ledger says 101"]).await;
    assert_found(&pipeline, "each source's rows", &[&name, "31 rows"]).await;
}

#[tokio::test]
async fn a_key_that_is_there_twice_is_named() {
    let pipeline = aged().await;
    let file = pipeline.file().await;
    pipeline
        .rewrite(&file, |rows| {
            let last = rows.slice(rows.num_rows() - 1, 1);
            concat_batches(&rows.schema(), [&rows, &last]).unwrap()
        })
        .await;
    assert_found(&pipeline, "no key twice", &["id = ", file.path.as_str()]).await;
}

#[tokio::test]
async fn gold_that_is_wrong_is_named() {
    let pipeline = aged().await;
    pipeline.sql("UPDATE gold_all__1 SET orders = 101");
    assert_found(&pipeline, "gold_all", &["is 101, silver adds up to 100"]).await;
}

#[tokio::test]
async fn an_old_silver_file_that_is_gone_is_named() {
    let pipeline = aged().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let prefix = sluice::store::object::ObjectPath::new("silver", "shop/g1/event_");
    let mut oldest = pipeline.subject.lake.list(&prefix).await.unwrap();
    oldest.sort_by_key(|file| std::cmp::Reverse(file.created));
    let live = oldest.pop().unwrap();
    pipeline.subject.lake.delete(&live.path).await.unwrap();
    assert_found(
        &pipeline,
        "files hold",
        &[live.path.as_str(), "not in the lake"],
    )
    .await;
}

#[tokio::test]
async fn a_version_that_is_gone_is_named() {
    // Above the snapshot nobody can read the log any more; below it only what was counted cannot be compared.
    let pipeline = aged().await;
    let (_, last) = pipeline.log_span().await;
    pipeline.world.remove_row(&format!("log|{last:012}")).await;
    let gone = format!("version {last}");
    assert_found(&pipeline, "log: commits", &[&gone, "gone"]).await;

    let pipeline = Pipeline::good().await;
    pipeline.maintain().await;
    pipeline.world.remove_row("log|000000000001").await;
    assert_found(
        &pipeline,
        "log: commits",
        &["version 1 is gone", "version 0"],
    )
    .await;
}

#[tokio::test]
async fn live_files_that_the_log_does_not_account_for_are_named() {
    let pipeline = Pipeline::good().await;
    pipeline.maintain().await;
    let row = "log|000000000002";
    pipeline
        .world
        .change_row(row, |entity| {
            let Some(Value::String(files)) = entity.properties.get_mut("files") else {
                panic!("the list of files is in the entity");
            };
            *files = files.replace("event_hour=11/", "event_hour=11/another-");
        })
        .await;
    assert!(!pipeline.audit().await.adds_up());
}
