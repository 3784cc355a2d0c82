mod recorded;
mod since;

use super::record::SchemaRecord;
use super::*;
use crate::event::UnixMillis;
use crate::store::entity::MAX_ENTITY_BYTES;

const FILE: &str = r#"
name = "x"
key = ["id", "at"]
event_time = "at"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
required = true
[[column]]
name = "amount"
type = "decimal(18,2)"
[[column]]
name = "who"
type = "string"
required = true
[[column]]
name = "double_amount"
type = "decimal(20,2)"
expr = "amount * 2"
"#;
const NOTE: &str = "[[column]]\nname = \"note\"\ntype = \"string\"\n";
const MINUTE: i64 = 60_000;

fn record(text: &str) -> SchemaRecord {
    SchemaRecord::of(&Dataset::parse(text, "x.toml").unwrap()).unwrap()
}

/// The record of [`FILE`] with `from` as `to`.
fn changed(from: &str, to: &str) -> SchemaRecord {
    assert!(FILE.contains(from), "{from}");
    record(&FILE.replacen(from, to, 1))
}

fn with_note_first() -> SchemaRecord {
    changed(
        "[[column]]\nname = \"id\"",
        &format!("{NOTE}[[column]]\nname = \"id\""),
    )
}

#[test]
fn what_leaves_rows_right_goes_on() {
    let before = record(FILE);
    assert_eq!(before.change_to(&record(FILE)), Change::None);
    for (from, to, expected) in [
        (
            "type = \"string\"\nrequired = true",
            "type = \"string\"",
            "column who is no longer required",
        ),
        (
            "type = \"string\"",
            "type = \"string\"\ndescription = \"by\"",
            "column who has another description",
        ),
        (
            "amount * 2",
            "amount * 3",
            "column.double_amount.expr was \"amount * 2\" and is \"amount * 3\"",
        ),
        (
            "type = \"decimal(18,2)\"",
            "type = \"decimal(18,2)\"\non_invalid = \"quarantine\"",
            "column.amount.on_invalid was not set and is \"quarantine\"",
        ),
        (
            "event_time = \"at\"",
            "event_time = \"at\"\nwhere = \"who  <> 'test'\"",
            "where was not set and is \"who <> 'test'\"",
        ),
        (
            "event_time = \"at\"",
            "event_time = \"at\"\npayload = { ignore_case = true }",
            "payload.ignore_case was not set and is \"true\"",
        ),
    ] {
        let expected = Change::Evolve(vec![expected.to_owned()]);
        assert_eq!(before.change_to(&changed(from, to)), expected, "{to}");
    }
    let note = Change::Evolve(vec!["column note (string) is new".to_owned()]);
    assert_eq!(before.change_to(&with_note_first()), note);
}

#[test]
fn what_would_make_rows_wrong_is_refused_with_each_reason() {
    for (from, to, expected) in [
        (
            "name = \"who\"",
            "name = \"by\"",
            "column who is missing; new column by is required",
        ),
        (
            "event_time = \"at\"",
            "event_time = \"at\"\nperiod = \"day\"",
            "period was hour and is day",
        ),
        (
            "[\"id\", \"at\"]",
            "[\"id\", \"hour(at)\"]",
            "key was id, at and is id, hour(at)",
        ),
        (
            "key = [\"id\", \"at\"]",
            "dedup = { keep = \"all\" }",
            "key was id, at and is none (keep = \"all\")",
        ),
        (
            "[[column]]",
            "unknown_fields = \"ignore\"\n[[column]]",
            "unknown_fields was rescue and is ignore",
        ),
        (
            "type = \"int64\"",
            "type = \"string\"",
            "column id was int64 and is string",
        ),
        (
            "type = \"int64\"",
            "type = \"decimal(20,1)\"",
            "all values that are there, Delta tables say so by type widening",
        ),
        (
            "decimal(18,2)",
            "decimal(19,3)",
            "column amount was decimal(18,2) and is decimal(19,3): though it takes all",
        ),
        (
            "type = \"decimal(18,2)\"",
            "type = \"decimal(18,2)\"\nrequired = true",
            "column amount had required = false and has true",
        ),
    ] {
        // Nothing is computed here of what has another type now.
        let (base, _) = FILE
            .split_once("[[column]]\nname = \"double_amount\"")
            .unwrap();
        let (before, text) = (record(base), base.replacen(from, to, 1));
        let Change::Refuse(reasons) = before.change_to(&record(&text)) else {
            panic!("{to} goes on");
        };
        assert!(reasons.join("; ").contains(expected), "{to}: {reasons:?}");
    }
}

#[test]
fn only_a_type_that_takes_every_value_is_called_wider() {
    let id = |kind: &str| changed("type = \"int64\"", &format!("type = \"{kind}\""));
    let reason = |before: &SchemaRecord, after: &SchemaRecord| match before.change_to(after) {
        Change::Refuse(reasons) => reasons[0].contains("takes all values"),
        other => panic!("{other:?}"),
    };
    for (before, after, is_wider) in [
        ("int64", "decimal(19,0)", true),
        ("int64", "decimal(20,2)", false),
        ("decimal(9,2)", "decimal(10,2)", true),
        ("decimal(9,2)", "decimal(10,3)", true),
        ("decimal(9,2)", "decimal(9,3)", false),
        ("decimal(9,2)", "decimal(8,2)", false),
        ("decimal(9,2)", "int64", false),
        ("string", "decimal(38,0)", false),
    ] {
        assert_eq!(
            reason(&id(before), &id(after)),
            is_wider,
            "{before} -> {after}"
        );
    }
}

#[test]
fn a_salt_that_is_not_known_is_any_and_another_one_is_refused() {
    let salted = |salt: &str| SchemaRecord {
        salt: Some(salt.to_owned()),
        ..record(FILE)
    };
    assert_eq!(salted("a").change_to(&record(FILE)), Change::None);
    assert_eq!(salted("a").change_to(&salted("a")), Change::None);
    assert!(matches!(
        salted("a").change_to(&salted("b")),
        Change::Refuse(_)
    ));
    assert!(matches!(
        record(FILE).change_to(&salted("b")),
        Change::Evolve(_)
    ));
}

#[test]
fn the_order_in_the_file_is_no_change() {
    let moved = FILE.replace(
        "[[column]]\nname = \"who\"\ntype = \"string\"\nrequired = true\n",
        "",
    );
    let who =
        "[[column]]\nname = \"who\"\ntype = \"string\"\nrequired = true\n[[column]]\nname = \"id\"";
    let moved = record(&moved.replace("[[column]]\nname = \"id\"", who));
    assert_eq!(record(FILE).change_to(&moved), Change::None);
}

#[test]
fn a_new_column_stands_after_all_others_wherever_it_is_in_the_file() {
    let ignoring = FILE.replacen("[[column]]", "unknown_fields = \"ignore\"\n[[column]]", 1);
    let before = record(&ignoring);
    let first = [
        "id",
        "at",
        "amount",
        "who",
        "double_amount",
        "_source",
        "_sequence_number",
        "_enqueued_time",
    ];
    assert_eq!(before.file_columns(), first);

    let (since, at) = (UnixMillis(0), UnixMillis(5));
    let noted = before.next(&with_note_first(), since, at).unwrap();
    let names = noted.file_columns();
    assert_eq!(names[..first.len()], first);
    assert_eq!(names[first.len()..], ["note", "_rescued"]);
    assert_eq!(noted.described, None);
    assert_eq!(noted.change_to(&with_note_first()), Change::None);

    let more = FILE.replacen(
        "[[column]]",
        &format!("{NOTE}[[column]]\nname = \"b\"\ntype = \"bool\"\n[[column]]"),
        1,
    );
    let both = noted.next(&record(&more), at, at).unwrap();
    assert_eq!(
        both.file_columns()[first.len()..],
        ["note", "_rescued", "b"]
    );
    let place = |standing: &Standing<'_>| matches!(standing, Standing::Directories);
    assert_eq!(both.standing().iter().position(place), Some(first.len()));
}

#[test]
fn delta_is_told_only_what_it_shows() {
    let before = record(FILE);
    let otherwise = changed("amount * 2", "amount * 3");
    let (since, at) = (UnixMillis(7), UnixMillis(9));
    let next = before.next(&otherwise, since, at).unwrap();
    assert_eq!(next.described, Some(since));
    let again = next.next(&record(FILE), at, at).unwrap();
    assert_eq!(
        again.described,
        Some(since),
        "it was the first that said so"
    );
    let optional = changed("type = \"string\"\nrequired = true", "type = \"string\"");
    assert_eq!(again.next(&optional, at, at).unwrap().described, None);
}

#[test]
fn a_file_that_was_replaced_lately_is_known() {
    let (one, two, three) = (
        record(FILE),
        changed("amount * 2", "amount * 3"),
        changed("amount * 2", "amount * 4"),
    );
    let at = |minutes: i64| UnixMillis(minutes * MINUTE);
    let second = one.next(&two, at(0), at(100)).unwrap();
    assert_eq!(second.replaced(&one).unwrap(), Some(at(100)));
    assert_eq!(second.replaced(&two).unwrap(), None);
    let third = second.next(&three, at(100), at(110)).unwrap();
    assert_eq!(
        third.replaced(&one).unwrap(),
        Some(at(100)),
        "two files ago"
    );
    assert_eq!(third.replaced(&two).unwrap(), Some(at(110)));
    // It comes back, and what replaced it is the one that waits.
    let back = third.next(&one, at(110), at(116)).unwrap();
    assert_eq!(back.replaced(&one).unwrap(), None);
    assert_eq!(back.replaced(&three).unwrap(), Some(at(116)));
    assert_eq!(back.replaced.len(), 2);
    let much_later = back.next(&two, at(116), at(1_000)).unwrap();
    assert_eq!(much_later.replaced.len(), 1);
}

#[test]
fn what_an_earlier_build_recorded_is_read_and_made_up_for_once() {
    let early = r#"{"period":"hour","key":["id","at"],"event_time":"at","rescued":true,"columns":[{"name":"id","type":"int64","required":true},{"name":"at","type":"timestamp","required":true}]}"#;
    let early: SchemaRecord = serde_json::from_str(early).unwrap();
    let (head, _) = FILE.split_once("[[column]]\nname = \"amount\"").unwrap();
    let now = record(head);
    assert!(matches!(early.change_to(&now), Change::Evolve(_)));
    let next = early.next(&now, UnixMillis(0), UnixMillis(1)).unwrap();
    assert_eq!(next.change_to(&now), Change::None);
    assert_eq!(next.file_columns(), now.file_columns());
    let text = serde_json::to_string(&now).unwrap();
    assert!(
        text.ends_with(r#""bounded":true,"definition":{"semantics":"1"}}"#),
        "{text}"
    );
}

#[test]
fn a_definition_of_any_length_is_recorded_and_compared() {
    let long = |number: usize| {
        let columns = (0..4).map(|column| {
            let terms = (0..200).map(|term| format!("amount + {}.00", term + number));
            let terms: Vec<String> = terms.collect();
            let kind = "type = \"decimal(20,2)\"";
            format!(
                "[[column]]\nname = \"c{column}\"\n{kind}\nexpr = \"coalesce({})\"\n",
                terms.join(", ")
            )
        });
        record(&format!("{FILE}{}", columns.collect::<String>()))
    };
    let record = long(0);
    assert!(serde_json::to_string(&record).unwrap().len() < 1_500);
    assert_eq!(record.change_to(&long(0)), Change::None);
    let expected = Change::Evolve(vec![
        "what becomes of a record is defined otherwise".to_owned(),
    ]);
    assert_eq!(record.change_to(&long(1)), expected);
}

#[test]
fn the_record_of_any_dataset_file_fits_into_an_entity() {
    let name = |number: usize| format!("c{number:0>127}");
    let columns = (0..500).map(|number| {
        let description = if number == 0 { "\\u0001".repeat(350_000 / 6) } else { String::new() };
        format!(
            "[[column]]\nname = \"{}\"\ntype = \"{}\"\nrequired = true\ndescription = \"{description}\"\n",
            name(number),
            if number == 0 { "timestamp" } else { "decimal(38,38)" },
        )
    });
    let key: Vec<_> = (0..500)
        .map(|number| format!("\"{}\"", name(number)))
        .collect();
    let text = format!(
        "name = \"x\"\nkey = [{}]\nevent_time = \"{}\"\n{}",
        key.join(","),
        name(0),
        columns.collect::<String>()
    );
    let record = record(&text);
    let bytes = 2 * serde_json::to_string(&record)
        .unwrap()
        .encode_utf16()
        .count();
    // What else the entity holds takes far less than 16 KiB, and what was replaced 2 KiB.
    assert!(bytes < MAX_ENTITY_BYTES - 18 * 1024, "{bytes}");
}
