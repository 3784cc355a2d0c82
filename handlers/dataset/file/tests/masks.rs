use super::problems;
use crate::dataset::{ColumnType, Dataset, Mask, Masking};
use crate::value::mask::Salt;

/// A file with these columns beside its event time.
fn with(columns: &[&str]) -> String {
    let mut text = "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nrequired = true\n".to_owned();
    for column in columns {
        text.push_str(&format!("[[column]]\n{column}\n"));
    }
    text
}

fn read(columns: &[&str]) -> Dataset {
    Dataset::parse(&with(columns), "x.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

/// What is wrong with a file, without the lines.
fn wrong(columns: &[&str]) -> String {
    let found = problems(&with(columns));
    let (_, rest) = found.split_once("column ").unwrap();
    rest.to_owned()
}

#[test]
fn a_hash_is_a_string_of_whatever_type_its_value_has() {
    let dataset = read(&["name = \"v\"\ntype = \"int64\"\nmin = 1\nmask = \"sha256\""]);
    let column = &dataset.columns[1];
    assert_eq!(column.kind, ColumnType::String);
    assert_eq!(column.value_kind(), ColumnType::Int64);
    assert_eq!(
        column.rules.mask,
        Some(Mask {
            how: Masking::Sha256,
            of: ColumnType::Int64
        })
    );
    let dataset = read(&["name = \"v\"\ntype = \"json\"\nmask = \"drop\""]);
    assert_eq!(dataset.columns[1].kind, ColumnType::Json);
}

#[test]
fn a_mask_needs_a_value_with_a_text_and_a_column_that_can_be_null() {
    let v = "name = \"v\"";
    assert_eq!(
        wrong(&[&format!("{v}\ntype = \"string\"\nmask = \"md5\"")]),
        "\"v\".mask: \"md5\" is not \"sha256\", \"last4\" or \"drop\""
    );
    let found = wrong(&[&format!(
        "{v}\ntype = \"string\"\nrequired = true\nmask = \"drop\""
    )]);
    assert!(found.starts_with("\"v\".mask: a required column is never null"));
    for mask in ["sha256", "last4"] {
        let found = wrong(&[&format!("{v}\ntype = \"json\"\nmask = \"{mask}\"")]);
        assert!(found.contains("take \"drop\""), "{found}");
        let found = wrong(&[&format!("{v}\ntype = \"double\"\nmask = \"{mask}\"")]);
        assert!(found.contains("make it a decimal"), "{found}");
    }
    let found = wrong(&[&format!(
        "{v}\ntype = \"string\"\nmask = \"drop\"\ndefault = \"a\""
    )]);
    assert_eq!(
        found,
        "\"v\".default: the mask \"drop\" leaves nothing of it"
    );
}

#[test]
fn of_masks_a_key_takes_the_hash_only_and_the_event_time_none() {
    let keyed = |mask: &str| {
        let column = format!("name = \"v\"\ntype = \"string\"\nrequired = true\nmask = \"{mask}\"");
        with(&[&column]).replace("key = [\"t\"]", "key = [\"v\", \"t\"]")
    };
    assert!(Dataset::parse(&keyed("sha256"), "x.toml").is_ok());
    assert_eq!(
        problems(&keyed("last4")),
        "x.toml:2: key: column \"v\" has mask = \"last4\", which makes different values equal; of masks a key takes \"sha256\" only"
    );
    let text = with(&[]).replace("required", "mask = \"sha256\"\nrequired");
    assert_eq!(
        problems(&text),
        "x.toml:3: event_time: column \"t\" is masked by \"sha256\", and the event time is read by everybody"
    );
}

#[test]
fn nothing_else_reads_what_a_mask_hides() {
    let masked = "name = \"v\"\ntype = \"string\"\nmask = \"sha256\"\nfrom = [\"mail\", \"$.a.b\"]";
    let beside = |from: &str, kind: &str| {
        let other = format!("name = \"w\"\ntype = \"{kind}\"\nfrom = {from}");
        with(&[masked, &other])
    };
    for (from, word, hidden) in [
        ("\"$.a.b\"", "\"$.a.b\" is at", "$.a.b"),
        ("\"a\"", "\"a\" is above", "$.a.b"),
        ("\"$.a.b.c\"", "\"$.a.b.c\" is below", "$.a.b"),
        ("\"$.a.b[0]\"", "\"$.a.b[0]\" is below", "$.a.b"),
        ("\"$\"", "\"$\" is above", "mail"),
        ("[\"x\", \"$.mail\"]", "\"$.mail\" is at", "mail"),
    ] {
        let expected = format!(
            "column \"w\".from: {word} \"{hidden}\", which column \"v\" masks: no other column may read there, or it would show what is hidden"
        );
        let found = problems(&beside(from, "json"));
        assert!(found.ends_with(&expected), "{found}");
    }
    for from in ["\"$.a.c\"", "\"$.b\"", "\"Mail\"", "\"$.mails[0]\""] {
        assert!(Dataset::parse(&beside(from, "json"), "x.toml").is_ok());
    }
    let any_case = beside("\"Mail\"", "json").replace(
        "[[column]]\nname = \"t\"",
        "[payload]\nignore_case = true\n[[column]]\nname = \"t\"",
    );
    assert!(problems(&any_case).contains("\"Mail\" is at \"mail\""));
    // One that is masked itself is no exception.
    let twice = beside("\"mail\"", "string").replace("\"w\"", "\"w\"\nmask = \"last4\"");
    assert_eq!(problems(&twice).lines().count(), 2);
}

#[test]
fn nothing_is_computed_of_what_a_mask_hides() {
    let masked = "name = \"v\"\ntype = \"string\"\nmask = \"last4\"";
    let computed = |expr: &str| format!("name = \"w\"\ntype = \"bool\"\nexpr = \"{expr}\"");
    assert_eq!(
        wrong(&[
            masked,
            &computed("t IS NULL OR CASE WHEN v = 'a' THEN TRUE END")
        ]),
        "\"w\".expr: names column \"v\", which is masked: what is computed of it could show what the mask hides"
    );
    read(&[masked, &computed("t IS NULL")]);
}

#[test]
fn a_dataset_that_hashes_does_not_start_without_a_salt() {
    let hashed = "name = \"v\"\ntype = \"string\"\nmask = \"sha256\"";
    let missing = read(&[hashed]).salted(None).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "column \"v\" has mask = \"sha256\", which takes a salt, and there is none: set SLUICE_MASK_SALT, as docs/operations.md says"
    );
    let salt = Salt::new("0123456789abcdef").unwrap();
    let salted = read(&[hashed]).salted(Some(salt.clone())).unwrap();
    assert_eq!(salted.salt, Some(salt));
    for mask in ["last4", "drop"] {
        assert!(
            read(&[&hashed.replace("sha256", mask)])
                .salted(None)
                .is_ok()
        );
    }
}
