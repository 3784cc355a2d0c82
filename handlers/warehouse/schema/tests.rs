use super::*;
use crate::dataset::Dataset;
use crate::event::EventTime;
use crate::value::Grain;
use crate::value::time::notation::Zone;
use crate::warehouse::fixture::COLUMNS;

const TABLES: &str = r#"
[[gold]]
table = "daily"
grain = "day"
by = ["who"]
measures = { n = "count", total = "sum(amount)", mean = "avg(id)", last = "max(at)" }
[[ranking]]
view = "best"
from = "daily"
order_by = "mean"
top = 3
"#;

fn file() -> String {
    format!("{COLUMNS}{TABLES}")
}

fn schema(text: &str) -> Result<GoldSchema, SchemaError> {
    GoldSchema::of(&Dataset::parse(text, "orders.toml").unwrap())
}

fn micros(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text)
        .unwrap()
        .timestamp_micros()
}

#[test]
fn an_average_is_kept_as_sum_and_count() {
    let table = schema(&file()).unwrap().tables.remove(0);
    let columns: Vec<_> = table
        .measures
        .iter()
        .map(|measure| (measure.name.as_str(), measure.kind))
        .collect();
    let decimal = |scale| ValueType::Decimal {
        precision: 38,
        scale,
    };
    let expected = [
        ("n", ValueType::Int64),
        ("total", decimal(2)),
        ("mean_sum", decimal(0)),
        ("mean_count", ValueType::Int64),
        ("last", ValueType::Timestamp),
    ];
    assert_eq!(columns, expected);
}

#[test]
fn tables_and_views_have_these_columns() {
    let schema = schema(&file()).unwrap();
    for (name, expected) in [
        ("daily", "day who n total mean_sum mean_count last"),
        ("daily_report", "day who n total mean last is_settled"),
        ("best", "rank day who n total mean last"),
        (
            PROGRESS,
            "gold_table generation definition version dataset log physical n text rankings kept_from",
        ),
    ] {
        let columns = schema.columns_of(name).unwrap();
        let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.join(" "), expected);
    }
    assert_eq!(schema.columns_of("sqlite_schema"), None);
}

#[test]
fn the_definition_changes_with_the_content_and_only_with_it() {
    let definition = |from: &str, to: &str| {
        assert!(file().contains(from));
        schema(&file().replace(from, to))
            .unwrap()
            .tables
            .remove(0)
            .definition
    };
    let original = definition("orders", "orders");
    // Kept in warehouses: another one here would rebuild every table.
    assert_eq!(original, "1d2db8c05b10d0b7a9be5d74e83e7e50");
    for (from, to) in [
        ("grain = \"day\"", "grain = \"hour\""),
        ("sum(amount)", "sum(id)"),
        ("n = \"count\"", "rows = \"count\""),
        ("decimal(18,2)", "decimal(18,3)"),
        ("[\"who\"]", "[]"),
    ] {
        assert_ne!(definition(from, to), original, "{from}");
    }
    let new_column = "[[column]]\nname = \"new\"\ntype = \"bool\"\n[[column]]\nname = \"who\"";
    for (from, to) in [
        ("[[column]]\nname = \"who\"", new_column),
        ("top = 3", "top = 4"),
        ("\"daily\"", "\"days\""),
        ("90m", "1h"),
    ] {
        assert_eq!(definition(from, to), original, "{from}");
    }
}

#[test]
fn a_table_of_an_earlier_definition_is_read_from_its_text() {
    let dataset = Dataset::parse(&file(), "orders.toml").unwrap();
    let schema = schema(&file()).unwrap();
    let index = TableIndex::new(0);
    let table = &schema.tables[0];
    let read = |dataset: &Dataset, text: &str| schema.earlier(dataset, index, text);
    let found = read(&dataset, &table.text).unwrap();
    let expected = TableSchema {
        shown: Vec::new(),
        ..table.clone()
    };
    assert_eq!(found, expected);
    // What is not understood, or not there any more, is not guessed.
    for text in [
        "",
        "2 Day",
        "1 Year|\"n\" = rows None Int64",
        "1 Day|by \"whom\" Text",
        "1 Day|by \"who\" Int64",
        "1 Day|\"n\" = median Some(\"amount\") Int64",
        "1 Day|\"n\" = sum Some(\"who",
        "1 Day|\"n\" = rows None Int64 ",
    ] {
        assert_eq!(read(&dataset, text), None, "{text}");
    }
    let other = file().replace("decimal(18,2)", "decimal(18,3)");
    let other = Dataset::parse(&other, "orders.toml").unwrap();
    assert_eq!(read(&other, &table.text), None);
}

#[test]
fn what_a_row_is_picked_by_is_kept_and_not_shown() {
    let text = file().replace(
        "mean = \"avg(id)\"",
        "mean = \"first(who)\", ids = \"count_distinct(id)\"",
    );
    let schema = schema(&text).unwrap();
    let table = &schema.tables[0];
    let columns = table.measures.iter().flat_map(MeasureColumn::columns);
    let columns: Vec<String> = columns.map(|column| column.name).collect();
    assert_eq!(
        columns.join(" "),
        "n total mean _mean_at _mean_key ids _ids last"
    );
    for name in ["daily", "daily_report"] {
        let shown = schema.columns_of(name).unwrap();
        assert!(
            shown.iter().all(|(name, _)| !name.starts_with('_')),
            "{shown:?}"
        );
    }
    assert!(!table.is_merged_by_sql());
    assert!(
        table.text.contains("|\"mean\" = first Some(\"who\") Text|"),
        "{}",
        table.text
    );
    assert!(
        table
            .text
            .contains("|\"ids\" = distinct Some(\"id\") Int64 of Int64|"),
        "{}",
        table.text
    );
    let dataset = Dataset::parse(&text, "orders.toml").unwrap();
    let read = schema.earlier(&dataset, TableIndex::new(0), &table.text);
    let expected = TableSchema {
        shown: Vec::new(),
        ..table.clone()
    };
    assert_eq!(read, Some(expected));
}

#[test]
fn a_definition_names_its_grain_and_is_read_again() {
    let dataset = Dataset::parse(&file(), "orders.toml").unwrap();
    for grain in Grain::EACH {
        let text = file().replacen("\"day\"", &format!("\"{}\"", grain.as_str()), 1);
        let schema = schema(&text).unwrap();
        let table = &schema.tables[0];
        assert_eq!(table.grain, grain);
        let read = schema.earlier(&dataset, TableIndex::new(0), &table.text);
        let read = read.unwrap();
        assert_eq!((read.grain, &read.text), (grain, &table.text));
    }
}

#[test]
fn a_definition_says_its_zone_its_windows_and_what_is_kept_and_is_read_again() {
    let dataset = Dataset::parse(&file(), "orders.toml").unwrap();
    let berlin = Zone::named("Europe/Berlin").unwrap().rules_hash();
    for (keys, begins) in [
        (
            "\"day\"\nzone = \"europe/berlin\"",
            format!("1 Day in \"Europe/Berlin\" {berlin:032x}|"),
        ),
        (
            "\"30m\"\nevery = \"10m\"",
            "1 ThirtyMinutes every 10|".to_owned(),
        ),
        (
            "\"hour\"\nkeep = \"36h\"",
            "1 Hour keep 129600000000|".to_owned(),
        ),
        (
            "\"week\"\nkeep = \"1d\"\nzone = \"Europe/Berlin\"",
            format!("1 Week in \"Europe/Berlin\" {berlin:032x} keep 86400000000|"),
        ),
    ] {
        let schema = schema(&file().replacen("\"day\"", keys, 1)).unwrap();
        let table = &schema.tables[0];
        assert!(table.text.starts_with(&begins), "{}", table.text);
        let read = schema.earlier(&dataset, TableIndex::new(0), &table.text);
        let read = read.unwrap();
        assert_eq!((read.steps(), read.keep), (table.steps(), table.keep));
        assert_eq!(read.text, table.text);
    }
    // Clocks that show something else are another definition, which nobody can go on with.
    let text =
        "1 Day in \"Europe/Berlin\" 00000000000000000000000000000000|\"n\" = rows None Int64";
    let schema = schema(&file()).unwrap();
    assert_eq!(schema.earlier(&dataset, TableIndex::new(0), text), None);
}

/// The file with a condition on the table and on two measures.
fn filtered() -> String {
    file()
        .replacen(
            "by = ",
            "where = \"who <> 'a|\\\\p \\\" where ' or amount IS NULL\"\nby = ",
            1,
        )
        .replacen(
            "sum(amount)",
            "sum(amount) where Amount > 1.50 and who || 'x' = 'bx'",
            1,
        )
        .replacen("avg(id)", "avg(id) WHERE id = 1", 1)
}

#[test]
fn a_condition_is_part_of_the_definition_and_is_read_again() {
    let dataset = Dataset::parse(&filtered(), "orders.toml").unwrap();
    let gold = schema(&filtered()).unwrap();
    let table = &gold.tables[0];
    assert!(table.condition.is_some());
    let conditions = table.measures.iter().map(|m| m.condition.is_some());
    let conditions: Vec<bool> = conditions.collect();
    assert_eq!(conditions, [false, true, true, true, false]);
    let found = gold.earlier(&dataset, TableIndex::new(0), &table.text);
    let expected = TableSchema {
        shown: Vec::new(),
        ..table.clone()
    };
    assert_eq!(found.unwrap(), expected);
    let definition = |from: &str, to: &str| {
        let text = filtered();
        assert!(text.contains(from), "{from}");
        schema(&text.replacen(from, to, 1)).unwrap().tables[0]
            .definition
            .clone()
    };
    assert_eq!(
        definition("Amount > 1.50 and", "(amount>1.50) AND"),
        table.definition,
        "only how it is written"
    );
    for (from, to) in [
        ("1.50", "1.51"),
        ("IS NULL", "IS NOT NULL"),
        (" WHERE id = 1", ""),
        ("WHERE id = 1", "WHERE id = 2"),
    ] {
        assert_ne!(definition(from, to), table.definition, "{from}");
    }
    let gone = Dataset::parse(&file(), "orders.toml").unwrap();
    let broken = table.text.replace("amount >", "amoumt >");
    assert_ne!(broken, table.text);
    assert_eq!(gold.earlier(&gone, TableIndex::new(0), &broken), None);
}

#[test]
fn a_table_of_windows_shows_their_ends_in_its_report_alone() {
    let text = file().replacen("\"day\"", "\"15m\"", 1);
    let schema = schema(&text).unwrap();
    for (name, expected) in [
        ("daily", "window_start who n total mean_sum mean_count last"),
        (
            "daily_report",
            "window_start window_end who n total mean last is_settled",
        ),
        ("best", "rank window_start who n total mean last"),
    ] {
        let columns = schema.columns_of(name).unwrap();
        let names: Vec<_> = columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.join(" "), expected);
    }
    for name in ["window_start", "Window_End"] {
        let mut dataset = Dataset::parse(&text, "x.toml").unwrap();
        dataset.gold[0].measures[0].name = name.into();
        let error = GoldSchema::of(&dataset).unwrap_err();
        assert!(
            matches!(error, SchemaError::DuplicateColumn { .. }),
            "{name}"
        );
        let taken = text.replace("n = \"count\"", &format!("{name} = \"count\""));
        let error = Dataset::parse(&taken, "x.toml").unwrap_err().to_string();
        let expected = "two columns called \"window_";
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("; window_start and window_end are those of its windows"));
    }
}

#[test]
fn a_name_that_gold_needs_itself_is_refused() {
    // The dataset file is refused already; this is for a dataset of any other origin.
    let dataset = || Dataset::parse(&file(), "x.toml").unwrap();
    for column in ["rank", "IS_settled", "_key"] {
        let mut dataset = dataset();
        dataset.gold[0].measures[0].name = column.into();
        let error = GoldSchema::of(&dataset).unwrap_err();
        let expected = SchemaError::DuplicateColumn {
            table: "daily".into(),
            column: column.into(),
        };
        assert_eq!(error, expected);
    }
    let mut dataset = dataset();
    dataset.rankings[0].view = "Daily_report".into();
    let error = GoldSchema::of(&dataset).unwrap_err();
    let name = "Daily_report".to_owned();
    assert_eq!(error, SchemaError::DuplicateName { name });
}

#[test]
fn exact_text_never_takes_the_name_of_another_column() {
    let mut dataset = Dataset::parse(&file(), "x.toml").unwrap();
    let first = dataset.gold[0].measures[0].clone();
    for name in ["n_EXACT", "n_exact_"] {
        let mut other = first.clone();
        other.name = name.to_owned();
        dataset.gold[0].measures.push(other);
    }
    let table = &GoldSchema::of(&dataset).unwrap().tables[0];
    assert_eq!(table.exact("total"), "total_exact");
    assert_eq!(table.exact("n"), "n_exact__");
}

#[test]
fn a_period_holds_its_start_and_not_its_end() {
    for (grain, time, start, end) in [
        (
            Grain::Hour,
            "2024-02-29T23:59:59.999999Z",
            "2024-02-29T23:00:00Z",
            "2024-03-01T00:00:00Z",
        ),
        (
            Grain::Day,
            "1969-12-31T23:59:59.999999Z",
            "1969-12-31T00:00:00Z",
            "1970-01-01T00:00:00Z",
        ),
        (
            Grain::Day,
            "1970-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "1970-01-02T00:00:00Z",
        ),
        (
            Grain::Month,
            "2024-02-29T12:00:00Z",
            "2024-02-01T00:00:00Z",
            "2024-03-01T00:00:00Z",
        ),
        (
            Grain::Month,
            "1900-01-01T00:00:00Z",
            "1900-01-01T00:00:00Z",
            "1900-02-01T00:00:00Z",
        ),
        (
            Grain::Month,
            "9999-12-31T23:59:59Z",
            "9999-12-01T00:00:00Z",
            "+10000-01-01T00:00:00Z",
        ),
    ] {
        let (found_start, found_end) = grain.bounds(micros(time));
        assert_eq!(found_start, micros(start), "{time}");
        if !end.starts_with('+') {
            assert_eq!(found_end, micros(end), "{time}");
        }
        assert!(found_end > micros(time));
    }
    assert_eq!(Grain::All.bounds(-1).0, 0);
}

#[test]
fn a_period_is_settled_when_it_ends_before_the_watermark_minus_the_lateness() {
    let schema = schema(&file()).unwrap();
    let settled = |grain: Grain, watermark: &str| {
        schema.settled_until(&grain.into(), Some(EventTime(micros(watermark))))
    };
    let time = |text: &str| Some(EventTime(micros(text)));
    assert_eq!(
        settled(Grain::Hour, "2025-01-01T02:29:59Z"),
        time("2025-01-01T00:00:00Z")
    );
    assert_eq!(
        settled(Grain::Hour, "2025-01-01T02:30:00Z"),
        time("2025-01-01T01:00:00Z")
    );
    assert_eq!(
        settled(Grain::Day, "2025-01-01T01:29:59Z"),
        time("2024-12-31T00:00:00Z")
    );
    assert_eq!(
        settled(Grain::FiveMinutes, "2025-01-01T01:34:59Z"),
        time("2025-01-01T00:00:00Z")
    );
    assert_eq!(
        settled(Grain::FiveMinutes, "2025-01-01T01:35:00Z"),
        time("2025-01-01T00:05:00Z")
    );
    // 2024-12-30 is a Monday.
    assert_eq!(
        settled(Grain::Week, "2025-01-06T01:29:59Z"),
        time("2024-12-30T00:00:00Z")
    );
    assert_eq!(
        settled(Grain::Week, "2025-01-06T01:30:00Z"),
        time("2025-01-06T00:00:00Z")
    );
    assert_eq!(
        settled(Grain::Month, "2025-01-01T01:30:00Z"),
        time("2025-01-01T00:00:00Z")
    );
    assert_eq!(settled(Grain::All, "2025-01-01T01:30:00Z"), None);
    assert_eq!(schema.settled_until(&Grain::Hour.into(), None), None);
}

#[test]
fn each_table_that_is_made_gets_a_name_of_its_own() {
    let mut table = schema(&file()).unwrap().tables.remove(0);
    assert_eq!(table.physical(1), "daily__1");
    let names = ["a", "b"].map(|end| {
        table.name = format!("{}{end}", "x".repeat(127));
        table.physical(u64::MAX)
    });
    assert_ne!(names[0], names[1]);
    assert!(names.iter().all(|name| name.len() <= 128), "{names:?}");
}

#[test]
fn a_name_that_a_table_will_be_made_under_is_refused() {
    let named = |name: &str| schema(&file().replace("\"best\"", &format!("\"{name}\"")));
    for name in ["daily__x", "daily__", "daily_1", "other__1"] {
        assert!(named(name).is_ok(), "{name}");
    }
    for name in ["daily__1", "Daily__12"] {
        let name = name.to_owned();
        let expected = SchemaError::DuplicateName {
            name: name.to_lowercase(),
        };
        assert_eq!(named(&name), Err(expected));
    }
}
