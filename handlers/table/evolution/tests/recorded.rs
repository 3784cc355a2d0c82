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
