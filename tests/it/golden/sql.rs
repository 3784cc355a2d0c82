//! Gold's tables, views and values in both kinds of SQL.

use std::fmt::Write;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sluice::event::{EventTime, UnixMillis};
use sluice::table::log::Version;
use sluice::value::decimal;
use sluice::warehouse::schema::{GoldSchema, TableIndex, TableSchema, ValueType};
use sluice::warehouse::{
    Balance, Begun, Build, Datum, Progress, Row, Rules, Run, Step, Warehouse, azure_sql, connect,
    sqlite,
};

use super::{assert_golden, dataset};
use testkit::database::prepare;

fn schema() -> GoldSchema {
    GoldSchema::of(&dataset()).unwrap()
}

#[test]
fn azure_sql_gets_the_statements_and_the_script_of_earlier_builds() {
    assert_golden(
        "golden/azure-sql.sql",
        &azure_sql::script(&schema(), None).unwrap(),
    );
    let mut text = String::new();
    for (purpose, statement) in azure_sql::statements(&schema(), Some("reports")).unwrap() {
        writeln!(text, "-- {purpose}\n{statement}\n").unwrap();
    }
    assert_golden("golden/azure-sql-statements.sql", &text);
}

/// Returns the arguments of every call of a function in a text; none of them has parentheses.
fn calls<'a>(text: &'a str, function: &str) -> Vec<&'a str> {
    let calls = text.split(function).skip(1);
    calls.map(|rest| rest.split(')').next().unwrap()).collect()
}

/// Where a server takes a name for an object of another kind, a view would be renamed or made twice.
#[test]
fn whoever_asks_azure_sql_for_an_object_names_its_kind() {
    let schema = schema();
    let statements = azure_sql::statements(&schema, None).unwrap();
    let texts = statements.into_iter().map(|(_, sql)| sql);
    let script = azure_sql::script(&schema, None).unwrap();
    let (mut asked, mut renamed) = (0, 0);
    for text in texts.chain([script]) {
        for call in calls(&text, "OBJECT_ID(") {
            let is_named = [", N'U'", ", N'V'"].iter().any(|kind| call.ends_with(kind));
            assert!(is_named, "OBJECT_ID({call}) in {text}");
            asked += 1;
        }
        for line in text.lines().filter(|line| line.contains("sp_rename")) {
            assert!(line.contains("@objtype = N'OBJECT'"), "{line}");
            renamed += 1;
        }
    }
    assert!(asked > 20 && renamed >= 2 * schema.tables.len());
}

#[test]
fn sqlite_gets_the_script_of_earlier_builds() {
    assert_golden("golden/sqlite.sql", &sqlite::script(&schema()).unwrap());
}

#[test]
fn tables_have_the_definitions_of_earlier_builds() {
    let mut text = String::new();
    for table in schema().tables {
        let TableSchema {
            name, definition, ..
        } = table;
        writeln!(text, "{name} {definition}").unwrap();
    }
    assert_golden("golden/definitions.txt", &text);
}

#[test]
fn decimals_have_the_text_of_earlier_builds() {
    let highest = 10_i128.pow(38) - 1;
    for (unscaled, scale, text) in [
        (0, 0, "0"),
        (0, 2, "0.00"),
        (-5, 2, "-0.05"),
        (1_250, 2, "12.50"),
        (-1_250, 0, "-1250"),
        (7, 38, "0.00000000000000000000000000000000000007"),
        (highest, 0, "99999999999999999999999999999999999999"),
        (-highest, 2, "-999999999999999999999999999999999999.99"),
    ] {
        assert_eq!(decimal::format(unscaled, scale), text);
        assert_eq!(decimal::parse(text), Some((unscaled, scale)));
    }
}

/// A value of the type; the last of three is null, where it may be.
fn datum(kind: ValueType, number: usize, is_nullable: bool) -> Datum {
    match (kind, number) {
        (_, 2) if is_nullable => Datum::Null,
        (ValueType::Int64, 0) => Datum::Int64(i64::MIN / 4),
        (ValueType::Int64, _) => Datum::Int64(3),
        (ValueType::Double, 0) => Datum::Double(-0.1),
        (ValueType::Double, _) => Datum::Double(1e300),
        (ValueType::Decimal { .. }, 0) => Datum::Decimal(-1_250),
        (ValueType::Decimal { .. }, _) => Datum::Decimal(10_i128.pow(17)),
        (ValueType::Text, 0) => Datum::Text("it's é".to_owned()),
        (ValueType::Text, _) => Datum::Text(String::new()),
        (ValueType::Bool, number) => Datum::Bool(number == 0),
        (ValueType::Timestamp, 0) => Datum::Timestamp(-1),
        (ValueType::Timestamp, _) => Datum::Timestamp(1_763_120_674_343_001),
        (ValueType::Date, 0) => Datum::Date(-1),
        (ValueType::Date, _) => Datum::Date(20_406),
    }
}

fn row(table: &TableSchema, number: usize) -> Row {
    let dimensions = table.dimensions.iter();
    let measures = table.measures.iter();
    Row {
        newest: 0,
        start: table.grain.bounds(1_763_120_674_343_001).0,
        key: [0xA0 + u8::try_from(number).unwrap(); 16],
        dimensions: dimensions
            .map(|column| datum(column.kind, number, true))
            .collect(),
        measures: measures
            .map(|column| datum(column.kind, number, column.source.is_nullable()))
            .collect(),
    }
}

async fn publish(warehouse: &Arc<dyn Warehouse>, from: Option<u64>, to: u64) {
    let schema = warehouse.schema();
    let step = |(table, laid_out): (TableIndex, &TableSchema)| Step {
        table,
        from: from.map(|version| Progress {
            generation: 3,
            definition: laid_out.definition.clone(),
            version: Version(version),
            physical: Some(laid_out.physical(1)),
            made: 1,
            ..Progress::default()
        }),
        to: Version(to),
        replace: false,
        layout: None,
    };
    let run = Run {
        steps: schema.indexed_tables().map(step).collect(),
        log: None,
        build: Build::default(),
        watermark: Some(EventTime(1_763_120_674_343_001)),
        as_of: None,
        complete_to: Some(EventTime(1_763_120_674_343_001)),
        pending: None,
        balance: Balance::default(),
        rules: Rules::default(),
        at: UnixMillis(1_763_120_674_343),
    };
    let Begun::Open(mut transaction) = warehouse.begin(run).await.unwrap() else {
        panic!("nobody else is here");
    };
    for (index, table) in schema.indexed_tables() {
        let rows = (0..3).map(|number| row(table, number)).collect();
        transaction.merge(index, rows).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Writes every object and every value of a file as SQLite stores it.
fn dump(connection: &Connection) -> String {
    let mut text = String::new();
    let mut objects = connection
        .prepare("SELECT type, name, COALESCE(sql, '') FROM sqlite_schema ORDER BY type, name")
        .unwrap();
    let objects = objects.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let objects: Vec<(String, String, String)> = objects.unwrap().map(Result::unwrap).collect();
    for (kind, name, sql) in &objects {
        writeln!(text, "{kind} {name}\n{sql}").unwrap();
    }
    for (_, name, _) in objects.iter().filter(|(kind, ..)| kind != "index") {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM \"{name}\""))
            .unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<_> = (0..columns)
                .map(|i| cell(row.get_ref(i).unwrap()))
                .collect();
            writeln!(text, "{name} | {}", cells.join(" | ")).unwrap();
        }
    }
    text
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => format!("integer {number}"),
        ValueRef::Real(number) => format!("real {number:?}"),
        ValueRef::Text(text) => format!("text {:?}", std::str::from_utf8(text).unwrap()),
        ValueRef::Blob(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("blob {hex}")
        }
    }
}

#[tokio::test]
async fn a_file_of_gold_has_the_tables_views_and_values_of_earlier_builds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold.db");
    let warehouse = connect(&format!("sqlite:{}", path.display()), schema()).unwrap();
    prepare(&*warehouse).await;
    publish(&warehouse, None, 7).await;
    publish(&warehouse, Some(7), 9).await;
    drop(warehouse);
    let text = dump(&Connection::open(&path).unwrap());
    assert_golden("golden/sqlite-file.txt", &text);
}
