use bytes::Bytes;
use sluice::dataset::{ColumnIndex, ColumnType, Dataset, Origin, TimestampFormat};
use sluice::value::Period;

use super::super::infer::propose;
use super::*;

fn inferred(lines: &[&str]) -> (String, Dataset) {
    let lines: Vec<Bytes> = lines.iter().map(|l| Bytes::from((*l).to_owned())).collect();
    let proposal = propose(&lines).unwrap();
    let heading = Heading {
        name: "events",
        files: "events.jsonl",
    };
    let text = dataset_file(heading, &proposal, false);
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
    assert!(!text.contains(" 0.0 days"), "{text}");
    assert!(
        text.contains("# WARNING: Not a JSON object: 1 record,"),
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
    assert_eq!(column(&dataset, "mixed").kind, ColumnType::String);
    assert!(column(&dataset, "type").from[0].path.is_field("@type"));
    assert!(column(&dataset, "Hour_value").from[0].path.is_field("Hour"));
    let odd = column(&dataset, "n__code__x").from[0].path.to_string();
    assert_eq!(odd, "$['ünï\"code\\\\'].x");
    assert!(text.contains("always null in the sample: none"), "{text}");
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
fn what_comes_beside_the_body_is_read_from_there() {
    let line = |device: &str, time: &str, prefix: &str| {
        format!(
            r#"{{"$sluice":"event","system":{{"iothub-connection-device-id":"{device}","x-opt-partition-key":"k","content-type":"x"}},"properties":{{"{prefix}time":"2025-11-20T08:00:{time}Z","site":"north"}},"body":{{"v": 1.5}}}}"#
        )
    };
    let lines = [
        line("a", "00", "cloudEvents:"),
        line("b", "00", "cloudEvents:"),
        line("a", "01", "ce_"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (text, dataset) = inferred(&lines);
    for expected in [
        "key = [\"device_id\", \"time\"]",
        "name = \"device_id\"\nfrom_system = \"iothub-connection-device-id\"",
        "from_system = \"partition_key\"",
        "from_property = [\"cloudEvents:time\", \"ce_time\"]\ntype = \"timestamp\"",
        "from_property = \"site\"",
        "(from_system): content-type\n",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert_eq!(column(&dataset, "site").from[0].origin, Origin::Properties);
}

#[test]
fn without_a_time_the_hubs_own_is_the_event_time() {
    let (text, dataset) = inferred(&[r#"{"id": 1, "v": 2}"#, r#"{"id": 2, "v": 2}"#]);
    assert!(
        text.contains("key = [\"id\", \"day(enqueued_at)\"]"),
        "{text}"
    );
    assert!(
        text.contains("from_system = \"enqueued_time\"\ntype = \"timestamp\"\nrequired = true")
    );
    assert_eq!(dataset.period, Period::Day);
    let (text, _) = inferred(&[r#"{"v": 1.5}"#]);
    assert!(text.contains("keep = \"all\""), "{text}");
}

#[test]
fn names_in_two_cases_and_nulls_and_members_that_hold_json_are_said() {
    let (text, dataset) = inferred(&[
        r#"{"id": 1, "Time": "2025-11-14 11:44:34", "v": "1.50", "data": "{\"x\": 1}"}"#,
        r#"{"id": 2, "time": "2025-11-14 11:44:35", "v": "N/A", "data": "{\"x\": NaN}"}"#,
        r#"{"id": 3, "time": "2025-11-14 11:44:36", "v": "2.50", "data": null, "w": NaN}"#,
    ]);
    for expected in [
        "ignore_case = true",
        "non_finite = \"null\"",
        "[[payload.open]]\nat = \"data\"\nsteps = [\"json\"]",
        "from = \"$.data.x\"",
        "nulls = [\"N/A\"]",
        "format = \"rfc3339\"\nzone = \"UTC\"",
        "# No column was made of what is always null in the sample: w",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    assert!(dataset.payload.ignore_case);
}

#[test]
fn a_condition_names_the_types_that_are_meant() {
    let (text, _) = inferred(&[
        r#"{"type": "it's", "id": 1, "ts": 1795161600}"#,
        r#"{"type": "it's", "id": 2, "ts": 1795161600}"#,
        r#"{"type": "beat"}"#,
    ]);
    let expected = "where = \"type IS NULL OR type IN ('it''s')\"";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("in the sample these are beat (1)"), "{text}");
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
