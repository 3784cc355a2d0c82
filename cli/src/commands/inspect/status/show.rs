//! The status for people: a line for each layer, and what is behind.

use sluice::dataset::Warning;
use sluice::maintain::TableStatus;

use super::gather::{
    Bronze, Deep, Fate, GoldTable, Hub, NextTable, RemovedTable, Silver, Status, Unkept, Waiting,
};
use crate::output::{Balance, by_reason, count, size, span, thousands};

/// The width of the column that all numbers of the status stand in.
const WIDTH: usize = 13;

/// Columns and reasons of values that became null, as many as are shown.
const MOST_NULLED: usize = 8;

/// Hours of which hardly anything was kept, as many as are shown.
const MOST_UNKEPT: usize = 8;

/// Returns the status, a line for each layer and what there is to add.
pub(super) fn lines(status: &Status) -> Vec<String> {
    let mut lines = vec![format!(
        "{}, generation {}, at {}",
        status.dataset, status.generation, status.at
    )];
    lines.extend(warnings(&status.warnings));
    lines.push(hub(&status.hub));
    let deep = status.deep.as_ref();
    lines.extend(deep.map(|deep| bronze(&deep.bronze)));
    match &status.silver {
        Some(silver) => lines.extend(silver_lines(silver, deep.map(|deep| &deep.waiting))),
        None => lines.push("  silver  has no version yet".to_owned()),
    }
    lines.extend(deep.into_iter().flat_map(deep_lines));
    match &status.gold {
        Ok(tables) => lines.extend(tables.iter().map(gold)),
        Err(reason) => lines.push(format!("  gold    {}", reason.trim_start_matches("gold "))),
    }
    lines.extend(status.gold_removed.iter().map(removed));
    let replaced = status.gold_replaced.iter();
    lines.extend(replaced.map(|why| format!("  ! gold: {why}")));
    lines
}

fn warnings(warnings: &[Warning]) -> impl Iterator<Item = String> {
    warnings
        .iter()
        .map(|warning| format!("  ! the dataset file: {warning}"))
}

/// A number of things, with all numbers of the status in one column.
fn column(number: u64, thing: &str) -> String {
    let digits = thousands(number).len();
    let indent = WIDTH.saturating_sub(digits);
    format!("{:indent$}{}", "", count(number, thing))
}

/// A text in the column of what the numbers count.
fn beside(text: &str) -> String {
    format!("          {:>WIDTH$} {text}", "")
}

fn hub(hub: &Result<Hub, String>) -> String {
    match hub {
        Ok(hub) => format!(
            "  hub     {} in {} of {}",
            column(hub.events, "event"),
            count(hub.partitions.len() as u64, "partition"),
            hub.name
        ),
        Err(reason) => format!("  hub     cannot be read: {reason}"),
    }
}

fn bronze(bronze: &Bronze) -> String {
    let behind = match bronze.behind {
        Some(0) => ", has every event of the hub".to_owned(),
        Some(behind) => format!(", {} behind the hub", count(behind, "event")),
        None => String::new(),
    };
    let newest = bronze.newest.as_deref();
    let newest = newest.map_or_else(String::new, |time| format!(", newest {time}"));
    format!(
        "  bronze  {} in {}, {}{newest}{behind}",
        column(bronze.events, "event"),
        count(bronze.objects, "object"),
        size(bronze.bytes)
    )
}

/// What is only read where it is asked for.
fn deep_lines(deep: &Deep) -> Vec<String> {
    let misfit = deep.misfit.iter();
    let mut lines: Vec<String> = misfit.map(|misfit| format!("  dataset {misfit}")).collect();
    match &deep.maintenance {
        Ok(facts) => lines.extend(maintenance(facts)),
        Err(reason) => lines.push(format!("  maintenance  cannot be read: {reason}")),
    }
    lines
}

/// How far silver is behind bronze, or behind the hub where bronze was not listed.
fn behind(silver: &Silver, waiting: Option<&Waiting>) -> String {
    let Some(waiting) = waiting else {
        return match silver.behind {
            None => String::new(),
            Some(0) => ", has every event of the hub".to_owned(),
            Some(behind) => format!(", {} behind the hub", count(behind, "event")),
        };
    };
    match (waiting.objects, waiting.oldest) {
        (0, _) | (_, None) => ", has every line of bronze".to_owned(),
        (objects, Some(oldest)) => format!(
            ", {} in {} behind bronze, the oldest for {}",
            count(waiting.lines, "line"),
            count(objects, "object"),
            span(oldest)
        ),
    }
}

fn silver_lines(silver: &Silver, waiting: Option<&Waiting>) -> Vec<String> {
    let mut lines = vec![
        format!(
            "  silver  {} in {}, version {}{}",
            column(silver.rows, "row"),
            count(silver.files, "file"),
            silver.version,
            behind(silver, waiting)
        ),
        format!(
            "          {}; {} late",
            balance(silver).text(&column(silver.lines, "line")),
            count(silver.late, "row")
        ),
    ];
    if !silver.quarantined_by_reason.is_empty() {
        let reasons = by_reason(&silver.quarantined_by_reason);
        lines.push(beside(&format!("quarantined: {}", reasons.join(", "))));
    }
    lines.extend(nulled(silver));
    lines.push(match (&silver.watermark, silver.watermark_behind_now) {
        (Some(watermark), Some(behind)) => beside(&format!(
            "watermark {watermark}, {} behind now",
            span(behind)
        )),
        _ => beside("no watermark yet"),
    });
    lines.extend(silver.unkept.iter().take(MOST_UNKEPT).map(unkept));
    let more = silver.unkept.len().saturating_sub(MOST_UNKEPT);
    if more > 0 {
        lines.push(format!("  ! and {more} more such hours of hub partitions"));
    }
    lines
}

/// Names an hour of which hardly anything was kept.
fn unkept(hour: &Unkept) -> String {
    let (things, are) = match hour.fate {
        Fate::Empty => ("event", "empty: do the producers still send records?"),
        Fate::Filtered => ("record", "filtered: is `where` still what it should be?"),
    };
    format!(
        "  ! hub partition {}: {} of {} of the hour from {}, in {}, are {are}",
        hour.partition,
        thousands(hour.unkept),
        count(hour.of, things),
        hour.hour,
        count(hour.objects, "object")
    )
}

fn balance(silver: &Silver) -> Balance {
    Balance {
        lines: silver.lines,
        empty: silver.empty,
        records: silver.records,
        rows: silver.rows,
        duplicates: silver.duplicates,
        conflicts: silver.conflicts,
        filtered: silver.filtered,
        quarantined: silver.quarantined,
        // They are named below, with their columns.
        nulled: 0,
    }
}

/// The columns in which most values became null, with the reasons.
fn nulled(silver: &Silver) -> Option<String> {
    let mut values: Vec<_> = silver.nulled.iter().collect();
    values.sort_by_key(|(_, _, n)| std::cmp::Reverse(*n));
    let more = values.len().saturating_sub(MOST_NULLED);
    let values = values.iter().take(MOST_NULLED);
    let mut values: Vec<_> = values
        .map(|(column, reason, n)| format!("{column} {reason} {}", thousands(*n)))
        .collect();
    if more > 0 {
        values.push(format!("and {more} more"));
    }
    (!values.is_empty()).then(|| beside(&format!("nulled: {}", values.join(", "))))
}

/// What maintenance looks after; nothing before silver's first commit.
fn maintenance(facts: &TableStatus) -> Vec<String> {
    let Some(version) = facts.version else {
        return Vec::new();
    };
    let snapshot = match facts.snapshot {
        Some(snapshot) => format!("snapshot of version {}", thousands(snapshot)),
        None => "no snapshot yet".to_owned(),
    };
    let published = match (facts.delta_version, facts.delta_lag) {
        (None, _) => "nothing is published yet".to_owned(),
        (Some(version), lag) => at_version(version, lag),
    };
    let mut lines = vec![
        format!(
            "  log     {} up to {}, {snapshot}; {} of {} small, {}",
            column(facts.log_entries, "version"),
            thousands(version),
            thousands(facts.small_files),
            count(facts.live_files, "live file"),
            size(facts.bytes)
        ),
        format!("  delta   {:>WIDTH$} {published}", ""),
    ];
    if let Some(oldest) = &facts.oldest_unreconciled {
        lines.push(format!(
            "  waiting {} for silver, the oldest since {}: {}",
            column(facts.unreconciled, "object"),
            oldest.created,
            oldest.source
        ));
    }
    lines
}

fn gold(table: &GoldTable) -> String {
    let version = match (table.version, table.behind) {
        (Some(version), Some(behind)) => at_version(version, behind),
        (Some(version), None) => format!("version {version}"),
        (None, _) => "has not been made yet".to_owned(),
    };
    let mut more = String::new();
    if let Some(reason) = &table.reason {
        more.push_str(&match table.blocked_version {
            Some(version) => format!("; blocked at version {version}: {reason}"),
            None => format!("; {reason}"),
        });
    }
    if let Some(lacks_for) = table.lacks_for {
        more.push_str(&format!(
            "; it has not moved for {}, and silver keeps what it needs for seven days",
            span(lacks_for)
        ));
    }
    if let Some(next) = &table.next {
        more.push_str(&format!("; {}", beside_it(next)));
    }
    format!(
        "  gold    {} in {}, {version}{more}",
        column(table.rows, "row"),
        table.table,
    )
}

/// A table that the dataset file no longer has.
fn removed(table: &RemovedTable) -> String {
    let RemovedTable {
        table,
        version,
        since,
        removal,
    } = table;
    let since = since.as_ref();
    let since = since.map_or_else(String::new, |since| format!(", as of {since}"));
    format!(
        "  ! gold: {table} is no longer in the dataset file, so it stays at version {version}{since}; it goes when a raised generation is shown, or with this SQL: {}",
        removal.join("; ")
    )
}

/// What is made beside a live table.
fn beside_it(next: &NextTable) -> String {
    let reason = next.reason.as_deref().unwrap_or("for an unknown reason");
    let mut text = match (next.state, next.version) {
        ("asked", _) => "to be made anew".to_owned(),
        ("blocked", _) => format!("the new table beside it cannot go on: {reason}"),
        ("ready", _) => format!(
            "the new table beside it is ready for {}: {reason}",
            span(next.ready_for.unwrap_or(0))
        ),
        (_, Some(version)) => format!("a new table beside it is at version {version}"),
        (_, None) => format!(
            "a new table beside it has {}",
            count(next.files_done, "file")
        ),
    };
    if let Some(lacks_for) = next.lacks_for {
        text.push_str(&format!(
            "; it has taken {}, so it is about to start over",
            span(lacks_for)
        ));
    }
    text
}

fn at_version(version: u64, behind: u64) -> String {
    match behind {
        0 => format!("version {version}, has every version of silver"),
        behind => format!(
            "version {version}, {} behind silver",
            count(behind, "version")
        ),
    }
}

#[cfg(test)]
mod tests;
