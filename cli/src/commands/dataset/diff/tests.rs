use super::*;

const FILE: &str = r#"
name = "shop"
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
[[gold]]
table = "daily"
grain = "day"
measures = { n = "count", total = "sum(amount)" }
[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count" }
[[ranking]]
view = "best"
from = "daily"
order_by = "total"
top = 10
"#;

fn diff(changes: &[(&str, &str)]) -> Diff {
    let mut text = FILE.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let parse = |text: &str| Dataset::parse(text, "shop.toml").unwrap();
    Diff::of(&parse(FILE), &parse(&text)).unwrap()
}

#[test]
fn another_condition_of_a_gold_table_makes_it_anew_and_says_so() {
    let line = |changes: &[(&str, &str)]| {
        let lines = diff(changes).lines();
        let mut lines = lines.into_iter();
        lines.find(|line| line.starts_with("  daily")).unwrap()
    };
    let table = ("grain = \"day\"", "grain = \"day\"\nwhere = \"amount > 1\"");
    let measure = ("sum(amount)", "sum(amount) where id = 1");
    let anew = "  daily is made anew from silver: ";
    assert_eq!(line(&[table]), format!("{anew}another where"));
    let found = line(&[measure]);
    assert_eq!(found, format!("{anew}measure total has another where"));
}

#[test]
fn the_same_file_changes_nothing() {
    let diff = diff(&[]);
    assert!(diff.goes_on());
    assert_eq!(diff.verdict(), "shop goes on, and nothing changes");
}

#[test]
fn a_new_column_and_its_measure_go_on_and_make_one_table_anew() {
    let note = "[[column]]\nname = \"weight\"\ntype = \"int64\"\n[[column]]\nname = \"id\"";
    let diff = diff(&[
        ("[[column]]\nname = \"id\"", note),
        (
            "total = \"sum(amount)\"",
            "total = \"sum(amount)\", heavy = \"max(weight)\"",
        ),
    ]);
    assert!(diff.goes_on());
    let lines = diff.lines();
    assert_eq!(
        lines,
        [
            "silver goes on:",
            "  column weight (int64) is new",
            "gold:",
            "  daily is made anew from silver: measure heavy is new",
            "  hourly stays as it is",
            "  best stays as it is",
            "shop goes on",
        ]
    );
}

#[test]
fn what_needs_a_generation_says_why_until_the_file_has_it() {
    let narrower = ("type = \"int64\"", "type = \"string\"");
    let refused = diff(&[narrower]);
    assert!(!refused.goes_on());
    let lines = refused.lines();
    assert_eq!(
        lines[..2],
        [
            "silver needs a new generation:",
            "  column id was int64 and is string"
        ]
    );
    assert!(
        lines.last().unwrap().contains("write generation = 2"),
        "{lines:?}"
    );

    let raised = diff(&[
        narrower,
        ("name = \"shop\"", "name = \"shop\"\ngeneration = 2"),
    ]);
    assert!(raised.goes_on());
    let json = raised.as_json();
    assert_eq!(json["goes_on"], true);
    assert_eq!(json["generation"], json!({ "old": 1, "new": 2 }));
    assert_eq!(
        json["silver"]["needs_generation"][0],
        "column id was int64 and is string"
    );
    assert_eq!(json["gold"][1]["change"], "rebuilt");
}

#[test]
fn what_holds_for_later_records_is_said_and_goes_on() {
    let diff = diff(&[
        (
            "type = \"decimal(18,2)\"",
            "type = \"decimal(18,2)\"\nfrom = \"$.price\"\nmin = 0",
        ),
        (
            "type = \"timestamp\"",
            "type = \"timestamp\"\nformat = \"unix_millis\"",
        ),
        (
            "event_time = \"at\"",
            "event_time = \"at\"\nidle_timeout = \"1h\"",
        ),
    ]);
    assert!(diff.goes_on());
    let recorded = [
        "column.amount.from was not set and is \"price\"",
        "column.amount.min was not set and is \"0.00\"",
        "column.at.format was not set and is \"unix_millis\"",
    ];
    assert_eq!(
        diff.silver,
        Difference::GoesOn(recorded.map(str::to_owned).into())
    );
    assert_eq!(diff.later, ["idle_timeout changed"]);
}

#[test]
fn a_lower_generation_does_not_go_on() {
    let text = FILE.replacen("name = \"shop\"", "name = \"shop\"\ngeneration = 2", 1);
    let parse = |text: &str| Dataset::parse(text, "shop.toml").unwrap();
    let diff = Diff::of(&parse(&text), &parse(FILE)).unwrap();
    assert!(!diff.goes_on());
    assert!(diff.verdict().contains("goes back from generation 2 to 1"));
}

#[test]
fn tables_that_come_and_go_and_views_that_change_are_named() {
    let diff = diff(&[
        ("table = \"hourly\"", "table = \"by_hour\""),
        ("top = 10", "top = 20"),
    ]);
    let json = diff.as_json();
    let changes = json["gold"].as_array().unwrap().iter();
    let changes: Vec<_> = changes
        .map(|change| format!("{} {}", change["name"], change["change"]).replace('"', ""))
        .collect();
    assert_eq!(
        changes,
        [
            "daily stays",
            "by_hour new",
            "best view replaced",
            "hourly gone"
        ]
    );
}

#[test]
fn a_rule_that_changes_says_in_which_keys() {
    let rule = "[[alert]]\nname = \"big\"\non = \"daily\"\nwhen = \"n > 5\"\n[[ranking]]";
    let with = |from: &str, to: &str| {
        let text = FILE.replacen("[[ranking]]", rule, 1);
        let parse = |text: &str| Dataset::parse(text, "shop.toml").unwrap();
        let changed = text.replacen(from, to, 1);
        let diff = Diff::of(&parse(&text), &parse(&changed)).unwrap();
        diff.later.join("; ")
    };
    assert_eq!(with("n > 5", "n > 5"), "");
    let anew = "alert big begins anew (another when): it tells nothing of what is true by then";
    assert!(with("n > 5", "n > 6").starts_with(anew));
    let moved = with("on = \"daily\"", "on = \"hourly\"");
    assert!(moved.contains("(another on, another fields)"), "{moved}");
    let told = with("n > 5\"", "n > 5\"\nfields = [\"n\"]");
    assert_eq!(
        told,
        "alert big goes on, and is told otherwise (another fields)"
    );
}

#[test]
fn a_ranking_that_moves_to_another_table_says_from_when_on() {
    let moved = [
        ("from = \"daily\"", "from = \"hourly\""),
        ("order_by = \"total\"", "order_by = \"n\""),
    ];
    let line = |changes: &[(&str, &str)]| {
        let lines = diff(changes).lines();
        let mut lines = lines.into_iter();
        lines.find(|line| line.starts_with("  best")).unwrap()
    };
    assert_eq!(
        line(&moved),
        "  best is shown otherwise, with nothing to add up: it ranks hourly instead of daily from the next run on"
    );
    let hourly = "grain = \"hour\"\nmeasures = { ";
    let anew = (hourly, &*format!("{hourly}last = \"max(at)\", "));
    assert!(
        line(&[moved[0], moved[1], anew])
            .ends_with("it ranks hourly once that is made, and daily until then")
    );
}
