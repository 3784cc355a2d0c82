//! What `select *` of gold brings for programs is not shown to people who have not asked for it; pure.

use sluice::dataset::Dataset;
use sluice::warehouse::Answer;

/// What the name of a column ends in that has the exact text of another one.
const EXACT: &str = "_exact";

/// Leaves out the columns that Sluice keeps for itself, and the exact texts of numbers that are shown beside, unless the
/// query names them; returns their names.
pub(super) fn left_out(answer: Answer, dataset: &Dataset, sql: &str) -> (Answer, Vec<String>) {
    let sql = sql.to_lowercase();
    let names: Vec<String> = answer
        .columns
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let is_kept = |name: &String| {
        let is_named = sql.contains(&name.to_lowercase());
        is_named || !is_for_programs(name, &names, dataset)
    };
    let is_kept: Vec<bool> = names.iter().map(is_kept).collect();
    let kept = || is_kept.iter().copied();
    let unasked = names.into_iter().zip(kept());
    let unasked = unasked.filter_map(|(name, is_kept)| (!is_kept).then_some(name));
    let unasked = unasked.collect();
    let rows = answer.rows.into_iter().map(|row| only(row, kept()));
    let answer = Answer {
        columns: only(answer.columns, kept()),
        rows: rows.collect(),
        is_cut: answer.is_cut,
    };
    (answer, unasked)
}

fn only<T>(all: Vec<T>, is_kept: impl Iterator<Item = bool>) -> Vec<T> {
    let kept = all.into_iter().zip(is_kept);
    let kept = kept.filter_map(|(one, is_kept)| is_kept.then_some(one));
    kept.collect()
}

/// Returns whether a column is Sluice's own, or has the exact text of another of these.
fn is_for_programs(name: &str, all: &[String], dataset: &Dataset) -> bool {
    let mut measures = dataset.gold.iter().flat_map(|table| &table.measures);
    if measures.any(|measure| measure.name == name) {
        return false;
    }
    let shown = name.trim_end_matches('_').strip_suffix(EXACT);
    let is_exact = shown.is_some_and(|shown| all.iter().any(|other| other == shown));
    name.starts_with('_') || is_exact
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sluice::warehouse::schema::ValueType;

    use super::*;

    fn names(sql: &str, columns: &[&str]) -> (Vec<String>, Vec<String>) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let dataset = Dataset::load(&root.join("datasets/orders.toml")).unwrap();
        let columns = columns.iter();
        let answer = Answer {
            columns: columns
                .clone()
                .map(|name| ((*name).to_owned(), ValueType::Text))
                .collect(),
            rows: vec![columns.map(|name| Some((*name).to_owned())).collect()],
            is_cut: false,
        };
        let (answer, unasked) = left_out(answer, &dataset, sql);
        let row = answer.rows[0].iter().flatten().cloned().collect();
        let columns: Vec<String> = answer.columns.into_iter().map(|(name, _)| name).collect();
        assert_eq!(columns, row, "values stay below their names");
        (row, unasked)
    }

    #[test]
    fn what_is_for_programs_is_left_out_unless_the_query_names_it() {
        let all = ["day", "_key", "total_amount", "total_amount_exact"];
        let (shown, unasked) = names("select * from gold_daily_orders", &all);
        assert_eq!(shown, ["day", "total_amount"]);
        assert_eq!(unasked, ["_key", "total_amount_exact"]);
        let (shown, unasked) = names("SELECT *, _KEY FROM gold_daily_orders", &all);
        assert_eq!(shown, ["day", "_key", "total_amount"]);
        assert_eq!(unasked, ["total_amount_exact"]);
        let (shown, unasked) = names("select 1", &["n_exact", "exact"]);
        assert_eq!(shown, ["n_exact", "exact"], "no number stands beside it");
        assert!(unasked.is_empty());
    }
}
