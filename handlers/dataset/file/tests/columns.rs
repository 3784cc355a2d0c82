use super::{BASE, changed, problems};
use crate::dataset::{ConflictScope, Dataset, OnInvalid};

#[test]
fn which_duplicates_are_compared_is_set_under_dedup() {
    let with =
        |setting: &str| changed("\n[[column]]", &format!("\n[dedup]\n{setting}\n[[column]]"));
    let scope = |text: &str| Dataset::parse(text, "x.toml").unwrap().conflicts;
    assert_eq!(scope(BASE), ConflictScope::Group);
    assert_eq!(scope(&with("")), ConflictScope::Group);
    assert_eq!(scope(&with("conflicts = \"all\"")), ConflictScope::All);
    assert_eq!(
        problems(&with("conflicts = \"some\"")),
        "x.toml:6: dedup.conflicts: \"some\" is not \"group\" or \"all\""
    );
    assert_eq!(
        problems(&changed("\n[[column]]", "dedup = 1\n[[column]]")),
        "x.toml:4: dedup: must be a table: it starts with [dedup], not an integer"
    );
}

#[test]
fn only_an_optional_column_may_be_null_where_it_is_invalid() {
    let of = |text: &str, index: usize| {
        Dataset::parse(text, "x.toml").unwrap().columns[index].on_invalid
    };
    assert_eq!(
        [0, 1].map(|index| of(BASE, index)),
        [OnInvalid::Quarantine, OnInvalid::Null]
    );
    let asked = |value: &str| changed("min = 0", &format!("on_invalid = \"{value}\""));
    assert_eq!(of(&asked("null"), 1), OnInvalid::Null);
    assert_eq!(of(&asked("quarantine"), 1), OnInvalid::Quarantine);
    assert_eq!(
        problems(&asked("drop")),
        "x.toml:13: column \"amount\".on_invalid: \"drop\" is not \"null\" or \"quarantine\""
    );
    let required = |value: &str| {
        changed(
            "required = true",
            &format!("required = true\non_invalid = \"{value}\""),
        )
    };
    assert_eq!(of(&required("quarantine"), 0), OnInvalid::Quarantine);
    assert_eq!(
        problems(&required("null")),
        "x.toml:9: column \"id\".on_invalid: a required column is never null: it takes \"quarantine\" only, which is its default"
    );
}

#[test]
fn a_name_that_leads_elsewhere_belongs_to_no_dataset() {
    let dataset = Dataset::parse(BASE, "x.toml").unwrap();
    for own in [
        "orders/0/2025/11/14/11/a.jsonl",
        "orders/by hand..jsonl",
        "orders/.a/..b",
    ] {
        assert!(dataset.owns(own), "{own}");
    }
    let foreign = [
        "orders",
        "ordersx/a",
        "orders/../../x",
        "orders/a/..",
        "orders/./a",
        "../orders/a",
        "orders/..\\x",
        "things/a",
    ];
    for foreign in foreign {
        assert!(!dataset.owns(foreign), "{foreign}");
    }
}

#[test]
fn descriptions_that_the_recorded_columns_have_no_room_for_are_refused() {
    let with = |length: usize| {
        changed(
            "min = 0",
            &format!("description = \"{}\"", "é".repeat(length)),
        )
    };
    assert!(Dataset::parse(&with(350_000), "x.toml").is_ok());
    assert_eq!(
        problems(&with(350_001)),
        "x.toml:13: column \"amount\".description: the descriptions of all columns have 350001 characters, of which this one has most, 350001; the table has room for 350000"
    );
}
