//! One suite for every warehouse: the same runs leave the same tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::dataset::Dataset;
use sluice::event::{EventTime, UnixMillis};
use sluice::state::commit_log::Version;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema};
use sluice::warehouse::{
    Begun, Datum, FailureKind, Order, Progress, Row, Run, Step, Warehouse, WarehouseError, connect,
};
use tempfile::TempDir;

/// A database that can be opened again and again.
struct Database {
    folder: TempDir,
}

impl Database {
    fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder }
    }

    /// Opens it as another process would.
    fn open(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        let path = self.folder.path().join("gold.db");
        connect(&format!("sqlite:{}", path.display()), schema.clone()).unwrap()
    }

    async fn ready(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        let warehouse = self.open(schema);
        warehouse.ensure().await.unwrap();
        warehouse
    }
}

/// Makes a test of each behaviour for each warehouse.
macro_rules! conform {
    ($($behaviour:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $behaviour() {
                super::$behaviour(super::Database::sqlite()).await;
            })*
        }
    };
}

conform!(
    rows_progress_and_freshness_become_visible_together,
    rows_of_one_group_are_merged_measure_by_measure,
    g2_a_run_applied_twice_changes_nothing,
    of_two_runs_at_once_one_is_first,
    a_dropped_transaction_changes_nothing,
    a_replaced_table_shows_its_old_rows_until_the_commit,
    a_rebuild_is_fenced_by_the_progress_that_it_saw,
    dimension_values_are_neither_merged_nor_refused,
    every_type_is_kept_exactly,
    a_sum_of_39_digits_is_an_overflow_and_nothing_is_written,
    a_table_that_does_not_fit_is_refused_with_its_columns,
    a_ranking_orders_numbers_as_numbers_and_ties_by_dimension,
    a_report_shows_averages_and_settled_periods,
    what_was_committed_is_there_after_reopening,
    a_run_may_merge_a_group_more_than_once,
    an_unknown_table_is_an_error,
);

const COLUMNS: &str = r#"
name = "things"
generation = 1
key = ["id", "at"]
event_time = "at"
allowed_lateness = "1h"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "who"
type = "string"
[[column]]
name = "flag"
type = "bool"
[[column]]
name = "born"
type = "date"
[[column]]
name = "amount"
type = "decimal(38,2)"
[[column]]
name = "level"
type = "double"
"#;

const TABLES: &str = r#"
[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count", total = "sum(amount)", low = "min(amount)", high = "max(amount)", mean = "avg(id)" }
[[gold]]
table = "by_who"
grain = "all"
by = ["who"]
measures = { total = "sum(amount)" }
[[gold]]
table = "types"
grain = "month"
by = ["id", "at", "who", "flag", "born", "amount"]
measures = { level = "min(level)", first = "min(at)", last_day = "max(born)", least = "min(id)", large = "max(amount)", ids = "sum(id)" }
[[ranking]]
view = "top_who"
from = "by_who"
order_by = "total"
top = 5
"#;

const HOURLY: usize = 0;
const BY_WHO: usize = 1;
const TYPES: usize = 2;
const HOUR: i64 = 3_600_000_000;

fn schema_of(tables: &str) -> GoldSchema {
    let dataset = Dataset::parse(&format!("{COLUMNS}{tables}"), "things.toml").unwrap();
    GoldSchema::of(&dataset).unwrap()
}

fn schema() -> GoldSchema {
    schema_of(TABLES)
}

fn progress(schema: &GoldSchema, table: usize, version: u64) -> Progress {
    Progress {
        generation: schema.generation,
        definition: schema.tables[table].definition.clone(),
        version: Version(version),
    }
}

fn run(schema: &GoldSchema, table: usize, from: Option<u64>, to: u64) -> Run {
    let step = Step {
        table,
        from: from.map(|version| progress(schema, table, version)),
        to: Version(to),
        replace: false,
    };
    Run {
        steps: vec![step],
        watermark: Some(EventTime(5 * HOUR + 1)),
        at: UnixMillis(1_000),
    }
}

fn hourly(hour: i64, n: i64, amounts: Option<(i128, i128, i128)>, ids: Option<i128>) -> Row {
    let decimal = |value: Option<i128>| value.map_or(Datum::Null, Datum::Decimal);
    Row {
        start: hour * HOUR,
        key: [0; 16],
        dimensions: vec![],
        measures: vec![
            Datum::Int64(n),
            decimal(amounts.map(|(sum, _, _)| sum)),
            decimal(amounts.map(|(_, min, _)| min)),
            decimal(amounts.map(|(_, _, max)| max)),
            decimal(ids),
            Datum::Int64(if ids.is_some() { n } else { 0 }),
        ],
    }
}

fn who(name: Option<&str>, total: i128) -> Row {
    let text = name.map_or(Datum::Null, |name| Datum::Text(name.to_owned()));
    Row {
        start: 0,
        key: xxhash_rust::xxh3::xxh3_128(format!("{name:?}").as_bytes()).to_be_bytes(),
        dimensions: vec![text],
        measures: vec![Datum::Decimal(total)],
    }
}

async fn apply(
    warehouse: &dyn Warehouse,
    run: Run,
    rows: Vec<Row>,
) -> Result<bool, WarehouseError> {
    let table = run.steps[0].table;
    match warehouse.begin(run).await? {
        Begun::Overtaken => Ok(false),
        Begun::Open(mut transaction) => {
            transaction.merge(table, rows).await?;
            transaction.commit().await?;
            Ok(true)
        }
    }
}

async fn read(warehouse: &dyn Warehouse, name: &str) -> Vec<Vec<String>> {
    let columns = warehouse.schema().columns_of(name).unwrap();
    let order = Order {
        column: columns[0].0.clone(),
        descending: false,
    };
    let read = warehouse.read_table(name, Some(order), 100_000).await;
    let text = |cell: Option<String>| cell.unwrap_or_else(|| "-".into());
    let rows = read.unwrap().rows.into_iter();
    rows.map(|row| row.into_iter().map(text).collect())
        .collect()
}

/// Everything that a run can change.
async fn everything(
    warehouse: &dyn Warehouse,
) -> (BTreeMap<String, Progress>, Vec<Vec<Vec<String>>>) {
    let mut tables = Vec::new();
    for name in ["hourly", "by_who", "types", FRESHNESS] {
        tables.push(read(warehouse, name).await);
    }
    (warehouse.progress().await.unwrap(), tables)
}

async fn rows_progress_and_freshness_become_visible_together(database: Database) {
    let schema = schema();
    let (writer, reader) = (database.ready(&schema).await, database.ready(&schema).await);
    let before = everything(&*reader).await;
    let Begun::Open(mut transaction) = writer.begin(run(&schema, HOURLY, None, 4)).await.unwrap()
    else {
        panic!("nobody else is here");
    };
    transaction
        .merge(HOURLY, vec![hourly(1, 2, Some((100, 40, 60)), None)])
        .await
        .unwrap();
    assert_eq!(everything(&*reader).await, before);

    transaction.commit().await.unwrap();
    let (found, _) = everything(&*reader).await;
    assert_eq!(
        found,
        BTreeMap::from([("hourly".into(), progress(&schema, HOURLY, 4))])
    );
    let row = [
        "1970-01-01T01:00:00Z",
        "2",
        "1.00",
        "0.40",
        "0.60",
        "-",
        "0",
    ];
    assert_eq!(read(&*reader, "hourly").await, [row]);
    let fresh = [
        "hourly",
        "1970-01-01T05:00:00.000001Z",
        "1970-01-01T04:00:00Z",
        "4",
        "1970-01-01T00:00:01.000000Z",
    ];
    assert_eq!(read(&*reader, FRESHNESS).await, [fresh]);
}

async fn rows_of_one_group_are_merged_measure_by_measure(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![
        hourly(1, 1, None, None),
        hourly(2, 2, Some((-150, -200, 50)), Some(7)),
        hourly(3, 1, Some((5, 5, 5)), None),
    ];
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, None, 1), rows)
            .await
            .unwrap()
    );
    let rows = vec![
        hourly(1, 1, Some((-1, -1, -1)), Some(3)),
        hourly(2, 1, Some((1_000, 1_000, 1_000)), Some(-8)),
        hourly(3, 1, None, None),
        hourly(4, 1, None, None),
    ];
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, Some(1), 2), rows)
            .await
            .unwrap()
    );
    assert_eq!(
        read(&*warehouse, "hourly").await,
        [
            [
                "1970-01-01T01:00:00Z",
                "2",
                "-0.01",
                "-0.01",
                "-0.01",
                "3",
                "1"
            ],
            [
                "1970-01-01T02:00:00Z",
                "3",
                "8.50",
                "-2.00",
                "10.00",
                "-1",
                "3"
            ],
            [
                "1970-01-01T03:00:00Z",
                "2",
                "0.05",
                "0.05",
                "0.05",
                "-",
                "0"
            ],
            ["1970-01-01T04:00:00Z", "1", "-", "-", "-", "-", "0"],
        ]
    );
}

async fn g2_a_run_applied_twice_changes_nothing(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = || vec![hourly(1, 1, Some((100, 100, 100)), None)];
    for (from, to) in [(None, 3), (Some(3), 5)] {
        assert!(
            apply(&*warehouse, run(&schema, HOURLY, from, to), rows())
                .await
                .unwrap()
        );
        let once = everything(&*warehouse).await;
        assert!(
            !apply(&*warehouse, run(&schema, HOURLY, from, to), rows())
                .await
                .unwrap()
        );
        assert_eq!(everything(&*warehouse).await, once);
    }
}

async fn of_two_runs_at_once_one_is_first(database: Database) {
    let schema = schema();
    let (one, other) = (database.ready(&schema).await, database.ready(&schema).await);
    for round in 0..10 {
        let from = (round > 0).then_some(round);
        let attempt = |warehouse: Arc<dyn Warehouse>| {
            let run = run(&schema, HOURLY, from, round + 1);
            let rows = vec![hourly(1, 1, Some((100, 100, 100)), None)];
            tokio::spawn(async move { apply(&*warehouse, run, rows).await.unwrap() })
        };
        let (first, second) = tokio::join!(attempt(Arc::clone(&one)), attempt(Arc::clone(&other)));
        assert!(first.unwrap() ^ second.unwrap(), "exactly one run is first");
    }
    let rows = read(&*one, "hourly").await;
    assert_eq!(rows[0][1..3], ["10", "10.00"]);
}

async fn a_dropped_transaction_changes_nothing(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = || vec![hourly(1, 1, Some((100, 100, 100)), None)];
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, None, 1), rows())
            .await
            .unwrap()
    );
    let before = everything(&*warehouse).await;
    for merges in 0..3 {
        let mut run = run(&schema, HOURLY, Some(1), 2);
        run.steps[0].replace = merges == 2;
        let Begun::Open(mut transaction) = warehouse.begin(run).await.unwrap() else {
            panic!("nobody else is here");
        };
        for _ in 0..merges {
            transaction.merge(HOURLY, rows()).await.unwrap();
        }
        drop(transaction);
        assert_eq!(everything(&*warehouse).await, before);
    }
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, Some(1), 2), rows())
            .await
            .unwrap()
    );
}

async fn a_replaced_table_shows_its_old_rows_until_the_commit(database: Database) {
    let schema = schema();
    let (writer, reader) = (database.ready(&schema).await, database.ready(&schema).await);
    let rows = vec![hourly(1, 1, None, None), hourly(2, 1, None, None)];
    assert!(
        apply(&*writer, run(&schema, HOURLY, None, 1), rows)
            .await
            .unwrap()
    );
    let before = everything(&*reader).await;

    let mut again = run(&schema, HOURLY, Some(1), 9);
    again.steps[0].replace = true;
    let Begun::Open(mut transaction) = writer.begin(again).await.unwrap() else {
        panic!("nobody else is here");
    };
    transaction
        .merge(HOURLY, vec![hourly(2, 5, None, None)])
        .await
        .unwrap();
    assert_eq!(everything(&*reader).await, before);
    transaction.commit().await.unwrap();
    let rows = read(&*reader, "hourly").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][..2], ["1970-01-01T02:00:00Z", "5"]);
}

async fn a_rebuild_is_fenced_by_the_progress_that_it_saw(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, None, 1), vec![])
            .await
            .unwrap()
    );
    let with = |change: fn(&mut Progress)| {
        let mut run = run(&schema, HOURLY, Some(1), 2);
        run.steps[0].replace = true;
        change(run.steps[0].from.as_mut().unwrap());
        run
    };
    for stale in [
        with(|progress| progress.generation = 7),
        with(|progress| progress.definition = "another".into()),
        with(|progress| progress.version = Version(7)),
        run(&schema, HOURLY, None, 2),
    ] {
        assert!(!apply(&*warehouse, stale, vec![]).await.unwrap());
    }

    // A new definition with the same columns takes the table over.
    let changed = schema_of(&TABLES.replace("avg(id)", "avg(amount)"));
    let changed = {
        let mut same_columns = schema.clone();
        same_columns.generation = 2;
        same_columns.tables[HOURLY]
            .definition
            .clone_from(&changed.tables[HOURLY].definition);
        same_columns
    };
    let later = database.ready(&changed).await;
    let mut takeover = run(&changed, HOURLY, None, 2);
    takeover.steps[0].from = Some(progress(&schema, HOURLY, 1));
    takeover.steps[0].replace = true;
    assert!(apply(&*later, takeover, vec![]).await.unwrap());
    let found = later.progress().await.unwrap();
    assert_eq!(found["hourly"], progress(&changed, HOURLY, 2));
    let behind = run(&schema, HOURLY, Some(2), 3);
    assert!(!apply(&*warehouse, behind, vec![]).await.unwrap());
}

async fn dimension_values_are_neither_merged_nor_refused(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let long = "x".repeat(20_000);
    let values = [
        None,
        Some(""),
        Some(" "),
        Some("a"),
        Some("A"),
        Some("a "),
        Some("a\u{0}"),
        Some("ä"),
        Some("a\u{308}"),
        Some("Straße"),
        Some("STRASSE"),
        Some("日本"),
        Some("😀"),
        Some("o'neill\"; --"),
        Some(&long),
    ];
    let rows = || {
        values
            .iter()
            .map(|value| who(*value, 125))
            .collect::<Vec<_>>()
    };
    assert!(
        apply(&*warehouse, run(&schema, BY_WHO, None, 1), rows())
            .await
            .unwrap()
    );
    assert!(
        apply(&*warehouse, run(&schema, BY_WHO, Some(1), 2), rows())
            .await
            .unwrap()
    );

    let found = warehouse.read_table("by_who", None, 100).await.unwrap();
    assert_eq!(found.columns, ["who", "total"]);
    let mut expected: Vec<_> = values
        .iter()
        .map(|value| vec![value.map(str::to_owned), Some("2.50".to_owned())])
        .collect();
    let mut rows = found.rows;
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}

async fn every_type_is_kept_exactly(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let most = 10_i128.pow(38) - 1;
    let row = |key: u8, dimensions: Vec<Datum>, measures: Vec<Datum>| Row {
        start: -2_678_400_000_000,
        key: [key; 16],
        dimensions,
        measures,
    };
    let values = row(
        1,
        vec![
            Datum::Int64(i64::MIN),
            Datum::Timestamp(253_402_300_799_999_999),
            Datum::Text("t".into()),
            Datum::Bool(true),
            Datum::Date(-25_567),
            Datum::Decimal(-most),
        ],
        vec![
            Datum::Double(0.1),
            Datum::Timestamp(-2_208_988_800_000_000),
            Datum::Date(2_932_896),
            Datum::Int64(i64::MAX),
            Datum::Decimal(most),
            Datum::Decimal(most),
        ],
    );
    let nulls = row(2, vec![Datum::Null; 6], vec![Datum::Null; 6]);
    let rows = vec![values, nulls];
    assert!(
        apply(&*warehouse, run(&schema, TYPES, None, 1), rows.clone())
            .await
            .unwrap()
    );
    // Merged with nulls, the values stay what they are.
    let mut again = rows;
    again[0].measures = vec![Datum::Null; 6];
    assert!(
        apply(&*warehouse, run(&schema, TYPES, Some(1), 2), again)
            .await
            .unwrap()
    );

    let mut found = read(&*warehouse, "types").await;
    found.sort();
    let nines = "9".repeat(36);
    let values: Vec<String> = [
        "1969-12-01",
        "-9223372036854775808",
        "9999-12-31T23:59:59.999999Z",
        "t",
        "true",
        "1900-01-01",
        &format!("-{nines}.99"),
        "0.1",
        "1900-01-01T00:00:00.000000Z",
        "9999-12-31",
        "9223372036854775807",
        &format!("{nines}.99"),
        &"9".repeat(38),
    ]
    .map(str::to_owned)
    .to_vec();
    let mut nulls = vec!["-".to_owned(); values.len()];
    nulls[0] = "1969-12-01".into();
    assert_eq!(found, [nulls, values]);
}

async fn a_sum_of_39_digits_is_an_overflow_and_nothing_is_written(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let most = 10_i128.pow(38) - 1;
    let rows = vec![who(Some("a"), most), who(Some("b"), 1)];
    assert!(
        apply(&*warehouse, run(&schema, BY_WHO, None, 1), rows)
            .await
            .unwrap()
    );
    let before = everything(&*warehouse).await;
    let rows = vec![who(Some("b"), 1), who(Some("a"), 1)];
    let error = apply(&*warehouse, run(&schema, BY_WHO, Some(1), 2), rows)
        .await
        .unwrap_err();
    assert!(
        matches!(&error, WarehouseError::Overflow { table } if table == "by_who"),
        "{error:?}"
    );
    assert_eq!(error.kind(), FailureKind::Permanent);
    assert_eq!(everything(&*warehouse).await, before);
}

async fn a_table_that_does_not_fit_is_refused_with_its_columns(database: Database) {
    let warehouse = database.ready(&schema()).await;
    let rows = vec![hourly(1, 1, None, None)];
    assert!(
        apply(&*warehouse, run(&schema(), HOURLY, None, 1), rows)
            .await
            .unwrap()
    );
    let before = everything(&*warehouse).await;

    let changed = TABLES.replace(
        "n = \"count\", total = \"sum(amount)\", low = \"min(amount)\"",
        "m = \"count\", total = \"sum(id)\", low = \"min(amount)\"",
    );
    let error = database
        .open(&schema_of(&changed))
        .ensure()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FailureKind::Permanent);
    let text = error.to_string();
    for part in [
        "hourly",
        "column m is missing",
        "column n is unknown",
        "column total is",
    ] {
        assert!(text.contains(part), "{text}");
    }

    let error = database
        .open(&schema_of(&TABLES.replace("\"hour\"", "\"day\"")))
        .ensure()
        .await;
    let text = error.unwrap_err().to_string();
    for part in ["column day is missing", "column hour is unknown"] {
        assert!(text.contains(part), "{text}");
    }
    assert_eq!(everything(&*warehouse).await, before);
}

async fn a_ranking_orders_numbers_as_numbers_and_ties_by_dimension(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let totals = [
        ("minus", -1_000),
        ("little", 5),
        ("nine", 900),
        ("ten", 1_000),
        ("also ten", 1_000),
        ("most", 10_i128.pow(37)),
        ("nearly most", 10_i128.pow(37) - 1),
        ("zero", 0),
        ("less", -2),
    ];
    let rows = totals.map(|(name, total)| who(Some(name), total)).to_vec();
    assert!(
        apply(&*warehouse, run(&schema, BY_WHO, None, 1), rows)
            .await
            .unwrap()
    );
    let ranked = read(&*warehouse, "top_who").await;
    let ranked: Vec<_> = ranked
        .iter()
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    let expected = [
        ("1", "most"),
        ("2", "nearly most"),
        ("3", "also ten"),
        ("4", "ten"),
        ("5", "nine"),
    ];
    assert_eq!(ranked, expected);

    let names = async |descending| -> Vec<String> {
        let column = "total".to_owned();
        let order = Order { column, descending };
        let rows = warehouse
            .read_table("by_who", Some(order), 100)
            .await
            .unwrap()
            .rows;
        rows.into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .collect()
    };
    let ascending = names(false).await;
    assert_eq!(ascending[..5], ["minus", "less", "zero", "little", "nine"]);
    assert_eq!(names(true).await[6..], ["zero", "less", "minus"]);
}

async fn a_report_shows_averages_and_settled_periods(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![
        hourly(2, 3, None, Some(10)),
        hourly(3, 2, None, Some(-1)),
        hourly(4, 1, None, None),
    ];
    // The watermark is just after 05:00, and an hour of lateness is allowed.
    assert!(
        apply(&*warehouse, run(&schema, HOURLY, None, 1), rows)
            .await
            .unwrap()
    );
    let report = warehouse
        .read_table("hourly_report", None, 1)
        .await
        .unwrap();
    assert_eq!(
        report.columns,
        ["hour", "n", "total", "low", "high", "mean", "is_settled"]
    );
    let report = read(&*warehouse, "hourly_report").await;
    let shown: Vec<_> = report
        .iter()
        .map(|row| (row[5].as_str(), row[6].as_str()))
        .collect();
    assert_eq!(
        shown,
        [("3.333333", "true"), ("-0.5", "true"), ("-", "false")]
    );
}

async fn what_was_committed_is_there_after_reopening(database: Database) {
    let schema = schema();
    let before = {
        let warehouse = database.ready(&schema).await;
        let rows = vec![hourly(1, 1, Some((1, 1, 1)), Some(1))];
        assert!(
            apply(&*warehouse, run(&schema, HOURLY, None, 1), rows)
                .await
                .unwrap()
        );
        everything(&*warehouse).await
    };
    let warehouse = database.ready(&schema).await;
    assert_eq!(everything(&*warehouse).await, before);
}

async fn a_run_may_merge_a_group_more_than_once(database: Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let mut both = run(&schema, HOURLY, None, 1);
    both.steps.extend(run(&schema, BY_WHO, None, 1).steps);
    let Begun::Open(mut transaction) = warehouse.begin(both).await.unwrap() else {
        panic!("nobody else is here");
    };
    for _ in 0..3 {
        transaction
            .merge(HOURLY, vec![hourly(1, 1, Some((5, 5, 5)), None)])
            .await
            .unwrap();
        transaction.merge(BY_WHO, vec![who(None, 7)]).await.unwrap();
    }
    transaction.commit().await.unwrap();
    assert_eq!(read(&*warehouse, "hourly").await[0][1..3], ["3", "0.15"]);
    assert_eq!(read(&*warehouse, "by_who").await, [["-", "0.21"]]);
    assert_eq!(warehouse.progress().await.unwrap().len(), 2);
}

async fn an_unknown_table_is_an_error(database: Database) {
    let warehouse = database.ready(&schema()).await;
    let error = warehouse
        .read_table("sqlite_schema", None, 1)
        .await
        .unwrap_err();
    assert!(matches!(error, WarehouseError::NoSuchTable { name } if name == "sqlite_schema"));
}

#[test]
fn a_setting_that_names_no_database_is_refused_with_what_is_allowed() {
    let ado = "Server=tcp:s.database.windows.net;Database=gold;Password=secret";
    let text = connect(ado, schema()).unwrap_err().to_string();
    assert!(
        text.contains("no Azure SQL") && !text.contains("secret"),
        "{text}"
    );
    for setting in ["", "sqlite:", "postgres://x"] {
        let text = connect(setting, schema()).unwrap_err().to_string();
        assert!(text.contains("sqlite:"), "{text}");
    }
}
