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
        let from = column.from.iter().map(|place| place.path.to_string());
        let from: Vec<String> = from.collect();
        (column.from[0].origin, from.join(","))
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
        (
            "from_event = \"a\"",
            "column \"amount\".from_event: reads what stands beside the records of an event, and [payload] names no records",
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

#[test]
fn the_enqueued_time_is_read_alone() {
    let keys = "from = \"a\"\nfrom_system = \"enqueued_time\"";
    let text = with(keys).replace("\"decimal(18,2)\"", "\"timestamp\"");
    let text = problems(&text);
    let expected = "x.toml:14: column \"amount\".from_system: every event has an enqueued time";
    assert!(text.starts_with(expected), "{text}");
}

/// The file with this `[payload]` and an optional column with these keys.
fn within(payload: &str, keys: &str) -> String {
    with(keys).replacen(
        "\n[[column]]",
        &format!("\n[payload]\n{payload}\n[[column]]"),
        1,
    )
}

#[test]
fn places_of_several_origins_are_tried_in_one_order() {
    let keys = "from_system = \"device\"\nfrom_property = [\"b\", \"a\"]\nfrom_event = \"$.d.id\"\nfrom = \"id2\"";
    let column = read(&within("records = \"$.list[*]\"", keys))
        .columns
        .remove(1);
    let places = column
        .from
        .iter()
        .map(|place| (place.origin, place.path.to_string()));
    let places: Vec<(Origin, String)> = places.collect();
    let expected = [
        (Origin::Record, "id2"),
        (Origin::Event, "$.d.id"),
        (Origin::Properties, "b"),
        (Origin::Properties, "a"),
        (Origin::System, "device"),
    ];
    assert_eq!(
        places,
        expected.map(|(origin, path)| (origin, path.to_owned()))
    );
}

#[test]
fn what_leads_through_the_records_is_no_place_beside_them() {
    const DEEP: &str = "records = \"$.data.list[*]\"";
    for (payload, from, expected) in [
        (
            DEEP,
            "\"$\"",
            "\"$\" holds the array of the records, $.data.list[*]",
        ),
        (
            DEEP,
            "\"data\"",
            "\"data\" holds the array of the records, $.data.list[*]",
        ),
        (
            DEEP,
            "\"$.data.list\"",
            "\"$.data.list\" is the array of the records",
        ),
        (
            DEEP,
            "[\"a\", \"$.data.list[0].id\"]",
            "\"$.data.list[0].id\" leads into the records",
        ),
        (
            "records = \"$[*]\"",
            "\"a\"",
            "\"a\" leads into the records, $[*]",
        ),
        (
            "ignore_case = true\nrecords = \"$.data.list[*]\"",
            "\"$.Data.List\"",
            "\"$.Data.List\" is the array of the records",
        ),
        (DEEP, "\"\"", "must be the name of a field"),
        (DEEP, "\"$..a\"", "\"$..a\" at character 2"),
    ] {
        let text = problems(&within(payload, &format!("from_event = {from}")));
        assert!(text.contains("column \"amount\".from_event: "), "{text}");
        assert!(text.contains(expected), "{from}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    for fine in [
        "\"$.data.id\"",
        "\"$.Data.list\"",
        "\"$.lists\"",
        "\"$.data.lists[0]\"",
    ] {
        read(&within(DEEP, &format!("from_event = {fine}")));
    }
}

#[test]
fn a_mask_beside_the_records_hides_what_lies_there_and_nothing_in_them() {
    let other = |from: &str| {
        let masked = "from_event = \"$.card.no\"\nmask = \"drop\"";
        let text = within("records = \"$.list[*]\"", masked);
        text.replace("type = \"double\"", &format!("type = \"double\"\n{from}"))
    };
    for (from, word) in [
        ("from_event = \"$.card\"", "above"),
        ("from_event = \"$.card.no\"", "at"),
        ("from = \"a\"\nfrom_event = \"$.card.no.x\"", "below"),
    ] {
        let text = problems(&other(from));
        let expected = format!(" is {word} \"$.card.no\", which column \"amount\" masks");
        assert!(
            text.contains(".from_event: ") && text.contains(&expected),
            "{text}"
        );
    }
    read(&other("from = \"$.card.no\""));
}
