//! The status for people: a line for each layer, and what is behind, in the tones of `up`: what is up to date is good, what
//! waits or is to be looked at is doubtful, and what cannot be read or go on is bad.

use sluice::dataset::Warning;
use sluice::maintain::TableStatus;

use crate::output::{Balance, Line, Tone, ages, by_reason, count, size, span, thousands};
use crate::status::{
    Alerts, Bronze, Deep, GoldTable, Hub, NextTable, RemovedTable, Silver, Status, Unkept, Waiting,
};

/// Where the text of a layer begins.
pub(super) const INDENT: usize = 10;

/// The width of the column that all numbers of the status stand in.
const WIDTH: usize = 13;

/// Columns and reasons of values that became null, as many as are shown.
const MOST_NULLED: usize = 8;

/// Hours of which hardly anything was kept, as many as are shown.
const MOST_UNKEPT: usize = 8;

/// Returns the status, a line for each layer and what there is to add.
pub(super) fn lines(status: &Status) -> Vec<Line> {
    let title = format!(
        "{}, generation {}, at {}",
        status.dataset, status.generation, status.at
    );
    let mut lines = vec![Line::of(Tone::Strong, &title)];
    lines.extend(warnings(&status.warnings));
    lines.push(hub(&status.hub));
    lines.extend(status.hub.iter().flat_map(waiting_behind));
    let deep = status.deep.as_ref();
    lines.extend(deep.map(|deep| bronze(&deep.bronze)));
    match &status.silver {
        Some(silver) => lines.extend(silver_lines(silver, deep.map(|deep| &deep.waiting))),
        None => lines.push(layer("silver", Tone::Doubtful, "has no version yet")),
    }
    lines.extend(deep.into_iter().flat_map(deep_lines));
    match &status.gold {
        Ok(tables) => lines.extend(tables.iter().map(gold)),
        Err(reason) => {
            let reason = reason.trim_start_matches("gold ");
            lines.push(layer("gold", Tone::Doubtful, reason));
        }
    }
    lines.extend(status.alerts.iter().flat_map(alerts));
    lines.extend(status.gold_removed.iter().map(removed));
    let replaced = status.gold_replaced.iter();
    lines.extend(replaced.map(|why| doubt(&format!("gold: {why}"))));
    lines
}

/// A line of a layer.
fn layer(name: &str, tone: Tone, text: &str) -> Line {
    Line::of(Tone::Strong, &format!("  {name:<7} ")).and(tone, text)
}

/// A line of a layer with numbers.
fn layer_of(name: &str, text: &str) -> Line {
    layer(name, Tone::Plain, text)
}

/// Something to be looked at.
fn doubt(text: &str) -> Line {
    Line::of(Tone::Doubtful, "  ! ").and(Tone::Plain, text)
}

fn warnings(warnings: &[Warning]) -> impl Iterator<Item = Line> {
    let warnings = warnings.iter();
    warnings.map(|warning| doubt(&format!("the dataset file: {warning}")))
}

/// A number of things, with all numbers of the status in one column.
fn column(number: u64, thing: &str) -> String {
    let digits = thousands(number).len();
    let indent = WIDTH.saturating_sub(digits);
    format!("{:indent$}{}", "", count(number, thing))
}

/// A text in the column of what the numbers count.
fn beside(tone: Tone, text: &str) -> Line {
    Line::plain(&format!("          {:>WIDTH$} ", "")).and(tone, text)
}

fn hub(hub: &Result<Hub, String>) -> Line {
    match hub {
        Ok(hub) => layer_of(
            "hub",
            &format!(
                "{} in {} of {}",
                column(hub.events, "event"),
                count(hub.partitions.len() as u64, "partition"),
                hub.name
            ),
        ),
        Err(reason) => layer("hub", Tone::Bad, &format!("cannot be read: {reason}")),
    }
}

/// The partitions that stand still behind a checkpoint of events that the hub no longer has, and the way out.
fn waiting_behind(hub: &Hub) -> impl Iterator<Item = Line> {
    let partitions = hub.partitions.iter();
    partitions.filter_map(|partition| {
        let checkpoint = format!("/{}/…/checkpoint/{}", hub.name, partition.id).to_lowercase();
        Some(doubt(&format!(
            "hub partition {}: the hub was made anew or a copy has taken over, since its newest event is number {} and silver has one of number {} that came before; the host waits behind its checkpoint: stop the app, delete the blob …{checkpoint} in container azure-webjobs-eventhub of the host's account, and start it again",
            partition.id, partition.last_sequence, partition.waits_behind?
        )))
    })
}

/// How far a layer is behind the one before it, if that is known.
fn behind_by(behind: Option<u64>, (thing, before): (&str, &str)) -> Line {
    match behind {
        Some(0) => Line::plain(", ").and(Tone::Good, "up to date"),
        Some(behind) => Line::plain(", ").and(
            Tone::Doubtful,
            &format!("{} behind {before}", count(behind, thing)),
        ),
        None => Line::default(),
    }
}

fn bronze(bronze: &Bronze) -> Line {
    let newest = bronze.newest.as_deref();
    let newest = newest.map_or_else(String::new, |time| format!(", newest {time}"));
    let line = layer_of(
        "bronze",
        &format!(
            "{} in {}, {}{newest}",
            column(bronze.events, "event"),
            count(bronze.objects, "object"),
            size(bronze.bytes)
        ),
    );
    line.then(behind_by(bronze.behind, ("event", "the hub")))
}

/// What is only read where it is asked for.
fn deep_lines(deep: &Deep) -> Vec<Line> {
    let misfit = deep.misfit.iter();
    let misfit = misfit.map(|misfit| layer("dataset", Tone::Bad, misfit));
    let mut lines: Vec<Line> = misfit.collect();
    match &deep.maintenance {
        Ok(facts) => lines.extend(maintenance(facts)),
        Err(reason) => {
            let text = format!(" cannot be read: {reason}");
            lines.push(layer("maintenance", Tone::Bad, &text));
        }
    }
    lines
}

/// How far silver is behind bronze, or behind the hub where bronze was not listed.
fn behind(silver: &Silver, waiting: Option<&Waiting>) -> Line {
    let Some(waiting) = waiting else {
        return behind_by(silver.behind, ("event", "the hub"));
    };
    match (waiting.objects, waiting.oldest) {
        (0, _) | (_, None) => behind_by(Some(0), ("line", "bronze")),
        (objects, Some(oldest)) => Line::plain(", ").and(
            Tone::Doubtful,
            &format!(
                "{} in {} behind bronze, the oldest for {}",
                count(waiting.lines, "line"),
                count(objects, "object"),
                span(oldest)
            ),
        ),
    }
}

fn silver_lines(silver: &Silver, waiting: Option<&Waiting>) -> Vec<Line> {
    let held = format!(
        "{} in {}, version {}",
        column(silver.rows, "row"),
        count(silver.files, "file"),
        silver.version,
    );
    let mut lines = vec![
        layer_of("silver", &held).then(behind(silver, waiting)),
        Line::from(format!(
            "          {}; {} late",
            balance(silver).text(&column(silver.lines, "line")),
            count(silver.late, "row")
        )),
    ];
    if !silver.quarantined_by_reason.is_empty() {
        let reasons = by_reason(&silver.quarantined_by_reason);
        let text = match silver.redriven {
            0 => format!("quarantined: {}", reasons.join(", ")),
            redriven => format!(
                "quarantined: {}; {} of them taken up again",
                reasons.join(", "),
                thousands(redriven)
            ),
        };
        lines.push(beside(Tone::Doubtful, &text));
    }
    lines.extend(nulled(silver));
    lines.push(match (&silver.watermark, silver.watermark_behind_now) {
        (Some(watermark), Some(behind)) => {
            let ages = ages(behind, silver.watermark_behind_arrival).join(", ");
            let text = format!("watermark {watermark}, {ages}");
            beside(Tone::Plain, &text)
        }
        _ => beside(Tone::Plain, "no watermark yet"),
    });
    let null_columns = silver.null_columns.iter();
    lines.extend(null_columns.map(|column| doubt(&column.to_string())));
    lines.extend(silver.unkept.iter().take(MOST_UNKEPT).map(unkept));
    let more = silver.unkept.len().saturating_sub(MOST_UNKEPT);
    if more > 0 {
        lines.push(doubt(&format!(
            "and {more} more such hours of hub partitions"
        )));
    }
    lines
}

/// Names an hour of which hardly anything was kept.
fn unkept(hour: &Unkept) -> Line {
    let (things, are) = hour.fate.words();
    doubt(&format!(
        "hub partition {}: {} of {} of the hour from {}, in {}, are {are}",
        hour.partition,
        thousands(hour.unkept),
        count(hour.of, things),
        hour.hour,
        count(hour.objects, "object")
    ))
}

/// The balance without what is nulled, which is named below, with its columns.
fn balance(silver: &Silver) -> Balance {
    Balance {
        nulled: 0,
        ..silver.balance()
    }
}

/// The columns in which most values became null, with the reasons.
fn nulled(silver: &Silver) -> Option<Line> {
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
    let text = format!("nulled: {}", values.join(", "));
    (!values.is_empty()).then(|| beside(Tone::Doubtful, &text))
}

/// What maintenance looks after; nothing before silver's first commit.
fn maintenance(facts: &TableStatus) -> Vec<Line> {
    let Some(version) = facts.version else {
        return Vec::new();
    };
    let snapshot = match facts.snapshot {
        Some(snapshot) => format!("snapshot of version {}", thousands(snapshot)),
        None => "no snapshot yet".to_owned(),
    };
    let published = match (facts.delta_version, facts.delta_lag) {
        (None, _) => Line::of(Tone::Doubtful, "nothing is published yet"),
        (Some(version), lag) => at_version(version, lag),
    };
    let log = format!(
        "{} up to {}, {snapshot}; {} of {} small, {}",
        column(facts.log_entries, "version"),
        thousands(version),
        thousands(facts.small_files),
        count(facts.live_files, "live file"),
        size(facts.bytes)
    );
    let mut lines = vec![
        layer_of("log", &log),
        layer_of("delta", &format!("{:>WIDTH$} ", "")).then(published),
    ];
    if let Some(oldest) = &facts.oldest_unreconciled {
        let text = format!(
            "{} for silver, the oldest since {}: {}",
            column(facts.unreconciled, "object"),
            oldest.created,
            oldest.source
        );
        lines.push(layer("waiting", Tone::Doubtful, &text));
    }
    lines
}

fn gold(table: &GoldTable) -> Line {
    let version = match (table.version, table.behind) {
        (Some(version), Some(behind)) => at_version(version, behind),
        (Some(version), None) => Line::from(format!("version {version}")),
        (None, _) => Line::of(Tone::Doubtful, "has not been made yet"),
    };
    let held = format!("{} in {}, ", column(table.rows, "row"), table.table);
    let mut line = layer_of("gold", &held).then(version);
    if let Some(reason) = &table.reason {
        line = line.and(Tone::Plain, "; ");
        line = match table.blocked_version {
            Some(version) => {
                let text = format!("blocked at version {version}: {reason}");
                line.and(Tone::Bad, &text)
            }
            None => line.and(Tone::Doubtful, reason),
        };
    }
    if let Some(lacks_for) = table.lacks_for {
        let text = format!(
            "it has not moved for {}, and silver keeps what it needs for seven days",
            span(lacks_for)
        );
        line = line.and(Tone::Plain, "; ").and(Tone::Bad, &text);
    }
    if let Some(text) = table.imbalance() {
        line = line.and(Tone::Plain, "; ").and(Tone::Bad, &text);
    }
    match &table.next {
        Some(next) => line.and(Tone::Plain, "; ").then(beside_it(next)),
        None => line,
    }
}

/// What rules have raised, who is still to be told, and which rules are to be looked at.
fn alerts(alerts: &Alerts) -> Vec<Line> {
    let open = layer_of("alerts", &column(alerts.open, "open alert"));
    let messages = alerts.messages();
    let told = match messages.is_empty() {
        true => Line::plain(", ").and(Tone::Good, "nobody is still to be told"),
        false => Line::default(),
    };
    let messages = messages.into_iter().map(|(is_bad, text)| {
        let tone = match is_bad {
            true => Tone::Bad,
            false => Tone::Doubtful,
        };
        beside(tone, &text)
    });
    let marks = alerts.marks().into_iter().map(|mark| doubt(&mark));
    let lines = [open.then(told)].into_iter();
    lines.chain(messages).chain(marks).collect()
}

/// A table that the dataset file no longer has.
fn removed(table: &RemovedTable) -> Line {
    let RemovedTable {
        table,
        version,
        since,
        removal,
    } = table;
    let since = since.as_ref();
    let since = since.map_or_else(String::new, |since| format!(", as of {since}"));
    doubt(&format!(
        "gold: {table} is no longer in the dataset file, so it stays at version {version}{since}; it goes when a raised generation is shown, or with this SQL: {}",
        removal.join("; ")
    ))
}

/// What is made beside a live table.
fn beside_it(next: &NextTable) -> Line {
    let reason = next.reason.as_deref().unwrap_or("for an unknown reason");
    let (tone, text) = match (next.state, next.version) {
        ("asked", _) => (Tone::Plain, "to be made anew".to_owned()),
        ("blocked", _) => (
            Tone::Bad,
            format!("the new table beside it cannot go on: {reason}"),
        ),
        ("ready", _) => (
            Tone::Doubtful,
            format!(
                "the new table beside it is ready for {}: {reason}",
                span(next.ready_for.unwrap_or(0))
            ),
        ),
        (_, Some(version)) => (
            Tone::Plain,
            format!("a new table beside it is at version {version}"),
        ),
        (_, None) => (
            Tone::Plain,
            format!(
                "a new table beside it has {}",
                count(next.files_done, "file")
            ),
        ),
    };
    let line = Line::of(tone, &text);
    match next.lacks_for {
        Some(lacks_for) => line.and(Tone::Plain, "; ").and(
            Tone::Doubtful,
            &format!(
                "it has taken {}, so it is about to start over",
                span(lacks_for)
            ),
        ),
        None => line,
    }
}

fn at_version(version: u64, behind: u64) -> Line {
    Line::from(format!("version {version}")).then(behind_by(Some(behind), ("version", "silver")))
}

#[cfg(test)]
mod tests;
