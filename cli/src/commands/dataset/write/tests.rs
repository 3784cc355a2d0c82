use sluice::dataset::{ColumnType, Dataset, TimestampFormat};
use sluice::value::Period;

use super::super::infer::guess;
use super::*;
use sluice::dataset::ColumnIndex;

fn inferred(lines: &[&str]) -> (String, Dataset) {
    let sample = Sample::of(lines.iter().map(|line| line.as_bytes()));
    let guess = guess(&sample).unwrap();
    let heading = Heading {
        name: "events",
        files: "events.jsonl",
        records: None,
        beside: &Sample::default(),
    };
    let proposals = Proposals {
        records: false,
        keep_all: false,
    };
    let text = dataset_file(&heading, &sample, &guess, proposals);
    let dataset =
        Dataset::parse(&text, "inferred").unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    (text, dataset)
}

fn column<'a>(dataset: &'a Dataset, name: &str) -> &'a sluice::dataset::Column {
    dataset
        .columns
        .iter()
        .find(|column| column.name == name)
        .unwrap()
}

#[test]
fn orders_are_recognised() {
    let (text, dataset) = inferred(&[
        r#"{"order_id": 1, "amount": 450, "timestamp": 1763120674.343, "customer_id": "00042"}"#,
        r#"{"order_id": 2, "amount": 9.99, "timestamp": 1763120675.0}"#,
        r#"{"order_id": 2, "amount": 9.99, "timestamp": 1763120675.0}"#,
        r#"{"order_id": 3, "amount": "#,
    ]);
    let names = |indices: &[ColumnIndex]| -> Vec<String> {
        indices
            .iter()
            .map(|index| dataset.column(*index).unwrap().name.clone())
            .collect()
    };
    assert_eq!(
        names(&dataset.key.as_ref().unwrap().columns),
        ["order_id", "timestamp"]
    );
    assert_eq!(column(&dataset, "order_id").kind, ColumnType::Int64);
    let amount = column(&dataset, "amount");
    assert_eq!(
        amount.kind,
        ColumnType::Decimal {
            precision: 18,
            scale: 2
        }
    );
    assert!(!amount.required && column(&dataset, "order_id").required);
    assert!(
        text.contains("every event of the sample has it, but one without it"),
        "{text}"
    );
    let time = column(&dataset, "timestamp");
    assert_eq!(
        time.kind,
        ColumnType::Timestamp(TimestampFormat::UnixSeconds)
    );
    assert_eq!(column(&dataset, "customer_id").kind, ColumnType::String);
    assert_eq!(dataset.period, Period::Hour);
    assert!(
        text.contains("# WARNING: 1 lines were no JSON object"),
        "{text}"
    );
    assert!(text.contains("leading zeros"), "{text}");
}

#[test]
fn odd_names_and_values_make_a_file_that_is_accepted() {
    let (text, dataset) = inferred(&[
        r#"{"Hour": 1, "hour": 2, "@type": "a", "ünï\"code\\": {"x": 1}, "": true, "1st": 1e300, "events": 123456789012345678901, "time": "2025-11-14T11:44:34Z", "birthday": "2001-02-03", "mixed": 1, "none": null}"#,
        r#"{"Hour": 1, "hour": 3, "@type": "a", "time": "2013-01-01T00:00:00Z", "mixed": "x", "none": null}"#,
    ]);
    assert_eq!(dataset.period, Period::Month);
    assert_eq!(column(&dataset, "birthday").kind, ColumnType::Date);
    assert_eq!(column(&dataset, "mixed").kind, ColumnType::Json);
    assert!(column(&dataset, "type").from[0].path.is_field("@type"));
    assert!(column(&dataset, "Hour_value").from[0].path.is_field("Hour"));
    let odd = column(&dataset, "n__code__x").from[0].path.to_string();
    assert_eq!(odd, "$['ünï\"code\\\\'].x");
    assert!(text.contains("always null"), "{text}");
}

#[test]
fn a_key_takes_as_many_fields_as_tell_the_events_apart() {
    let (_, dataset) = inferred(&[
        r#"{"station": "a", "kind": "x", "time": "2025-11-14T11:00:00Z", "v": 1.5}"#,
        r#"{"station": "a", "kind": "y", "time": "2025-11-14T11:00:00Z", "v": 1.5}"#,
        r#"{"station": "b", "kind": "x", "time": "2025-11-14T11:00:00Z", "v": 1.5}"#,
    ]);
    let key: Vec<_> = dataset
        .key
        .as_ref()
        .unwrap()
        .columns
        .iter()
        .map(|index| dataset.column(*index).unwrap().name.as_str())
        .collect();
    assert_eq!(key, ["station", "kind", "time"]);
}

#[test]
fn every_guess_has_a_comment_and_what_lies_inside_is_named() {
    let (text, dataset) = inferred(&[
        r#"{"ts":"2026-11-20T10:00:00Z","meter":{"id":"m-0"},"gas":{"totalUse":2352.545},"readings":[{"n":"p","v":1.1}]}"#,
        r#"{"ts":"2026-11-20T10:01:00Z","meter":{"id":"m-1"},"gas":{"totalUse":2353.545},"readings":[{"n":"p","v":1.1}]}"#,
        r#"{"ts":"2026-11-20T10:02:00Z","meter":{"id":"m-0"},"gas":{"totalUse":2354.545},"readings":[{"n":"p","v":1.1}]}"#,
    ]);
    assert_eq!(column(&dataset, "readings").kind, ColumnType::Json);
    for expected in [
        "key = [\"meter_id\", \"ts\"]",
        "name = \"meter_id\"\nfrom = \"$.meter.id\"\ntype = \"string\"",
        "name = \"gas_totalUse\"\nfrom = \"$.gas.totalUse\"\ntype = \"decimal",
        "total_gas_totalUse = \"sum(gas_totalUse)\"",
        "# Inside of it: $.readings[*].n (text), $.readings[*].v (number)",
        "# WARNING: What lies inside stays in this column, as JSON text",
        "# guessed: timestamp: every value is a point in time in RFC 3339; required",
        "# guessed: a first gold table",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    let tables = text.matches("\n[[").count();
    // A guess for each column and gold table, and those for the key, the event time and the period.
    assert_eq!(text.matches("# guessed: ").count(), tables + 3, "{text}");
}

#[test]
fn a_field_with_dots_in_its_name_is_no_path_and_not_warned_of() {
    let (text, dataset) = inferred(&[r#"{"id": 1, "gas.use": 2.5, "ts": 1795161600}"#]);
    assert!(text.contains("from = \"$['gas.use']\""), "{text}");
    assert_eq!(dataset.warnings(), []);
}

#[test]
fn what_events_hold_stays_inside_of_comments_and_strings() {
    let (text, dataset) = inferred(&[
        "{\"a\\nname = 1\\u001b[2J\": \"x\u{9b}\u{7f}\u{202e}\", \"ts\": 1795161600, \"o\": {\"k\\n]\": 1}}",
    ]);
    assert!(
        dataset.columns[0].from[0]
            .path
            .is_field("a\nname = 1\u{1b}[2J")
    );
    assert!(
        !text
            .chars()
            .any(|c| c != '\n' && crate::output::is_unsafe(c)),
        "{text}"
    );
}

#[test]
fn a_dataset_is_named_after_its_file() {
    assert_eq!(dataset_name("Orders 2025.jsonl.gz"), "orders_2025");
    assert_eq!(dataset_name("42.jsonl"), "events");
}
