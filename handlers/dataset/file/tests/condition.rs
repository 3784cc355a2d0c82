use super::{BASE, problems};
use crate::dataset::Dataset;
use crate::expr::Condition;

fn with(condition: &str) -> String {
    BASE.replacen("key = ", &format!("where = {condition}\nkey = "), 1)
}

#[test]
fn a_condition_may_name_every_column() {
    let dataset = Dataset::parse(&with("\"Ratio > 1e0 AND id IS NOT NULL\""), "x.toml").unwrap();
    let text = dataset.condition.as_ref().map(Condition::text);
    assert_eq!(text, Some("(ratio > 1e0) AND (id IS NOT NULL)"));
    assert_eq!(Dataset::parse(BASE, "x.toml").unwrap().condition, None);
}

#[test]
fn a_mistake_in_a_condition_is_named_with_its_place() {
    for (condition, problem) in [
        (
            "\"ratoi > 1e0\"",
            "x.toml:2: where: at column 1: there is no column \"ratoi\"; did you mean \"ratio\"?",
        ),
        (
            "\"id = 1 AND amount\"",
            "x.toml:2: where: at column 12: amount is decimal(18,2), where a condition is expected, such as amount IS NOT NULL",
        ),
        ("true", "x.toml:2: where: must be a string, not a boolean"),
    ] {
        assert_eq!(problems(&with(condition)), problem);
    }
    let broken = with("\"amount > 1\"").replace("decimal(18,2)\"\nmin", "decmal(18,2)\"\nmin");
    let found = problems(&broken);
    assert!(!found.contains("where"), "{found}");
}

#[test]
fn a_null_that_a_condition_overlooks_is_warned_of() {
    let warnings = |condition: &str| {
        let dataset = Dataset::parse(&with(condition), "x.toml").unwrap();
        let warnings = dataset.warnings();
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let found = warnings("\"amount <> 1 AND id <> 2\"");
    let start = "where: column \"amount\" may be null, and a comparison by <> or NOT IN is not true of null";
    assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
    assert_eq!(warnings("\"amount NOT IN (1, 2)\"").len(), 1);
    for told in [
        "\"amount <> 1 OR amount IS NULL\"",
        "\"amount IS DISTINCT FROM 1\"",
        "\"amount = 1\"",
    ] {
        assert_eq!(warnings(told), [""; 0]);
    }
}
