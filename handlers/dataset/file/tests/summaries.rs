use super::{BASE, problems};
use crate::dataset::{Dataset, SummaryMeasure, Total};

/// The file with a table of what is now, and this summary.
fn with(summary: &str) -> String {
    format!(
        "{BASE}\n[[gold]]\ntable = \"now\"\ngrain = \"all\"\nby = [\"id\"]\n\
         measures = {{ n = \"count\", mean = \"avg(amount)\", amount = \"last(amount)\", seen = \"max(at)\", ids = \"count_distinct(id)\" }}\n\
         [[summary]]\n{summary}\n"
    )
}

fn problem(summary: &str) -> String {
    let found = problems(&with(summary));
    assert_eq!(found.lines().count(), 1, "{found}");
    let (_, message) = found.split_once(": ").unwrap();
    message.to_owned()
}

#[test]
fn a_summary_names_columns_as_its_table_shows_them() {
    let text = with(
        "view = \"by_id\"\nfrom = \"now\"\nby = [\"id\", \"seen\"]\nmeasures = { rows = \"count\", total = \"sum(amount)\", most_ids = \"max(ids)\" }",
    );
    let dataset = Dataset::parse(&text, "x.toml").unwrap();
    let summary = &dataset.summaries[0];
    assert_eq!(summary.from.position(), dataset.gold.len() - 1);
    assert_eq!(summary.by, ["id", "seen"]);
    let measure = |name: &str, total| SummaryMeasure {
        name: name.to_owned(),
        total,
    };
    let measures = [
        measure("rows", Total::Count),
        measure("total", Total::Sum("amount".to_owned())),
        measure("most_ids", Total::Max("ids".to_owned())),
    ];
    assert_eq!(summary.measures, measures);
    assert_eq!(dataset.views().last(), Some("by_id"));
    let text = with("view = \"total\"\nfrom = \"now\"\nmeasures = { rows = \"count\" }");
    let dataset = Dataset::parse(&text, "x.toml").unwrap();
    assert!(dataset.summaries[0].by.is_empty());
}

#[test]
fn what_no_summary_can_be_of_is_said() {
    let of = |rest: &str| problem(&format!("view = \"v\"\nfrom = \"now\"\n{rest}"));
    for (rest, expected) in [
        (
            "measures = { n = \"sum(mean)\" }",
            "measures.n: \"sum(mean)\": it is an average of the rows of a group, and those of several groups make none of all their rows",
        ),
        (
            "measures = { n = \"avg(ids)\" }",
            "measures.n: \"avg(ids)\": it is a number of different values, and one may be in several groups",
        ),
        (
            "measures = { n = \"sum(seen)\" }",
            "measures.n: \"sum(seen)\": sum takes columns of type int64 and decimal (a sum of doubles depends on its order)",
        ),
        (
            "measures = { n = \"last(amount)\" }",
            "measures.n: \"last(amount)\" is not count, sum(column), min(column), max(column) or avg(column)",
        ),
        (
            "measures = { n = \"sum(who)\" }",
            "measures.n: no column is called \"who\"; there are id, n, mean, amount, seen, ids",
        ),
        (
            "by = [\"amount\"]\nmeasures = { n = \"count\" }",
            "by: \"amount\" is a double or decimal column, which cannot be grouped by",
        ),
        (
            "by = [\"id\"]\nmeasures = { ID = \"count\" }",
            "measures.ID: the view has two columns called \"ID\"",
        ),
        (
            "measures = {}",
            "measures: must not be empty: a table such as { orders = \"count\", total = \"sum(amount)\" }",
        ),
        (
            "measures = 3",
            "measures: must be a table such as { orders = \"count\", total = \"sum(amount)\" }, not an integer",
        ),
    ] {
        let found = of(rest);
        assert!(found.ends_with(expected), "{rest}: {found}");
    }
    let found = problem("view = \"v\"\nfrom = \"daily\"\nmeasures = { n = \"count\" }");
    assert!(
        found.ends_with("from: \"daily\" has rows of periods (grain = \"day\"), and a summary adds up what is now: it takes a table with grain = \"all\""),
        "{found}"
    );
    let found = problem("view = \"NOW_report\"\nfrom = \"now\"\nmeasures = { n = \"count\" }");
    assert!(found.contains("exists already"), "{found}");
}
