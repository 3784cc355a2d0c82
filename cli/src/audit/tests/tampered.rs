use arrow_select::concat::concat_batches;
use bytes::Bytes;
use sluice::store::entity::Value;
use sluice::store::object::{Metadata, ObjectPath};

use super::pipeline::Pipeline;

/// Asserts that the check whose name contains `check` fails and its difference names what is expected.
pub(super) async fn assert_found(pipeline: &Pipeline, check: &str, expected: &[&str]) {
    let report = pipeline.audit().await;
    let found = report
        .checks
        .iter()
        .find(|found| found.name.contains(check));
    let found = found.unwrap_or_else(|| panic!("no check {check} in {report:#?}"));
    let difference = found
        .difference
        .as_deref()
        .unwrap_or_else(|| panic!("{check} found nothing"));
    for part in expected {
        assert!(
            difference.contains(part),
            "{difference:?} should name {part:?}"
        );
    }
    assert!(!report.adds_up());
}

#[tokio::test]
async fn a_bronze_object_that_is_gone_is_a_gap() {
    let pipeline = Pipeline::good().await;
    pipeline.ingest("0", 49, vec![b"{}".to_vec()]).await;
    pipeline.refine().await;
    let objects = pipeline.objects().await;
    let second = objects
        .iter()
        .filter(|o| o.path.name().starts_with("shop/0/"))
        .nth(1)
        .unwrap();
    pipeline.subject.lake.delete(&second.path).await.unwrap();
    assert_found(&pipeline, "there once", &["partition 0", "events 32 to 48"]).await;
    assert_found(
        &pipeline,
        "every line",
        &["bronze has no such object", "17 lines"],
    )
    .await;
}

#[tokio::test]
async fn a_bronze_object_that_overlaps_is_named() {
    let pipeline = Pipeline::good().await;
    let first = pipeline.objects().await.remove(0);
    let content = pipeline
        .subject
        .lake
        .get(&first.path)
        .await
        .unwrap()
        .unwrap();
    let copy = ObjectPath::new("bronze", &format!("{}-copy", first.path.name()));
    pipeline
        .world
        .replace_object(&copy, content, &first.metadata)
        .await;
    assert_found(&pipeline, "there once", &["stored twice", "starts with 0"]).await;
}

#[tokio::test]
async fn a_line_that_is_gone_from_bronze_is_counted() {
    let pipeline = Pipeline::good().await;
    let first = pipeline.objects().await.remove(0);
    let content = pipeline
        .subject
        .lake
        .get(&first.path)
        .await
        .unwrap()
        .unwrap();
    let shorter = content.slice(content.iter().position(|byte| *byte == b'\n').unwrap() + 1..);
    pipeline
        .world
        .replace_object(&first.path, shorter.clone(), &first.metadata)
        .await;
    assert_found(&pipeline, "every line", &["31 lines", "metadata says 32"]).await;

    let mut metadata = first.metadata.clone();
    metadata.insert("lines".into(), "31".into());
    metadata.insert("last_sequence".into(), "30".into());
    pipeline
        .world
        .replace_object(&first.path, shorter, &metadata)
        .await;
    assert_found(&pipeline, "every line", &["31 lines", "ledger says 32"]).await;
}

#[tokio::test]
async fn times_that_are_gone_from_bronze_or_wrong_are_named() {
    let pipeline = Pipeline::good().await;
    let first = pipeline.objects().await.remove(0);
    let content = pipeline.subject.lake.get(&first.path).await;
    let content = String::from_utf8(content.unwrap().unwrap().to_vec()).unwrap();
    let (lines, times) = content.split_once("{\"$sluice\"").unwrap();
    let times = format!("{{\"$sluice\"{times}");
    for (wrong, said) in [
        (String::new(), "does not end with the times"),
        (times.replacen(",1,", ",", 1), "the times of 31 events"),
        (
            times.replacen(",1,", ",2,", 1),
            "differ about the first or the last",
        ),
    ] {
        let content = format!("{lines}{wrong}").into();
        let replaced = pipeline
            .world
            .replace_object(&first.path, content, &first.metadata);
        replaced.await;
        assert_found(&pipeline, "every line", &[said]).await;
    }
    let mut metadata = first.metadata.clone();
    metadata.insert("format".into(), "3".into());
    let replaced = pipeline
        .world
        .replace_object(&first.path, content.into(), &metadata);
    replaced.await;
    assert_found(&pipeline, "every line", &["format 3", "later release"]).await;
}

#[tokio::test]
async fn a_ledger_entry_that_is_gone_or_wrong_is_named() {
    let pipeline = Pipeline::good().await;
    let name = pipeline.objects().await.remove(0).path.name().to_owned();
    let row = format!("src|{name}");
    pipeline
        .world
        .change_row(&row, |entity| {
            entity.properties.insert("rows".into(), Value::Int64(31));
        })
        .await;
    assert_found(
        &pipeline,
        "ledger: every line",
        &[&name, "31 rows + 1 duplicate"],
    )
    .await;
    assert_found(&pipeline, "log: commits", &["version 1"]).await;
    assert_found(
        &pipeline,
        "each source's rows",
        &[&name, "31 rows", "holds 30"],
    )
    .await;
    pipeline.world.remove_row(&row).await;
    assert_found(&pipeline, "every line", &[&name, "not in the ledger"]).await;
}

#[tokio::test]
async fn a_quarantined_line_that_is_gone_is_counted() {
    let pipeline = Pipeline::good().await;
    let quarantine = ObjectPath::new("quarantine", "shop/");
    let object = pipeline
        .subject
        .lake
        .list(&quarantine)
        .await
        .unwrap()
        .remove(0);
    pipeline
        .world
        .replace_object(&object.path, Bytes::from_static(b""), &Metadata::new())
        .await;
    assert_found(&pipeline, "every rejected line", &["rejected", "has 0"]).await;
    pipeline.subject.lake.delete(&object.path).await.unwrap();
    assert_found(&pipeline, "every rejected line", &["not there"]).await;
}

#[tokio::test]
async fn a_commit_that_claims_another_number_of_rows_is_named() {
    let pipeline = Pipeline::good().await;
    pipeline
        .world
        .change_row("log|000000000001", |entity| {
            let Some(Value::Int64(rows)) = entity.properties.get_mut("rows") else {
                panic!("a commit counts rows");
            };
            *rows += 1;
        })
        .await;
    assert_found(&pipeline, "log: commits", &["version 1"]).await;
}

#[tokio::test]
async fn a_silver_file_that_is_gone_or_shorter_is_named() {
    let pipeline = Pipeline::good().await;
    let file = pipeline.file().await;
    pipeline
        .rewrite(&file, |rows| rows.slice(1, rows.num_rows() - 1))
        .await;
    assert_found(&pipeline, "log: commits", &["and its files"]).await;
    assert_found(&pipeline, "each source's rows", &["holds"]).await;
    pipeline.subject.lake.delete(&file.path).await.unwrap();
    assert_found(
        &pipeline,
        "files hold",
        &[file.path.as_str(), "not in the lake"],
    )
    .await;
}

#[tokio::test]
async fn a_footer_with_another_number_of_rows_than_the_log_is_named() {
    let pipeline = Pipeline::good().await;
    let file = pipeline.file().await;
    let content = pipeline
        .subject
        .lake
        .get(&file.path)
        .await
        .unwrap()
        .unwrap();
    pipeline
        .rewrite(&file, |rows| rows.slice(1, rows.num_rows() - 1))
        .await;
    let shorter = pipeline
        .subject
        .lake
        .get(&file.path)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(content, shorter);
    pipeline
        .world
        .replace_object(&file.path, content, &Metadata::new())
        .await;
    let report = pipeline.audit().await;
    assert!(!report.adds_up());
    assert_found(&pipeline, "files hold", &[file.path.as_str()]).await;
}

#[tokio::test]
async fn a_key_that_is_in_silver_twice_is_named_with_its_places() {
    for max_keys in [8_000_000, 5] {
        let mut pipeline = Pipeline::good().await;
        pipeline.options.max_keys = max_keys;
        let file = pipeline.file().await;
        pipeline
            .rewrite(&file, |rows| {
                let last = rows.slice(rows.num_rows() - 1, 1);
                concat_batches(&rows.schema(), [&rows, &last]).unwrap()
            })
            .await;
        assert_found(
            &pipeline,
            "no key twice",
            &["id = ", "at = 2025-11-14T", file.path.as_str()],
        )
        .await;
    }
}

#[tokio::test]
async fn a_row_outside_of_its_file_s_range_is_named() {
    let pipeline = Pipeline::good().await;
    let files = pipeline.files().await;
    let (one, other) = (
        files.first().unwrap().clone(),
        files.last().unwrap().clone(),
    );
    assert_ne!(one.period, other.period);
    let content = pipeline
        .subject
        .lake
        .get(&other.path)
        .await
        .unwrap()
        .unwrap();
    pipeline.rewrite(&one, |rows| rows).await;
    pipeline
        .world
        .replace_object(&one.path, content, &Metadata::new())
        .await;
    assert!(!pipeline.audit().await.adds_up());
}

/// A statement that spoils gold, the table whose check must fail, and what it must name.
const SPOILED: &[(&str, &str, &[&str])] = &[
    (
        "UPDATE gold_hourly__1 SET total = '0.01' WHERE who = 'ann' AND hour LIKE '%T11%'",
        "gold_hourly",
        &["total", "ann", "is 0.01, silver adds up to"],
    ),
    (
        "UPDATE gold_hourly__1 SET mean_count = mean_count + 1 WHERE who IS NULL",
        "gold_hourly",
        &["mean_count", "null"],
    ),
    (
        "UPDATE gold_hourly__1 SET lightest = 0.25 WHERE who = ''",
        "gold_hourly",
        &["lightest", "0.25"],
    ),
    (
        "UPDATE gold_hourly__1 SET ids = '1' WHERE who = 'bob'",
        "gold_hourly",
        &["ids"],
    ),
    (
        "UPDATE gold_weekly__1 SET opened = '0.01' WHERE who = 'bob'",
        "gold_weekly",
        &["opened", "0.01"],
    ),
    (
        "UPDATE gold_weekly__1 SET closed = NULL WHERE who = 'bob'",
        "gold_weekly",
        &["closed", "null"],
    ),
    (
        "UPDATE gold_weekly__1 SET kinds = kinds + 9 WHERE who = 'bob'",
        "gold_weekly",
        &["kinds", "or nearly so"],
    ),
    (
        "UPDATE gold_monthly__1 SET largest = NULL",
        "gold_monthly",
        &["largest", "null", "59.10"],
    ),
    (
        "UPDATE gold_all__1 SET orders = 61",
        "gold_all",
        &["orders of all time is 61", "60"],
    ),
    (
        "UPDATE gold_all__1 SET last = '2025-11-14T11:44:34.000001Z'",
        "gold_all",
        &["last"],
    ),
    (
        "DELETE FROM gold_hourly__1 WHERE who = 'bob'",
        "gold_hourly",
        &["lacks 3 rows"],
    ),
    (
        "INSERT INTO gold_monthly__1 (month, _key, orders) VALUES ('1999-01-01', x'00', 1)",
        "gold_monthly",
        &["1999-01-01", "silver has none"],
    ),
    (
        "UPDATE sluice_progress SET log = 'another' WHERE gold_table = 'gold_all'",
        "gold_all",
        &["follows another pipeline", "sluice rebuild gold"],
    ),
    (
        "DELETE FROM sluice_progress WHERE gold_table = 'gold_all'",
        "gold_all",
        &["drop or rename gold_all"],
    ),
    (
        "UPDATE sluice_progress SET generation = 7",
        "gold_all",
        &["generation 7"],
    ),
    (
        "UPDATE sluice_progress SET definition = 'x'",
        "gold_all",
        &["other measures"],
    ),
    (
        "UPDATE sluice_freshness SET rows_taken = 59 WHERE gold_table = 'gold_all'",
        "sluice_balance",
        &["rows_taken of gold_all at version", "is 59", "60"],
    ),
    (
        "UPDATE sluice_freshness SET duplicates = NULL WHERE gold_table = 'gold_weekly'",
        "sluice_balance",
        &["duplicates of gold_weekly", "is null", "4"],
    ),
    (
        "UPDATE sluice_progress SET version = 1 WHERE gold_table = 'gold_all'",
        "gold_all",
        &["orders of all time is 60", "30"],
    ),
];

#[tokio::test]
async fn gold_that_differs_from_silver_is_named_to_the_cell() {
    for (statement, check, expected) in SPOILED {
        let pipeline = Pipeline::good().await;
        pipeline.sql(statement);
        assert_found(&pipeline, check, expected).await;
    }
}

#[tokio::test]
async fn gold_that_has_never_run_is_a_difference() {
    let pipeline = Pipeline::empty();
    pipeline
        .ingest("0", 0, vec![super::pipeline::event(1)])
        .await;
    pipeline.refine().await;
    assert_found(&pipeline, "gold", &["has not run yet"]).await;
}

#[tokio::test]
async fn totals_that_the_ledger_does_not_come_to_are_named() {
    let pipeline = Pipeline::good().await;
    let (_, last) = pipeline.log_span().await;
    let change = |from: &'static str, to: &'static str| {
        move |entity: &mut sluice::store::entity::Entity| {
            let totals = entity.properties["totals"].as_str().unwrap();
            assert!(totals.contains(from), "{totals}");
            let totals = Value::String(totals.replace(from, to));
            entity.properties.insert("totals".into(), totals);
        }
    };
    let (good, bad) = ("\"rows\":60", "\"rows\":61");
    pipeline.world.change_row("head", change(good, bad)).await;
    let said = ["the head counts", "61 rows", "come to", "60 rows"];
    assert_found(&pipeline, "head: totals", &said).await;
    pipeline.world.change_row("head", change(bad, good)).await;

    let row = format!("log|{last:012}");
    pipeline.world.change_row(&row, change(good, bad)).await;
    let said = [&*format!("version {last} counts"), "61 rows", "60 rows"];
    assert_found(&pipeline, "head: totals", &said).await;
}

#[tokio::test]
async fn totals_that_an_earlier_build_left_behind_are_not_compared() {
    let pipeline = Pipeline::good().await;
    pipeline
        .world
        .change_row("head", |entity| {
            entity.properties.remove("totals");
        })
        .await;
    let report = pipeline.audit().await;
    super::good::assert_adds_up(&report);
    let check = report
        .checks
        .iter()
        .find(|check| check.name.contains("totals"));
    assert!(check.is_some_and(|check| check.skipped));
}
