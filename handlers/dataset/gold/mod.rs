//! The `[[gold]]`, `[[ranking]]` and `[[summary]]` tables of a dataset file.

mod alert;
mod find;
mod latency;
mod measures;
mod names;
mod passing;
mod steps;
mod summary;

use toml::de::DeTable;

use super::column::{Draft, read_condition};
use super::name::{LONGEST_NAME, SQL_NAME};
use super::problem::Sink;
use super::reader::{Keys, Located, keys};
use super::{ColumnIndex, ColumnType, GoldTable, Ranking, TableIndex};
use crate::value::Grain;
use crate::wording::quoted;
pub(super) use alert::{Parts, read_alerts};
pub(super) use find::find_column;
use find::find_name;
use measures::{kept_beside, read_measures};
pub(super) use names::Taken;
use names::path;
use steps::{Said, read_steps};
pub(super) use summary::read_summaries;

/// Columns that the views of a table have beside the table's. What begins with an underscore is no name anyway.
const VIEW_COLUMNS: [&str; 2] = ["is_settled", "rank"];
/// The column that holds the hash of the dimensions.
const KEY: &str = "_key";
const GRAINS: &str =
    "\"5m\", \"10m\", \"15m\", \"20m\", \"30m\", \"hour\", \"day\", \"week\", \"month\" or \"all\"";

impl Grain {
    /// Returns the name of the time column of a table of this grain; a table for all time has none.
    #[must_use]
    pub fn time_column(self) -> Option<&'static str> {
        match self {
            Self::FiveMinutes
            | Self::TenMinutes
            | Self::FifteenMinutes
            | Self::TwentyMinutes
            | Self::ThirtyMinutes => Some("window_start"),
            Self::Hour => Some("hour"),
            Self::Day => Some("day"),
            Self::Week => Some("week"),
            Self::Month => Some("month"),
            Self::All => None,
        }
    }

    /// Returns the name of the column in which the report of a table of windows shows their ends, which are excluded.
    #[must_use]
    pub fn end_column(self) -> Option<&'static str> {
        self.window_minutes().map(|_| "window_end")
    }
}

/// Reads the gold tables. A table with a problem is still returned, so that rankings can refer to it.
pub(super) fn read_tables<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    columns: &[Draft],
    taken: &mut Taken,
) -> Vec<GoldTable> {
    let mut gold = Vec::new();
    for (i, table) in tables.into_iter().enumerate() {
        let keys = Keys::new(
            sink,
            table,
            path("gold", table.value, "table", i),
            &keys::GOLD,
        );
        let name = keys.required_string("table", SQL_NAME);
        if let Some(name) = name {
            taken.claim_table(&keys, name);
        }
        let _ = keys.required_string("grain", GRAINS);
        let grain = keys.parsed("grain", GRAINS, Grain::named);
        let Said { every, zone, keep } = read_steps(&keys, grain);
        let by = read_dimensions(&keys, columns);
        let measures = read_measures(&keys, columns);
        let table = GoldTable {
            // Without a name a problem was reported, and the file makes no dataset.
            table: name.map(|name| name.value.to_owned()).unwrap_or_default(),
            grain: grain.unwrap_or(Grain::All),
            every,
            zone,
            keep,
            condition: read_condition(&keys, columns.iter().map(Draft::as_named).collect()),
            by: by.iter().map(|(index, _)| *index).collect(),
            measures,
        };
        check_clashes(&keys, &table, by.iter().map(|(_, column)| *column));
        gold.push(table);
    }
    gold
}

fn read_dimensions<'c>(keys: &Keys<'_>, columns: &'c [Draft]) -> Vec<(ColumnIndex, &'c Draft)> {
    let mut by: Vec<(ColumnIndex, &Draft)> = Vec::new();
    // A table may have no dimensions.
    for name in keys.strings("by").unwrap_or_default() {
        let Some((index, column)) = find_column(keys, "by", name, columns) else {
            continue;
        };
        if matches!(column.kind, Some(ColumnType::Double | ColumnType::Json)) {
            let message = format!(
                "{} is a double or json column, which cannot be grouped by",
                quoted(name.value)
            );
            keys.report("by", name.at, message);
        }
        if by.iter().any(|(other, _)| *other == index) {
            keys.report(
                "by",
                name.at,
                format!("{} is named twice", quoted(name.value)),
            );
            continue;
        }
        by.push((index, column));
    }
    by
}

/// Reports columns of the table whose names differ at most in case: its time column and that of
/// the ends of windows, its dimensions, its measures, what these are kept as and the key.
fn check_clashes<'c>(
    keys: &Keys<'_>,
    table: &GoldTable,
    dimensions: impl Iterator<Item = &'c Draft>,
) {
    let own = [table.grain.time_column(), table.grain.end_column()];
    let own: Vec<&str> = own.into_iter().flatten().collect();
    let mut names: Vec<String> = own.iter().map(|name| (*name).to_owned()).collect();
    names.push(KEY.to_owned());
    let times = match own.as_slice() {
        [time, end] => format!("; {time} and {end} are those of its windows"),
        [_] => "; its time column is called like its grain".to_owned(),
        _ => String::new(),
    };
    let mut claim = |key: &str, name: &str| {
        let name = name.to_ascii_lowercase();
        if name.len() > LONGEST_NAME {
            let at = keys.at_value(key);
            let message = format!(
                "the table would have a column called {}, and no name has more than {LONGEST_NAME} characters",
                quoted(&name)
            );
            keys.report(key, at, message);
        } else if VIEW_COLUMNS.contains(&name.as_str()) {
            let at = keys.at_value(key);
            let message = format!(
                "the table's views have a column {} of their own",
                quoted(&name)
            );
            keys.report(key, at, message);
        } else if names.contains(&name) {
            let at = keys.at_value(key);
            let message = format!("the table has two columns called {}{times}", quoted(&name));
            keys.report(key, at, message);
        } else {
            names.push(name);
        }
    };
    for column in dimensions {
        claim("by", &column.name);
    }
    for measure in &table.measures {
        claim("measures", &measure.name);
    }
    for measure in &table.measures {
        for name in kept_beside(measure) {
            claim("measures", &name);
        }
    }
}

/// Reads the ranking views.
pub(super) fn read_rankings<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    gold: &[GoldTable],
    taken: &mut Taken,
) -> Vec<Ranking> {
    let mut rankings = Vec::new();
    for (i, table) in tables.into_iter().enumerate() {
        let keys = Keys::new(
            sink,
            table,
            path("ranking", table.value, "view", i),
            &keys::RANKING,
        );
        let view = keys.required_string("view", SQL_NAME);
        if let Some(view) = view {
            taken.claim(&keys, "view", view);
        }
        let from = keys.required_string("from", "the name of a gold table");
        let order_by = keys.required_string("order_by", "the name of a measure of that table");
        let top = keys.required_positive("top", "the number of rows, from 1");
        let tables: Vec<&str> = gold.iter().map(|table| table.table.as_str()).collect();
        let from = from.and_then(|from| find_name(&keys, "from", from, &tables));
        // Without a table a problem was reported, and no measure is looked for.
        let measures: Vec<&str> = from
            .and_then(|from| gold.get(from))
            .map(|table| {
                table
                    .measures
                    .iter()
                    .map(|measure| measure.name.as_str())
                    .collect()
            })
            .unwrap_or_default();
        let order_by = order_by
            .filter(|_| from.is_some())
            .and_then(|order_by| find_name(&keys, "order_by", order_by, &measures));
        if let (Some(view), Some(from), Some(order_by), Some(top)) = (view, from, order_by, top) {
            let view = view.value.to_owned();
            rankings.push(Ranking {
                view,
                from: TableIndex::new(from),
                order_by,
                top,
            });
        }
    }
    rankings
}
