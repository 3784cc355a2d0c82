use super::{changed, problems};
use crate::dataset::{ColumnType, Dataset, Origin, TimestampFormat};

/// The file whose optional column has these keys.
fn with(keys: &str) -> String {
    changed("min = 0", keys)
}

fn read(text: &str) -> Dataset {
    Dataset::parse(text, "x.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

/// The file whose event time is the enqueued time, with this key and these tables.
fn enqueued(key: &str, tables: &str) -> String {
    let text = changed(
        "type = \"timestamp\"\n",
        "type = \"timestamp\"\nfrom_system = \"enqueued_time\"\n",
    );
    let text = text.replacen("key = [\"id\", \"at\"]\n", key, 1);
    text.replacen("\n[[column]]", &format!("{tables}\n[[column]]"), 1)
}

#[test]
fn a_column_is_read_from_properties_or_from_what_the_hub_says() {
    let places = |keys: &str| {
        let column = read(&with(keys)).columns.remove(1);
        let from: Vec<String> = column.from.iter().map(ToString::to_string).collect();
        (column.origin, from.join(","))
    };
    let property = |from: &str| (Origin::Properties, from.to_owned());
    let system = |from: &str| (Origin::System, from.to_owned());
    assert_eq!(places("from_property = \"price\""), property("price"));
    let several = "from_property = [\"price\", \"cost\"]";
    assert_eq!(places(several), property("price,cost"));
    let annotation = "from_system = \"iothub-connection-device-id\"";
    assert_eq!(places(annotation), system("iothub-connection-device-id"));
    let key = "from_system = \"partition_key\"";
    assert_eq!(places(key), system("x-opt-partition-key"));
}

#[test]
fn what_cannot_be_read_beside_the_body_says_what_can() {
    for (keys, expected) in [
        (
            "from = \"a\"\nfrom_property = \"a\"",
            "column \"amount\".from_property: a column is read from one of",
        ),
        (
            "from_property = \"a\"\nfrom_system = \"partition\"",
            "column \"amount\".from_system: a column is read from one of",
        ),
        ("from_property = \"\"", "must be the name of a property"),
        ("from_property = []", "must name at least one property"),
        ("from_property = [\"a\", \"a\"]", "\"a\" is named twice"),
        (
            "from_system = \"\"",
            "must be enqueued_time, sequence_number",
        ),
        ("from_system = \"offset\"", "the offset is not kept"),
        (
            "from_system = \"x-opt-sequence-number\"",
            "is called sequence_number here",
        ),
        (
            "from_system = \"enqueued_time\"",
            "decimal(18,2) does not hold the enqueued time",
        ),
    ] {
        let text = problems(&with(keys));
        assert!(text.contains(expected), "{keys}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[test]
fn the_enqueued_time_is_an_event_time_only_where_a_resend_can_be_a_duplicate() {
    let exact = problems(&enqueued("key = [\"id\", \"at\"]\n", ""));
    assert!(
        exact.contains("event_time: column \"at\" is when the hub took"),
        "{exact}"
    );
    assert_eq!(exact.lines().count(), 1, "{exact}");
    for (key, tables) in [
        ("key = [\"id\", \"hour(at)\"]\n", ""),
        ("", "\n[dedup]\nkeep = \"all\"\n"),
    ] {
        let dataset = read(&enqueued(key, tables));
        let millis = ColumnType::Timestamp(TimestampFormat::UnixMillis);
        assert_eq!(dataset.columns[2].kind, millis, "{key}");
    }
    let formatted = with("from_system = \"enqueued_time\"\nformat = \"rfc3339\"");
    let formatted = formatted.replace("\"decimal(18,2)\"", "\"timestamp\"");
    let text = problems(&formatted);
    assert!(text.contains("has a format of its own"), "{text}");
}

#[test]
fn a_mask_hides_its_own_place_and_not_one_of_that_name_elsewhere() {
    let other = |from: &str| {
        let masked = "from = \"card\"\nmask = \"drop\"";
        with(masked).replace("type = \"double\"", &format!("type = \"double\"\n{from}"))
    };
    let text = problems(&other("from = \"card\""));
    assert!(text.contains("which column \"amount\" masks"), "{text}");
    read(&other("from_property = \"card\""));
    read(&other("from_system = \"card\""));
}
