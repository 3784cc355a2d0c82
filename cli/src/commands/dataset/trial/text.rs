//! The fates of tried events for people; pure.

use std::fmt::Write;

use sluice::silver::trial::{Fate, Place};
use sluice::warehouse::schema::ValueType;

use super::chosen::{Chosen, Only};
use crate::output::{Column, Line, Table, escaped, thousands};
use crate::quarantine::Refused;

/// Columns of the dataset that are shown however narrow a terminal is: what a row is known by comes first in most files.
const LEADING: usize = 3;

/// Writes what became of the events, lines for each fate that occurs, for `width` columns of a terminal.
pub(super) fn fates(chosen: &Chosen<'_>, width: Option<usize>) -> Vec<Vec<Line>> {
    let totals = chosen.fates.totals();
    let mut texts = Vec::new();
    if chosen.shows(Only::Rows) && totals.rows > 0 {
        texts.push(rows(chosen, totals.rows).lines(width));
    }
    let mut list = |title: String, lines: Vec<String>| {
        let lines = lines.iter().flat_map(|text| text.lines());
        texts.push(
            std::iter::once(title.as_str())
                .chain(lines)
                .map(Line::plain)
                .collect(),
        );
    };
    if chosen.shows(Only::Duplicates) && totals.duplicates > 0 {
        let title = title(chosen, "duplicates", totals.duplicates);
        list(title, duplicates(chosen));
    }
    if chosen.shows(Only::Quarantined) && totals.refused() > 0 {
        let title = title(chosen, "quarantined", totals.refused());
        list(title, refusals(chosen, width));
    }
    for (only, what, all) in [
        (Only::Filtered, "filtered", totals.filtered),
        (Only::Empty, "empty", totals.empty),
    ] {
        if chosen.shows(only) && all > 0 {
            list(title(chosen, what, all), places(chosen, only));
        }
    }
    texts
}

/// Writes how many events have which fate.
pub(super) fn totals(chosen: &Chosen<'_>) -> String {
    let totals = chosen.fates.totals();
    let mut lines = vec![totals.balance()];
    lines.extend(totals.nulled());
    if chosen.events.is_cut {
        lines.push(format!(
            "there are more events: these are the first {}; --sample N looks at more",
            thousands(totals.lines)
        ));
    }
    lines.join("\n")
}

fn title(chosen: &Chosen<'_>, what: &str, all: u64) -> String {
    let most = chosen.most as u64;
    match all > most {
        true => format!("{what}  {}, first {}", thousands(all), thousands(most)),
        false => format!("{what}  {}", thousands(all)),
    }
}

fn rows(chosen: &Chosen<'_>, all: u64) -> Table {
    let fates = chosen.fates;
    let records = fates.trial.records.iter();
    let rows = records.filter_map(|record| match record.fate {
        Fate::Row { row } => Some((record.place, row)),
        _ => None,
    });
    let rows: Vec<(Place, usize)> = rows.take(chosen.most).collect();
    // A column of which there is nothing says so by its absence; those of the dataset are always there.
    let is_shown = |at: usize, name: &str| {
        let is_there =
            |(_, row): &(Place, usize)| fates.row(*row).get(at).is_some_and(Option::is_some);
        !name.starts_with('_') || rows.iter().any(is_there)
    };
    let columns = fates.columns.iter().enumerate();
    let columns: Vec<(usize, Column)> = columns
        .filter(|(at, column)| is_shown(*at, &column.name))
        // Values are looked for in the events, where numbers have no separators.
        .map(|(at, column)| {
            let shown = Column::new(&column.name, column.kind.into()).identifier();
            match at < LEADING {
                true => (at, shown),
                false => (at, shown.spare()),
            }
        })
        .collect();
    let shown = rows.iter().map(|(place, row)| {
        let values = fates.row(*row);
        let values = columns
            .iter()
            .map(|(at, _)| values.get(*at).cloned().flatten());
        std::iter::once(Some(chosen.events.short_name(*place)))
            .chain(values)
            .collect()
    });
    let shown = shown.collect();
    let line = Column::new("line", ValueType::Text);
    let columns = columns.into_iter().map(|(_, column)| column);
    let columns = std::iter::once(line).chain(columns).collect();
    Table::new(&title(chosen, "rows", all), columns, shown)
}

fn duplicates(chosen: &Chosen<'_>) -> Vec<String> {
    let fates = chosen.fates;
    let records = fates.trial.records.iter();
    let lines = records.filter_map(|record| match record.fate {
        Fate::Duplicate {
            row,
            of,
            kept,
            is_conflict,
        } => Some((record.place, [row, kept], of, is_conflict)),
        _ => None,
    });
    let lines = lines.take(chosen.most);
    let lines = lines.map(|(place, [row, kept], of, is_conflict)| {
        let mut line = format!(
            "  {} repeats {}",
            chosen.events.name(place),
            chosen.events.name(of)
        );
        if is_conflict {
            let _ = write!(line, " and differs: {}", differences(chosen, row, kept));
        }
        line
    });
    lines.collect()
}

/// Says in which columns a row differs from another.
fn differences(chosen: &Chosen<'_>, row: usize, other: usize) -> String {
    let fates = chosen.fates;
    let values = fates.row(row).iter().zip(fates.row(other));
    let differing = fates.columns.iter().zip(values);
    let differing = differing
        .filter(|(column, (value, other))| !column.name.starts_with('_') && value != other);
    let shown = |value: &Option<String>| match value {
        Some(value) => escaped(value).into_owned(),
        None => "null".to_owned(),
    };
    let differing = differing.map(|(column, (value, other))| {
        format!("{} {}, there {}", column.name, shown(value), shown(other))
    });
    differing.collect::<Vec<_>>().join("; ")
}

fn refusals(chosen: &Chosen<'_>, width: Option<usize>) -> Vec<String> {
    let refused = chosen.fates.refused().take(chosen.most);
    let texts = refused.map(|(record, refusal)| {
        Refused {
            place: &chosen.events.name(record.place),
            reason: refusal.reason.as_str(),
            column: refusal.column.as_deref(),
            position: refusal.position,
            detail: &refusal.detail,
            is_event: refusal.event,
            body: refusal.body.as_deref(),
        }
        .text(width)
    });
    texts.collect()
}

/// Names the places of the records with a fate of which there is nothing else to say.
fn places(chosen: &Chosen<'_>, only: Only) -> Vec<String> {
    let records = chosen.fates.trial.records.iter();
    let records = records.filter(|record| only.has(&record.fate));
    let records = records.take(chosen.most);
    let places = records.map(|record| format!("  {}", chosen.events.name(record.place)));
    places.collect()
}
