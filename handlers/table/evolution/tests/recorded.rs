use super::*;
use crate::value::mask::Salt;

#[test]
fn the_salt_is_recorded_only_where_a_column_takes_one() {
    let salted = |text: &str, salt: &str| {
        let dataset = Dataset::parse(text, "x.toml").unwrap();
        let salt = Salt::new(salt).unwrap();
        SchemaRecord::of(&dataset.salted(Some(salt)).unwrap()).unwrap()
    };
    let (one, other) = ("the salt of one app", "the salt of another");
    let masked = FILE.replacen(
        "type = \"string\"\n",
        "type = \"string\"\nmask = \"sha256\"\n",
        1,
    );
    assert!(matches!(
        salted(&masked, one).change_to(&salted(&masked, other)),
        Change::Refuse(_)
    ));
    assert_eq!(
        salted(&masked, one).change_to(&salted(&masked, one)),
        Change::None
    );
    assert_eq!(
        salted(FILE, one).change_to(&salted(FILE, other)),
        Change::None
    );
}

/// The record of [`FILE`] with these keys of its payload.
fn payload(keys: &str) -> SchemaRecord {
    let key = "event_time = \"at\"\n";
    changed(key, &format!("{key}[payload]\n{keys}\n"))
}

fn assert_recorded(before: &SchemaRecord, after: &SchemaRecord, part: &str) {
    assert_eq!(after.change_to(after), Change::None, "{part}");
    let Change::Evolve(changes) = before.change_to(after) else {
        panic!("{part} is not recorded as a change that goes on");
    };
    let is_named = changes.iter().any(|change| change.starts_with(part));
    assert!(is_named, "{part}: {changes:?}");
}

#[test]
fn however_events_are_opened_is_recorded() {
    const OPEN: &str = "[[payload.open]]\nat = \"packed\"\nsteps = ";
    let (json, base64) = (
        format!("{OPEN}[\"json\"]"),
        format!("{OPEN}[\"base64\", \"json\"]"),
    );
    for (before, after, part) in [
        ("", "compression = \"auto\"", "compression"),
        (
            "compression = \"gzip\"",
            "compression = \"zstd\"",
            "compression",
        ),
        ("", "format = \"jsonl\"", "format"),
        ("", "records = \"$.a[*]\"", "records"),
        ("records = \"$.a[*]\"", "records = \"$.b[*]\"", "records"),
        ("", "ignore_case = true", "ignore_case"),
        ("", "non_finite = \"null\"", "non_finite"),
        ("", "max_bytes = 1000", "max_bytes"),
        ("", "max_records = 10", "max_records"),
        ("", &json, "open"),
        (&json, &base64, "open"),
    ] {
        assert_recorded(
            &payload(before),
            &payload(after),
            &format!("payload.{part}"),
        );
    }
    // What says the default is as if nothing was said.
    let plain = payload("compression = \"none\"\nformat = \"json\"\nmax_records = 100000");
    assert_eq!(record(FILE).change_to(&plain), Change::None);
}

#[test]
fn what_a_mask_makes_is_recorded() {
    let who = "name = \"who\"\ntype = \"string\"\n";
    let note = |keys: &str| {
        // Before it, the opening of a table is there.
        let note = format!("name = \"note\"\ntype = \"string\"\n{keys}[[column]]\n{who}");
        changed(who, &note)
    };
    let (none, drop, last4) = (
        note(""),
        note("mask = \"drop\"\n"),
        note("mask = \"last4\"\n"),
    );
    assert_recorded(&none, &drop, "column.note.mask");
    assert_recorded(&drop, &last4, "column.note.mask");
}

/// The record of [`FILE`] with an optional column of this type and with these keys.
fn column(kind: &str, keys: &str) -> SchemaRecord {
    record(&with_column(kind, keys))
}

fn with_column(kind: &str, keys: &str) -> String {
    format!("{FILE}[[column]]\nname = \"seen\"\ntype = \"{kind}\"\n{keys}\n")
}

#[test]
fn where_a_column_is_read_and_what_it_takes_is_recorded() {
    for (kind, before, after, part) in [
        ("string", "", "from = \"other\"", "from "),
        ("string", "from = \"$.a\"", "from = \"$.a.b\"", "from "),
        ("string", "from = \"a\"", "from = [\"a\", \"b\"]", "from "),
        ("string", "", "from_property = \"seen\"", "from_property"),
        ("string", "", "from_system = \"partition\"", "from_system"),
        (
            "string",
            "from_property = \"seen\"",
            "from = \"seen\"\nfrom_property = \"seen\"",
            "from ",
        ),
        ("string", "", "nulls = [\"\"]", "nulls"),
        ("string", "nulls = [\"\"]", "nulls = [\"\", \"-\"]", "nulls"),
        ("string", "", "default = \"x\"", "default"),
        ("string", "", "allowed = [\"a\"]", "allowed"),
        ("string", "", "pattern = \"a+\"", "pattern"),
        ("bool", "", "default = true", "default"),
        ("int64", "min = 1", "min = 2", "min"),
        ("double", "", "max = 1.5", "max"),
        ("decimal(9,2)", "", "min = 1", "min"),
        ("date", "", "max = 2026-01-01", "max"),
        ("date", "", "format = \"%d.%m.%Y\"", "format"),
        ("timestamp", "", "min = 2026-01-01T00:00:00Z", "min"),
        ("timestamp", "", "format = \"unix_millis\"", "format"),
        (
            "timestamp",
            "zone = \"UTC\"",
            "zone = \"Europe/Berlin\"",
            "zone",
        ),
    ] {
        let (before, after) = (column(kind, before), column(kind, after));
        assert_recorded(&before, &after, &format!("column.seen.{part}"));
    }
    // What means the same is the same.
    for (before, after) in [
        ("", "from = \"seen\""),
        ("", "from = \"$.seen\""),
        ("nulls = [\"a\", \"b\"]", "nulls = [\"b\", \"a\"]"),
        ("allowed = [\"a\", \"b\"]", "allowed = [\"b\", \"a\"]"),
    ] {
        let (before, after) = (column("string", before), column("string", after));
        assert_eq!(before.change_to(&after), Change::None);
    }
}

#[test]
fn a_log_of_a_build_that_recorded_no_rules_goes_on() {
    // As such a build recorded the file, but for other keys.
    let recorded = r#"{"period":"hour","key":["id","at"],"event_time":"at","rescued":true,"columns":[
        {"name":"id","type":"int64","required":true},{"name":"at","type":"timestamp","required":true},
        {"name":"amount","type":"decimal(18,2)","required":false},{"name":"who","type":"string","required":true},
        {"name":"double_amount","type":"decimal(20,2)","required":false}],"bounded":true,
        "definition":{"column.double_amount.expr":"amount * 2","semantics":"1"}}"#;
    let recorded: SchemaRecord = serde_json::from_str(recorded).unwrap();
    assert_eq!(recorded.change_to(&record(FILE)), Change::None);
    let ruled = changed("name = \"amount\"\n", "name = \"amount\"\nfrom = \"sum\"\n");
    let expected = "column.amount.from was not set and is \"sum\"".to_owned();
    assert_eq!(recorded.change_to(&ruled), Change::Evolve(vec![expected]));
    let next = recorded.next(&ruled, UnixMillis(0), UnixMillis(1)).unwrap();
    assert_eq!(next.change_to(&ruled), Change::None, "one commit");
}

#[test]
fn of_a_hashed_definition_nothing_but_a_change_is_said() {
    let text = "x".repeat(9_000);
    let allowed = format!("allowed = [\"{text}\"]");
    let long = column("string", &allowed);
    let expected = vec!["what becomes of a record is defined otherwise".to_owned()];
    assert_eq!(
        column("string", "").change_to(&long),
        Change::Evolve(expected)
    );
    // Of two files all is known.
    let file = |keys: &str| Dataset::parse(&with_column("string", keys), "x.toml").unwrap();
    let (plain, longer) = (file(""), file(&format!("{allowed}\nmask = \"drop\"")));
    let expected = [
        format!("column.seen.allowed was not set and is \"{text}\""),
        "column.seen.mask was not set and is \"drop of string\"".to_owned(),
    ];
    let difference = difference(&plain, &longer).unwrap();
    assert_eq!(difference, Difference::GoesOn(expected.into()));
}
