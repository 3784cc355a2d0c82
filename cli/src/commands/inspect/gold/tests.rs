use serde_json::Value;
use sluice::dataset::Dataset;

use super::*;
use crate::target::in_memory::{Pipeline, repository};

#[test]
fn an_order_names_a_column_that_exists() {
    let columns = [("day".to_owned(), ValueType::Date)];
    assert!(parse_order("day", &columns).unwrap().descending);
    assert!(!parse_order("+day", &columns).unwrap().descending);
    let error = parse_order("dai", &columns).unwrap_err();
    assert!(error.0.contains("there are day"), "{error}");
}

#[test]
fn a_table_that_is_not_there_is_wrong_usage_with_those_that_are() {
    let pipeline = Pipeline::new();
    let schema = GoldSchema::of(&pipeline.stores.dataset).unwrap();
    let error = columns_of(&schema, "gold_orders", "gold_orders").unwrap_err();
    for name in [
        "no table or view gold_orders",
        "gold_daily_orders",
        "gold_total_revenue_report",
        "gold_top_customers",
    ] {
        assert!(error.0.contains(name), "{error}");
    }
    assert!(columns_of(&schema, "x", "gold_top_customers").is_ok());
}

#[test]
fn no_limit_is_the_highest_that_a_database_counts_to() {
    assert_eq!(most_rows(7), 7);
    assert_eq!(most_rows(0) as u64, i64::MAX as u64);
}

/// What is listed, a JSON object for each table.
async fn listed(pipeline: &Pipeline) -> (Vec<Value>, Listed) {
    let listed = list(pipeline.warehouse.as_ref()).await.unwrap();
    let lines = listed.table.json_rows();
    let lines = lines.map(|row| serde_json::to_value(row).unwrap());
    (lines.collect(), listed)
}

#[tokio::test]
async fn the_list_has_every_table_with_its_rows_and_its_version() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 3]).await;
    let head = pipeline.stores.log.head().await.unwrap().unwrap();
    let (lines, found) = listed(&pipeline).await;
    assert!(found.is_fit && found.notes.is_empty(), "{:?}", found.notes);
    assert_eq!(lines.len(), 8);
    for line in &lines[..7] {
        assert_eq!((&line["rows"], &line["kind"]), (&1.into(), &"table".into()));
        assert_eq!(line["version"], head.version.0);
        assert!(line["last_run"].is_string(), "{line}");
    }
    assert_eq!(lines[7]["table"], "gold_top_customers");
    assert_eq!(lines[7]["version"], Value::Null, "a view has no progress");
    assert_eq!(lines[7]["kind"], "view");
}

#[tokio::test]
async fn tables_of_another_dataset_take_no_freshness_away() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1]).await;
    for other in 0..5 {
        pipeline.change_gold(&format!(
            "INSERT INTO sluice_freshness (gold_table, dataset) VALUES ('a{other}', 'other')"
        ));
    }
    let (lines, _) = listed(&pipeline).await;
    for line in &lines[..4] {
        assert!(line["last_run"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn gold_that_is_not_there_or_does_not_fit_says_so_in_words() {
    let pipeline = Pipeline::new();
    let warehouse = pipeline.warehouse.as_ref();
    let error = list(warehouse).await.unwrap_err();
    assert!(error.to_string().starts_with("gold has not run yet"));
    pipeline.run(0, &[1]).await;
    pipeline.change_gold("ALTER TABLE gold_total_revenue__1 RENAME COLUMN total_orders TO orders");
    let standing = warehouse.look().await.unwrap();
    let there = |name| there(warehouse.schema(), &standing, name);
    let misfit = "gold table gold_total_revenue does not fit";
    for wanted in ["gold_total_revenue", "gold_total_revenue_report"] {
        let error = there(wanted).unwrap_err().to_string();
        assert!(error.contains(misfit), "{error}");
    }
    assert!(there("gold_daily_orders").is_ok());
}

#[tokio::test]
async fn a_table_that_does_not_fit_is_noted_and_hides_no_other() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1]).await;
    pipeline.change_gold("DROP VIEW gold_total_revenue_report");
    pipeline.change_gold("CREATE TABLE gold_total_revenue_report (x)");
    let (lines, found) = listed(&pipeline).await;
    assert!(!found.is_fit);
    assert!(found.notes[0].contains("gold table gold_total_revenue does not fit"));
    let names: Vec<&str> = lines.iter().filter_map(|l| l["table"].as_str()).collect();
    assert_eq!(names.len(), 7, "{names:?}");
    assert!(!names.contains(&"gold_total_revenue"), "{names:?}");
}

#[tokio::test]
async fn a_table_that_gold_has_yet_to_make_is_named() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1]).await;
    pipeline.change_gold("DROP TABLE gold_customer_totals__1");
    let warehouse = pipeline.warehouse.as_ref();
    let standing = warehouse.look().await.unwrap();
    let there = |name| there(warehouse.schema(), &standing, name);
    let not_made = "has not made gold_customer_totals";
    for name in ["gold_customer_totals", "gold_top_customers"] {
        let error = there(name).unwrap_err().to_string();
        assert!(error.contains(not_made), "{error}");
    }
    assert!(there("gold_total_revenue").is_ok());

    let (lines, found) = listed(&pipeline).await;
    assert_eq!(lines.len(), 6, "neither the table nor its ranking");
    assert!(found.is_fit);
    assert!(found.notes[0].contains(not_made), "{:?}", found.notes);
}

#[tokio::test]
async fn a_view_of_an_earlier_definition_says_what_is_to_come() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1]).await;
    let file = repository().join("datasets/orders.toml");
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.replace("total_orders = ", "a_new_one = \"count\", total_orders = ");
    let dataset = Dataset::parse(&text, "orders.toml").unwrap();
    let warehouse = pipeline.warehouse_of(&dataset);
    let (name, limit) = ("gold_daily_orders", most_rows(0));
    let all = warehouse.schema().columns_of(name).unwrap();
    assert!(all.iter().any(|(name, _)| name == "a_new_one"));
    let there = warehouse.columns(name).await.unwrap();
    let note = to_come(name, &all, &there).unwrap();
    assert!(
        note.contains("a_new_one is not there yet; it comes with the next swap"),
        "{note}"
    );
    assert_eq!(to_come(name, &there, &there), None);
    let error = order_of_those_there("a_new_one", &there, name).unwrap_err();
    assert!(error.0.contains("come with the next swap"), "{error}");

    let order = Some(Order {
        column: "a_new_one".to_owned(),
        descending: true,
    });
    let read = ShownTable::read(warehouse.as_ref(), &dataset, name.into(), order, limit);
    let shown = read.await.unwrap();
    assert_eq!(shown.columns.len(), there.len());
    assert_eq!(shown.rows.rows.len(), 1);
    assert!(!shown.rows.rows[0].contains(&Some("a_new_one".to_owned())));
}

#[test]
fn a_table_that_has_not_run_has_no_version_and_no_time() {
    let freshness = TableRows {
        columns: vec!["table_name".to_owned()],
        rows: Vec::new(),
    };
    let row = table_row("t", 0, &BTreeMap::new(), &freshness);
    let own = ["t", "table", "0"].map(|text| Some(text.to_owned()));
    let expected: Vec<_> = own.into_iter().chain([None, None, None]).collect();
    assert_eq!(row, expected);
}
