use super::{BASE, problems};
use crate::dataset::{Dataset, Trigger, Watched};
use std::time::Duration;

/// The file with a table for all time, and this rule.
fn with(rule: &str) -> String {
    format!(
        "{BASE}\n[[gold]]\ntable = \"ever\"\ngrain = \"all\"\nby = [\"id\"]\n\
         measures = {{ n = \"count\", mean = \"avg(amount)\", seen = \"max(at)\", late = \"max(at) where id = 1\" }}\n\
         [[alert]]\n{rule}\n"
    )
}

fn problem(rule: &str) -> String {
    let found = problems(&with(rule));
    let (_, message) = found.split_once(": ").unwrap();
    message.to_owned()
}

#[test]
fn a_rule_names_columns_as_its_table_shows_them() {
    let rule = "name = \"busy\"\non = \"ever\"\nwhen = \"N > 3 AND mean > 1.5\"\nnotify = [\"webhook:HOOK\"]\nrearm = \"1h\"";
    let dataset = Dataset::parse(&with(rule), "x.toml").unwrap();
    let alert = &dataset.alerts[0];
    assert!(
        matches!(alert.on, Watched::Table(index) if index.position() == dataset.gold.len() - 1)
    );
    assert_eq!(alert.fields, ["id", "n", "mean"]);
    assert_eq!(alert.fresh, Duration::from_secs(86_400));
    assert_eq!(alert.rearm, Some(Duration::from_secs(3_600)));
    let rule = "name = \"r\"\non = \"rows\"\nwhen = \"amount > 5\"";
    let dataset = Dataset::parse(&with(rule), "x.toml").unwrap();
    assert_eq!(dataset.alerts[0].on, Watched::Rows);
    assert_eq!(dataset.alerts[0].fields, ["id", "amount", "at"]);
    let rule = "name = \"q\"\non = \"ever\"\nsilent = \"seen\"\nfor = \"15m\"";
    let dataset = Dataset::parse(&with(rule), "x.toml").unwrap();
    assert!(
        matches!(&dataset.alerts[0].trigger, Trigger::Silent { measure, .. } if measure == "seen")
    );
}

#[test]
fn a_mistake_in_a_rule_is_named_with_what_is_accepted() {
    for (rule, expected) in MISTAKES {
        let found = problem(rule);
        assert!(found.starts_with(expected), "{rule}\n{found}");
    }
}

/// Rules, and what is said of them.
const MISTAKES: [(&str, &str); 15] = [
    (
        "on = \"rows\"\nwhen = \"id = 1\"",
        "alert 1.name: missing; it is a name of at most 41",
    ),
    (
        "name = \"A\"\non = \"rows\"\nwhen = \"id = 1\"",
        "alert \"A\".name: \"A\" is not a name of at most 41",
    ),
    (
        "name = \"a\"\non = \"evr\"\nwhen = \"n = 1\"",
        "alert \"a\".on: \"evr\" is not \"rows\", or the name of a gold table; did you mean \"ever\"?",
    ),
    (
        "name = \"a\"\non = \"ever\"\nwhen = \"amount > 1\"",
        "alert \"a\".when: at column 1: there is no column \"amount\"",
    ),
    (
        "name = \"a\"\non = \"ever\"",
        "alert \"a\".when: missing; it is a condition such as",
    ),
    (
        "name = \"a\"\non = \"ever\"\nwhen = \"n > 1\"\nsilent = \"seen\"\nfor = \"1h\"",
        "alert \"a\".silent: an alert has when or silent, and not both",
    ),
    (
        "name = \"a\"\non = \"ever\"\nsilent = \"seen\"",
        "alert \"a\".for: missing; it is a duration",
    ),
    (
        "name = \"a\"\non = \"ever\"\nsilent = \"late\"\nfor = \"1h\"",
        "alert \"a\".silent: \"late\" is not the latest event time of a group",
    ),
    (
        "name = \"a\"\non = \"rows\"\nsilent = \"at\"\nfor = \"1h\"",
        "alert \"a\".silent: a row says nothing of silence",
    ),
    (
        "name = \"a\"\non = \"daily\"\nwhen = \"id = 1\"\nrearm = \"1h\"",
        "alert \"a\".rearm: it is for a table with grain = \"all\"",
    ),
    (
        "name = \"a\"\non = \"rows\"\nwhen = \"id = 1\"\nnotify_cleared = true",
        "alert \"a\".notify_cleared: what is true of a row stays true",
    ),
    (
        "name = \"a\"\non = \"ever\"\nwhen = \"n > 1\"\nfields = [\"nn\"]",
        "alert \"a\".fields: no column is called \"nn\"",
    ),
    (
        "name = \"a\"\non = \"ever\"\nwhen = \"n > 1\"\nnotify = [\"https://example.com\"]",
        "alert \"a\".notify: \"https://example.com\" is not \"webhook:SETTING\"",
    ),
    (
        "name = \"a\"\non = \"ever\"\nwhen = \"n > 1\"\nfresh = \"soon\"",
        "alert \"a\".fresh: \"soon\" is not a duration",
    ),
    (
        "name = \"a\"\non = \"rows\"\nwhen = \"id = 1\"\n[[alert]]\nname = \"a\"\non = \"rows\"\nwhen = \"id = 1\"",
        "alert \"a\".name: an alert of this name exists already",
    ),
];

#[test]
fn a_rule_whose_condition_may_pass_unseen_is_named() {
    let named = |rule: &str| {
        let dataset = Dataset::parse(&with(rule), "x.toml").unwrap();
        let found = dataset.passing_rules();
        found.first().map(ToString::to_string)
    };
    let of = |when: &str| named(&format!("name = \"r\"\non = \"ever\"\nwhen = \"{when}\""));
    for when in [
        "n >= 5",
        "n >= 5 AND id > 3",
        "seen > timestamp '2026-01-01T00:00:00Z'",
    ] {
        assert_eq!(of(when), None, "{when}");
    }
    for when in ["n < 5", "n BETWEEN 2 AND 5", "mean > 3", "n = 3"] {
        let found = of(when).unwrap();
        assert!(
            found.starts_with(
                "alert \"r\".when: it may be true of a group and, some rows later, no longer"
            ),
            "{when}: {found}"
        );
    }
    // What is true of a row stays true, and silence has a form of its own.
    assert_eq!(
        named("name = \"r\"\non = \"rows\"\nwhen = \"amount < 5\""),
        None
    );
    assert_eq!(
        named("name = \"q\"\non = \"ever\"\nsilent = \"seen\"\nfor = \"15m\""),
        None
    );
}
