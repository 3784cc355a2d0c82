use sluice::dataset::{ColumnType, Dataset, TimestampFormat};
use sluice::value::Period;

use super::super::infer::{InferError, guess};
use super::*;
use sluice::dataset::ColumnIndex;

fn inferred(lines: &[&str]) -> (String, Dataset) {
    let mut sample = Sample::default();
    lines.iter().for_each(|line| sample.add(line.as_bytes()));
    let guess = guess(&sample).unwrap();
    let text = dataset_file("events", "events.jsonl", &sample, &guess);
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
    assert_eq!(names(&dataset.key), ["order_id", "timestamp"]);
    assert_eq!(column(&dataset, "order_id").kind, ColumnType::Int64);
    let amount = column(&dataset, "amount");
    assert_eq!(
        amount.kind,
        ColumnType::Decimal {
            precision: 18,
            scale: 2
        }
    );
    assert!(amount.required && !column(&dataset, "customer_id").required);
    let time = column(&dataset, "timestamp");
    assert_eq!(
        time.kind,
        ColumnType::Timestamp(TimestampFormat::UnixSeconds)
    );
    assert_eq!(column(&dataset, "customer_id").kind, ColumnType::String);
    assert_eq!(dataset.period, Period::Hour);
    assert!(text.contains("1 lines were no JSON object"), "{text}");
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
    assert_eq!(column(&dataset, "type").from, "@type");
    assert_eq!(column(&dataset, "Hour_value").from, "Hour");
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
        .iter()
        .map(|index| dataset.column(*index).unwrap().name.as_str())
        .collect();
    assert_eq!(key, ["station", "kind", "time"]);
}

#[test]
fn a_sample_without_a_time_or_without_events_is_refused() {
    let refused = |lines: &[&str]| {
        let mut sample = Sample::default();
        lines.iter().for_each(|line| sample.add(line.as_bytes()));
        guess(&sample).unwrap_err()
    };
    assert_eq!(refused(&["nothing"]), InferError::Empty(1));
    assert_eq!(
        refused(&[r#"{"a": 1, "b": "x"}"#]),
        InferError::NoEventTime("a, b".into())
    );
}

#[test]
fn a_dataset_is_named_after_its_file() {
    assert_eq!(dataset_name("Orders 2025.jsonl.gz"), "orders_2025");
    assert_eq!(dataset_name("42.jsonl"), "events");
}
