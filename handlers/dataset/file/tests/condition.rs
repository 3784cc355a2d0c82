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

/// The file with these conditions of its gold table and of a measure.
fn gold(table: &str, measure: &str) -> String {
    let total = format!("\"sum(amount){measure}\"");
    BASE.replacen("by = ", &format!("where = \"{table}\"\nby = "), 1)
        .replacen("\"sum(amount)\"", &total, 1)
}

#[test]
fn a_gold_table_and_its_measures_may_have_conditions() {
    let text = gold("Ratio > 1e0", " where id = 1 and ratio IS NULL");
    let dataset = Dataset::parse(&text, "x.toml").unwrap();
    let table = &dataset.gold[0];
    let text = |condition: &Option<Condition>| condition.as_ref().map(|c| c.text().to_owned());
    assert_eq!(text(&table.condition).as_deref(), Some("ratio > 1e0"));
    let measures = table.measures.iter().map(|m| text(&m.condition));
    let expected = Some("(id = 1) AND (ratio IS NULL)".to_owned());
    assert_eq!(measures.collect::<Vec<_>>(), [None, expected]);
}

#[test]
fn a_mistake_in_a_condition_of_gold_is_named_with_its_place() {
    let table = "x.toml:27: gold \"daily\".where: at column 1: there is no column \"ratoi\"; did you mean \"ratio\"?";
    assert_eq!(problems(&gold("ratoi > 1e0", "")), table);
    let found = problems(&gold("id = 1", " where id @ 2"));
    let start = "x.toml:29: gold \"daily\".measures.total: at column ";
    assert!(found.starts_with(start), "{found}");
    let found = problems(&gold("id = 1", " where amount"));
    assert!(found.contains("a condition is expected"), "{found}");
    let found = problems(&gold("id = 1", " were id = 1"));
    assert!(found.contains("is not count, sum(column)"), "{found}");
}

#[test]
fn a_condition_of_gold_sees_a_mask_and_never_what_it_hides() {
    let masked = |condition: &str| {
        let pin = "[[column]]\nname = \"pin\"\ntype = \"int64\"\nmask = \"sha256\"\n\n[[gold]]";
        gold(condition, "").replacen("[[gold]]", pin, 1)
    };
    assert!(problems(&masked("pin = 1")).contains("gold \"daily\".where"));
    assert!(Dataset::parse(&masked("pin = '9f86'"), "x.toml").is_ok());
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
    let dataset = Dataset::parse(&gold("amount <> 1", " where ratio <> 1e0"), "x.toml").unwrap();
    let found: Vec<String> = dataset.warnings().iter().map(ToString::to_string).collect();
    for (found, key) in found.iter().zip(["where", "measures.total"]) {
        assert!(
            found.starts_with(&format!("gold \"daily\".{key}: column ")),
            "{found}"
        );
    }
    assert_eq!(found.len(), 2);
    for told in [
        "\"amount <> 1 OR amount IS NULL\"",
        "\"amount IS DISTINCT FROM 1\"",
        "\"amount = 1\"",
    ] {
        assert_eq!(warnings(told), [""; 0]);
    }
}
