//! What tables and views hold.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use sluice::warehouse::{Datum, FailureKind, Order, Row, WarehouseError};

use super::runs::{
    BY_WHO, HOUR, HOURLY, TABLES, TYPES, WEEKLY, WINDOWS, commit, everything, hourly, read, run,
    schema, schema_of, who,
};
use crate::database::{Database, prepare};
use sluice::warehouse::schema::TableIndex;

pub async fn rows_of_one_group_are_merged_measure_by_measure(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![
        hourly(1, 1, None, None),
        hourly(2, 2, Some((-150, -200, 50)), Some(7)),
        hourly(3, 1, Some((5, 5, 5)), None),
    ];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
    let rows = vec![
        hourly(1, 1, Some((-1, -1, -1)), Some(3)),
        hourly(2, 1, Some((1_000, 1_000, 1_000)), Some(-8)),
        hourly(3, 1, None, None),
        hourly(4, 1, None, None),
    ];
    commit(&*warehouse, run(&schema, HOURLY, Some(1), 2), rows).await;
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

pub async fn dimension_values_are_neither_merged_nor_refused(database: &dyn Database) {
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
    commit(&*warehouse, run(&schema, BY_WHO, None, 1), rows()).await;
    commit(&*warehouse, run(&schema, BY_WHO, Some(1), 2), rows()).await;

    let found = warehouse.read_table("by_who", None, 100).await.unwrap();
    assert_eq!(found.columns, ["who", "total"]);
    let mut expected: Vec<_> = values
        .iter()
        .map(|value| vec![value.map(|v| database.shows(v)), Some("2.50".to_owned())])
        .collect();
    let mut rows = found.rows;
    rows.sort();
    expected.sort();
    assert_eq!(rows, expected);
}

/// A row with the extremes of every type and a row of nulls.
fn extreme_rows() -> Vec<Row> {
    let most = 10_i128.pow(38) - 1;
    let row = |key: u8, dimensions: Vec<Datum>, measures: Vec<Datum>| Row {
        newest: 0,
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
    vec![values, nulls]
}

pub async fn every_type_is_kept_exactly(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = extreme_rows();
    commit(&*warehouse, run(&schema, TYPES, None, 1), rows.clone()).await;
    // Merged with nulls, the values stay what they are.
    let mut again = rows;
    again[0].measures = vec![Datum::Null; 6];
    commit(&*warehouse, run(&schema, TYPES, Some(1), 2), again).await;

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

pub async fn a_table_that_does_not_fit_is_refused_with_its_columns(database: &dyn Database) {
    let warehouse = database.ready(&schema()).await;
    let rows = vec![hourly(1, 1, None, None)];
    commit(&*warehouse, run(&schema(), HOURLY, None, 1), rows).await;
    let before = everything(&*warehouse).await;

    let hourly_table = TableIndex::new(HOURLY);
    let unfit = async |from, to| {
        let mut changed = schema_of(&TABLES.replace(from, to));
        let definition = &schema().tables[HOURLY].definition;
        changed.tables[HOURLY].definition.clone_from(definition);
        let standing = prepare(&*database.open(&changed)).await;
        assert_eq!(standing.unfit.keys().collect::<Vec<_>>(), [&hourly_table]);
        let error = &standing.unfit[&hourly_table];
        assert_eq!(error.kind(), FailureKind::Permanent);
        error.to_string()
    };
    let text = unfit(
        "n = \"count\", total = \"sum(amount)\", low = \"min(amount)\"",
        "m = \"count\", total = \"sum(id)\", low = \"min(amount)\"",
    )
    .await;
    for part in [
        "hourly",
        "column m is missing",
        "column n is unknown",
        "column total is",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let text = unfit("\"hour\"", "\"day\"").await;
    for part in ["column day is missing", "column hour is unknown"] {
        assert!(text.contains(part), "{text}");
    }

    // A changed definition is no misfit: the table is shown as it is until it is made anew.
    let changed = schema_of(&TABLES.replace("n = \"count\"", "m = \"count\""));
    let standing = prepare(&*database.open(&changed)).await;
    assert!(standing.unfit.is_empty() && !standing.is_incomplete);
    assert_eq!(everything(&*warehouse).await, before);
}

pub async fn a_ranking_orders_numbers_as_numbers_and_ties_by_dimension(database: &dyn Database) {
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
    let mut rows = totals.map(|(name, total)| who(Some(name), total)).to_vec();
    // What has no name has the highest, and no rank.
    rows.push(who(None, 2 * 10_i128.pow(37)));
    commit(&*warehouse, run(&schema, BY_WHO, None, 1), rows).await;
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

pub async fn a_report_shows_averages_and_settled_periods(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![
        hourly(2, 3, None, Some(10)),
        hourly(3, 2, None, Some(-1)),
        hourly(4, 1, None, None),
    ];
    // The watermark is just after 05:00, and an hour of lateness is allowed.
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
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

/// What a condition of each measure leaves of a group.
pub async fn a_group_of_which_nothing_was_measured_has_zero_or_null(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = vec![hourly(1, 0, None, None), hourly(2, 0, None, None)];
    commit(&*warehouse, run(&schema, HOURLY, None, 1), rows).await;
    let later = vec![hourly(2, 2, Some((3, 1, 2)), Some(5))];
    commit(&*warehouse, run(&schema, HOURLY, Some(1), 2), later).await;
    let again = vec![hourly(2, 0, None, None)];
    commit(&*warehouse, run(&schema, HOURLY, Some(2), 3), again).await;
    assert_eq!(
        read(&*warehouse, "hourly_report").await,
        [
            ["1970-01-01T01:00:00Z", "0", "-", "-", "-", "-", "true"],
            [
                "1970-01-01T02:00:00Z",
                "2",
                "0.03",
                "0.01",
                "0.02",
                "2.5",
                "true"
            ],
        ]
    );
}

/// Returns a row of a table of windows or weeks, of `n` rows whose ids are 1.
fn counted(start: i64, n: i64, measures: usize) -> Row {
    let all = [Datum::Int64(n), Datum::Decimal(n.into()), Datum::Int64(n)];
    Row {
        newest: 0,
        start,
        key: [0; 16],
        dimensions: vec![],
        measures: all.into_iter().take(measures).collect(),
    }
}

pub async fn a_report_shows_the_ends_of_windows_and_which_are_final(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let third = HOUR / 3;
    let rows = [-1, 10, 11, 12].map(|window| counted(window * third, 1, 3));
    // The watermark is just after 05:00, and an hour of lateness is allowed.
    commit(&*warehouse, run(&schema, WINDOWS, None, 1), rows.to_vec()).await;
    let late = vec![counted(11 * third, 2, 3)];
    commit(&*warehouse, run(&schema, WINDOWS, Some(1), 2), late).await;
    let report = warehouse.read_table("windows_report", None, 1).await;
    let expected = ["window_start", "window_end", "n", "mean", "is_settled"];
    assert_eq!(report.unwrap().columns, expected);
    let window = |start: &str, end: &str, n: &str, settled: &str| {
        [start, end, n, "1", settled].map(str::to_owned).to_vec()
    };
    assert_eq!(
        read(&*warehouse, "windows_report").await,
        [
            window("1969-12-31T23:40:00Z", "1970-01-01T00:00:00Z", "1", "true"),
            window("1970-01-01T03:20:00Z", "1970-01-01T03:40:00Z", "1", "true"),
            window("1970-01-01T03:40:00Z", "1970-01-01T04:00:00Z", "3", "true"),
            window("1970-01-01T04:00:00Z", "1970-01-01T04:20:00Z", "1", "false"),
        ]
    );
    let own = read(&*warehouse, "windows").await;
    assert_eq!(own[3], ["1970-01-01T04:00:00Z", "1", "1", "1"]);
}

pub async fn weeks_are_kept_by_their_mondays(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let day = 24 * HOUR;
    // 1970 began on a Thursday.
    let rows = [-10, -3, 4].map(|monday| counted(monday * day, 1, 1));
    commit(&*warehouse, run(&schema, WEEKLY, None, 1), rows.to_vec()).await;
    let late = vec![counted(-3 * day, 4, 1)];
    commit(&*warehouse, run(&schema, WEEKLY, Some(1), 2), late).await;
    assert_eq!(
        read(&*warehouse, "weekly_report").await,
        [
            ["1969-12-22", "1", "true"],
            ["1969-12-29", "5", "false"],
            ["1970-01-05", "1", "false"],
        ]
    );
}

pub async fn an_unknown_table_is_an_error(database: &dyn Database) {
    let warehouse = database.ready(&schema()).await;
    let error = warehouse
        .read_table("sqlite_schema", None, 1)
        .await
        .unwrap_err();
    assert!(matches!(error, WarehouseError::NoSuchTable { name } if name == "sqlite_schema"));
}
