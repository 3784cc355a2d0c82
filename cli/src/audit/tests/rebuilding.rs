//! A pipeline whose gold is being made anew adds up: what is shown is judged by what it is.

use super::good::assert_adds_up;
use super::pipeline::{Pipeline, event};
use super::tampered::assert_found;
use crate::audit::{Check, Report};

const ORDERS: &str = "grain = \"all\"\nmeasures = { orders = \"count\"";
const NAME: &str = "name = \"shop\"";
const RAISED: &str = "name = \"shop\"\ngeneration = 2";

fn check<'a>(report: &'a Report, name: &str) -> &'a Check {
    let mut checks = report.checks.iter();
    let found = checks.find(|check| check.name.contains(name));
    found.unwrap_or_else(|| panic!("{report:#?}"))
}

/// Lets the shadow of a table stand where it would with this.
fn shadow(pipeline: &Pipeline, table: &str, stands: &str) {
    pipeline.sql(&format!(
        "UPDATE sluice_next SET {stands} WHERE gold_table = '{table}'"
    ));
}

#[tokio::test]
async fn a_table_that_is_made_anew_is_right_and_says_how_far_the_new_one_is() {
    let pipeline = Pipeline::good().await;
    pipeline.ask().await;
    let version = pipeline.log_span().await.1;
    shadow(
        &pipeline,
        "gold_monthly",
        "base_version = 1, files_done = 3",
    );
    shadow(&pipeline, "gold_all", "base_version = 0, version = 1");
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    for (table, expected) in [
        ("gold_hourly", "to be made anew".to_owned()),
        (
            "gold_monthly",
            format!("being made (0 of {version} versions, with 3 files of the first)"),
        ),
        ("gold_all", format!("being made (1 of {version} versions)")),
    ] {
        let check = check(&report, table);
        let ending = format!("; the one beside it is {expected}");
        assert!(check.examined.ends_with(&ending), "{}", check.examined);
        assert!(!check.skipped, "{table}");
    }
}

#[tokio::test]
async fn a_table_of_an_earlier_definition_is_judged_by_that() {
    let mut pipeline = Pipeline::good().await;
    let more = ORDERS.replace("orders = ", "a_new_one = \"count\", orders = ");
    pipeline.changed(ORDERS, &more);
    assert_adds_up(&pipeline.audit().await);
    pipeline.sql("UPDATE gold_all__1 SET orders = 61");
    let expected = ["orders of all time is 61", "60"];
    assert_found(&pipeline, "gold_all", &expected).await;
    pipeline.publish().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
}

#[tokio::test]
async fn a_table_that_is_being_filled_for_the_first_time_waits() {
    let mut pipeline = Pipeline::good().await;
    let table = "\n[[gold]]\ntable = \"gold_new\"\ngrain = \"all\"\nmeasures = { n = \"count\" }\n";
    let all = "[[gold]]\ntable = \"gold_all\"";
    pipeline.changed(all, &format!("{table}{all}"));
    assert_found(&pipeline, "gold_new", &["has not been made yet"]).await;
    pipeline.sql(
        "INSERT INTO sluice_next (gold_table, dataset, generation, definition, base_version, files_done)
         VALUES ('gold_new', 'shop', 1, 'x', 1, 7)",
    );
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let check = check(&report, "gold_new");
    assert!(check.skipped && check.examined.starts_with("is being made (0 of"));
}

#[tokio::test]
async fn a_definition_that_nobody_explains_waits_where_it_is_made_anew() {
    let pipeline = Pipeline::good().await;
    pipeline.ask().await;
    pipeline.sql("UPDATE sluice_progress SET definition = 'x' WHERE gold_table = 'gold_all'");
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    assert!(check(&report, "gold_all").skipped);
    pipeline.sql("DELETE FROM sluice_next WHERE gold_table = 'gold_all'");
    assert_found(&pipeline, "gold_all", &["other measures"]).await;
}

#[tokio::test]
async fn a_generation_that_is_being_made_adds_up_until_it_is_shown_and_after() {
    let mut pipeline = Pipeline::good().await;
    pipeline.changed(NAME, RAISED);
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let lines = check(&report, "every line");
    assert!(
        lines.examined.contains("4 of them to be refined again"),
        "{}",
        lines.examined
    );
    let all = check(&report, "gold_all");
    assert!(
        all.examined.ends_with("of generation 1"),
        "{}",
        all.examined
    );

    // An event that neither generation has is missing as ever.
    pipeline.ingest("0", 49, vec![event(90)]).await;
    assert_found(&pipeline, "every line", &["is not in the ledger"]).await;
    // What the old generation shows is compared with its silver.
    pipeline.sql("UPDATE gold_all__1 SET orders = 61");
    assert_found(&pipeline, "gold_all", &["orders of all time is 61"]).await;
    pipeline.sql("UPDATE gold_all__1 SET orders = 60");

    pipeline.refine().await;
    pipeline.publish().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let all = check(&report, "gold_all");
    assert!(!all.examined.contains("generation"), "{}", all.examined);
}
