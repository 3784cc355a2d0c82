use super::{BASE, changed, problems};
use crate::dataset::{Dataset, OnInvalid};

/// The file with a column after the amount.
fn with(column: &str) -> String {
    let added = format!("\n[[column]]\n{column}\n\n[[column]]\nname = \"at\"");
    changed("\n[[column]]\nname = \"at\"", &added)
}

fn total(expr: &str) -> String {
    with(&format!(
        "name = \"total\"\ntype = \"decimal(18,2)\"\nexpr = {expr}"
    ))
}

#[test]
fn a_column_may_be_computed_from_those_before_it() {
    let dataset = Dataset::parse(&total("\"Amount*1.19\""), "x.toml").unwrap();
    let column = &dataset.columns[2];
    let expr = column.expr.as_ref().map(crate::expr::Expression::text);
    assert_eq!(
        (column.name.as_str(), expr),
        ("total", Some("amount * 1.19"))
    );
    assert_eq!(column.on_invalid, OnInvalid::Null);
    assert!(
        dataset
            .columns
            .iter()
            .filter(|column| column.expr.is_some())
            .count()
            == 1
    );
    let by_another = with(
        "name = \"total\"\ntype = \"decimal(18,2)\"\nexpr = \"amount * 2\"\n[[column]]\nname = \"more\"\ntype = \"bool\"\nexpr = \"total > 1\"",
    );
    assert!(Dataset::parse(&by_another, "x.toml").is_ok());
}

#[test]
fn a_mistake_in_an_expression_is_named_with_its_place() {
    let cases = [
        (
            "\"amuont * 2\"",
            "x.toml:18: column \"total\".expr: at column 1: there is no column \"amuont\"; did you mean \"amount\"?",
        ),
        (
            "\"amount * ratio\"",
            "x.toml:18: column \"total\".expr: at column 10: column \"ratio\" does not stand before this one: an expression names earlier columns only",
        ),
        (
            "\"total + 1\"",
            "x.toml:18: column \"total\".expr: at column 1: column \"total\" does not stand before this one: an expression names earlier columns only",
        ),
        (
            "\"\"\"amount *\n  ammount\"\"\"",
            "x.toml:18: column \"total\".expr: at line 2, column 3: there is no column \"ammount\"; did you mean \"amount\"?",
        ),
        (
            "\"amount > 1\"",
            "x.toml:18: column \"total\".expr: at column 1: the expression is a bool, and the column a decimal(18,2)",
        ),
        (
            "7",
            "x.toml:18: column \"total\".expr: must be a string, not an integer",
        ),
        (
            "\"amount\"\nfrom = \"a\"",
            "x.toml:19: column \"total\".from: a column that has an expr is computed, and not read from the event",
        ),
    ];
    for (expr, problem) in cases {
        assert_eq!(problems(&total(expr)), problem);
    }
    assert_eq!(
        problems(&with("name = \"doc\"\ntype = \"json\"\nexpr = \"amount\"")),
        "x.toml:18: column \"doc\".expr: a column of type json is read from the event, and not computed"
    );
}

#[test]
fn what_an_event_is_known_by_is_not_computed() {
    let time = BASE.replace(
        "name = \"at\"\ntype = \"timestamp\"\nrequired = true",
        "name = \"at\"\ntype = \"timestamp\"\nrequired = true\nexpr = \"timestamp '2025-11-14T11:44:34Z'\"",
    );
    let known = "is computed by an expr; what an event is known by is read from the event";
    assert_eq!(
        problems(&time),
        format!(
            "x.toml:2: key: column \"at\" {known}\nx.toml:3: event_time: column \"at\" {known}"
        )
    );
}

#[test]
fn an_expression_over_a_column_that_cannot_be_read_is_no_second_mistake() {
    let text = total("\"amount * 2\"").replace("decimal(18,2)\"\nmin", "decmal(18,2)\"\nmin");
    let problems = problems(&text);
    assert!(!problems.contains(".expr"), "{problems}");
}

#[test]
fn a_mistake_in_an_expression_has_its_line_and_its_column() {
    for (expr, line, column) in [
        ("\"amuont * 2\"", "amuont * 2", 1),
        ("\"\"\"amount *\n  ammount\"\"\"", "  ammount", 3),
        ("\"amount *\"", "amount *", 9),
    ] {
        let problems = Dataset::parse(&total(expr), "x.toml").unwrap_err();
        let place = problems.problems[0].place.as_ref();
        let place = place.map(|place| (place.text.as_str(), place.column));
        assert_eq!(place, Some((line, column)), "{expr}: {problems}");
    }
    let problems = Dataset::parse(&with("name = \"x\""), "x.toml").unwrap_err();
    assert_eq!(problems.problems[0].place, None);
}
