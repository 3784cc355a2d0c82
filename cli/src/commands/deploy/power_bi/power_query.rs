//! How rows get from the database into the model, in Power Query's language; pure.

use super::model::{Column, Kind};

/// The parameters of a project.
pub(super) const SERVER: &str = "Server";
/// See [`SERVER`].
pub(super) const DATABASE: &str = "Database";
/// See [`SERVER`].
pub(super) const SCHEMA: &str = "GoldSchema";

/// Returns text as it is written in a query.
pub(super) fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A query of a view or table of gold.
pub(super) struct Query<'a> {
    /// The view's name.
    pub(super) view: &'a str,
    /// What is taken of it.
    pub(super) columns: &'a [Column],
    /// The dataset that its rows are of, where it has those of several.
    pub(super) dataset: Option<&'a str>,
    /// A column that holds a point in time, and the name of one that has its day.
    pub(super) day: Option<(&'a str, &'a str)>,
}

impl Query<'_> {
    /// Returns it as text.
    pub(super) fn text(&self) -> String {
        let mut steps = vec![
            (
                "Source".to_owned(),
                format!("Sql.Database({SERVER}, {DATABASE})"),
            ),
            (
                "View".to_owned(),
                format!(
                    "Source{{[Schema = {SCHEMA}, Item = {}]}}[Data]",
                    literal(self.view)
                ),
            ),
        ];
        let mut add = |name: &str, step: &dyn Fn(&str) -> String| {
            let before = steps.last().map_or("Source", |(name, _)| name.as_str());
            let step = step(before);
            steps.push((name.to_owned(), step));
        };
        if let Some(dataset) = self.dataset {
            let dataset = literal(dataset);
            add("Own", &|rows| {
                format!("Table.SelectRows({rows}, each [dataset] = {dataset})")
            });
        }
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|column| literal(&column.name))
            .collect();
        let names = names.join(", ");
        add("Columns", &|rows| {
            format!("Table.SelectColumns({rows}, {{{names}}})")
        });
        let types: Vec<String> = self
            .columns
            .iter()
            .map(|column| format!("{{{}, {}}}", literal(&column.name), type_of(column.kind)))
            .collect();
        let types = types.join(", ");
        add("Typed", &|rows| {
            format!("Table.TransformColumnTypes({rows}, {{{types}}}, \"en-US\")")
        });
        if let Some((time, day)) = self.day {
            let day = literal(day);
            add("Days", &|rows| {
                format!(
                    "Table.AddColumn({rows}, {day}, each DateTime.Date([{time}]), type nullable date)"
                )
            });
        }
        let last = steps.last().map_or("Source", |(name, _)| name.as_str());
        let lines: Vec<String> = steps
            .iter()
            .map(|(name, step)| format!("\t{name} = {step}"))
            .collect();
        format!("let\n{}\nin\n\t{last}", lines.join(",\n"))
    }
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Whole => "Int64.Type",
        Kind::Fixed(_) => "Currency.Type",
        Kind::Floating(_) => "type number",
        Kind::Text => "type text",
        Kind::Flag => "type logical",
        Kind::Time => "type datetime",
        Kind::Date => "type date",
    }
}
