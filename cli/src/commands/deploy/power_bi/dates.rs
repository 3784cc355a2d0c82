//! The days that relate gold's tables: a calendar of whole years around all their periods, made from them after each
//! refresh, so that no row has a day that it lacks; pure.

use super::measures::column;
use super::model::{Column, Kind, Model, Relationship, Rows, Table};

/// The column that tables are related by.
pub(super) const DAY: &str = "Date";
const WEEKDAY: &str = "Weekday number";

/// Adds the calendar, and a relationship for each of these columns that hold days.
pub(super) fn relate(model: &mut Model, days: &[(String, String)]) {
    if days.is_empty() {
        return;
    }
    let name = free_name(model);
    model
        .relationships
        .extend(days.iter().map(|(table, column)| Relationship {
            name: format!("{table} {name}"),
            from: (table.clone(), column.clone()),
            to: (name.clone(), DAY.to_owned()),
        }));
    model.tables.push(calendar(name, days));
}

/// Returns a name that no table has; case does not count.
fn free_name(model: &Model) -> String {
    let mut name = "Calendar".to_owned();
    while model
        .tables
        .iter()
        .any(|table| table.name.eq_ignore_ascii_case(&name))
    {
        name.push('_');
    }
    name
}

fn calendar(name: String, days: &[(String, String)]) -> Table {
    let column_of = |name: &str, kind| Column::new(name, kind);
    Table {
        name,
        about: "The days of all years that gold has something of.".to_owned(),
        measures: Vec::new(),
        columns: vec![
            Column {
                is_key: true,
                ..column_of(DAY, Kind::Date)
            },
            // A year is no number that is written with separators.
            column_of("Year", Kind::Text),
            column_of("Quarter", Kind::Text),
            column_of("Month", Kind::Text),
            column_of("Week", Kind::Date).about("The Monday that the week begins with."),
            Column {
                sorted_by: Some(WEEKDAY),
                ..column_of("Weekday", Kind::Text)
            },
            Column::hidden(WEEKDAY, Kind::Whole),
        ],
        rows: Rows::Days(expression(days)),
    }
}

/// Blanks are passed over: a table without rows has no first day, and one of today stands in where none has.
fn expression(days: &[(String, String)]) -> String {
    let ends = |end: &str| {
        let ends = days
            .iter()
            .map(|(table, day)| format!("{end}({})", column(table, day)));
        let ends: Vec<String> = ends.collect();
        format!("{{ {} }}", ends.join(", "))
    };
    format!(
        r#"VAR FirstDay = COALESCE(MINX({}, [Value]), TODAY())
VAR LastDay = COALESCE(MAXX({}, [Value]), TODAY())
RETURN
	ADDCOLUMNS(
		CALENDAR(DATE(YEAR(FirstDay), 1, 1), DATE(YEAR(LastDay), 12, 31)),
		"Year", FORMAT([Date], "yyyy", "en-US"),
		"Quarter", FORMAT([Date], "yyyy", "en-US") & " Q" & QUARTER([Date]),
		"Month", FORMAT([Date], "yyyy-MM", "en-US"),
		"Week", [Date] - WEEKDAY([Date], 3),
		"Weekday", FORMAT([Date], "ddd", "en-US"),
		"Weekday number", WEEKDAY([Date], 2)
	)"#,
        ends("MIN"),
        ends("MAX")
    )
}
