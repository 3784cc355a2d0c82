//! The live summary as text; pure.

use std::time::Duration;

use sluice::event::EventTime;

use crate::feed::Sent;
use crate::output::{count, duplicates, fit, noun, span, thousands};
use crate::pipeline::Snapshot;

use super::reasons;

/// How many rows of a terminal a message may take; all of it is in the log.
const MESSAGE_ROWS: usize = 8;
/// Over how long rates are taken.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// Totals at one time.
#[derive(Clone, Copy, Debug)]
struct Totals {
    at: Duration,
    hub: u64,
    bronze: u64,
    silver: u64,
}

/// The totals of the last seconds, from which rates follow.
#[derive(Debug, Default)]
pub(super) struct Rates(Vec<Totals>);

impl Rates {
    /// Notes how far everything is `at` so long after the start, and forgets what is too old.
    pub(super) fn add(&mut self, at: Duration, snapshot: &Snapshot) {
        self.0.push(Totals {
            at,
            hub: snapshot.hub_events,
            bronze: snapshot.bronze_events,
            silver: snapshot.counts.lines,
        });
        self.0
            .retain(|totals| at.saturating_sub(totals.at) <= RATE_WINDOW);
    }

    /// Returns the rate a second of what `total` takes.
    fn of(&self, total: impl Fn(&Totals) -> u64) -> u64 {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else {
            return 0;
        };
        let grown = u128::from(total(last).saturating_sub(total(first)));
        let millis = last.at.saturating_sub(first.at).as_millis();
        // After the first look there is no rate yet.
        let rate = (grown * 1_000).checked_div(millis).unwrap_or(0);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// How far a run is.
pub(super) struct Summary<'a> {
    pub(super) dataset: &'a str,
    /// Whether the run comes to an end by itself.
    pub(super) ends: bool,
    /// Since its start.
    pub(super) elapsed: Duration,
    pub(super) now: EventTime,
    pub(super) rates: &'a Rates,
    pub(super) snapshot: &'a Snapshot,
    pub(super) sent: Sent,
}

impl Summary<'_> {
    /// Returns one line with everything, for where nothing can be redrawn.
    pub(super) fn line(&self) -> String {
        let snapshot = self.snapshot;
        let counts = &snapshot.counts;
        let reasons: Vec<String> = self.reasons().collect();
        let reasons = match reasons.is_empty() {
            true => String::new(),
            false => format!(" ({})", reasons.join(", ")),
        };
        let filtered = filtered(counts.filtered);
        let gold = match (snapshot.published, &snapshot.gold_problem) {
            (Some(version), None) => version.to_string(),
            (None, None) => "-".to_owned(),
            (_, Some(_)) => "unknown".to_owned(),
        };
        format!(
            "{} hub {} | bronze {} in {} {} | silver {} {}, {} {}, {} late, {filtered}{} quarantined{reasons}, version {} | gold version {gold}",
            clock(self.elapsed),
            snapshot.hub_events,
            snapshot.bronze_events,
            snapshot.bronze_objects,
            noun(snapshot.bronze_objects, "object"),
            counts.rows,
            noun(counts.rows, "row"),
            counts.duplicates,
            noun(counts.duplicates, "duplicate"),
            counts.late,
            counts.quarantined_total(),
            snapshot.version,
        )
    }

    /// Returns a line for each layer and what else there is to say, for a terminal of `width` columns. Messages take as
    /// many lines as they need, within a limit.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let end = match (self.ends, self.sent.is_done) {
            (true, true) => "all sent",
            (true, false) => "sending",
            (false, _) => "Ctrl-C stops",
        };
        let elapsed = clock(self.elapsed);
        let mut lines = vec![format!("sluice up  {}  {elapsed}  {end}", self.dataset)];
        lines.push(self.hub());
        lines.push(self.bronze());
        lines.push(self.silver());
        lines.extend(self.quarantined());
        lines.push(self.watermark());
        lines.push(self.gold());
        lines.extend(self.gold_rows());
        let messages = reasons::messages(self.snapshot);
        lines.extend(messages.iter().flat_map(|message| wrapped(message, width)));
        lines
    }

    fn hub(&self) -> String {
        let events = noun(self.snapshot.hub_events, "event");
        let text = format!("{events}, {} sent by this run", thousands(self.sent.events));
        let rate = self.rates.of(|totals| totals.hub);
        layer("hub", rate, self.snapshot.hub_events, &text)
    }

    fn bronze(&self) -> String {
        let events = noun(self.snapshot.bronze_events, "event");
        let objects = count(self.snapshot.bronze_objects, "object");
        let text = format!("{events} in {objects}");
        let rate = self.rates.of(|totals| totals.bronze);
        layer("bronze", rate, self.snapshot.bronze_events, &text)
    }

    fn silver(&self) -> String {
        let counts = &self.snapshot.counts;
        let text = format!(
            "{} in {}, {}, {} late, {}{} quarantined",
            noun(counts.rows, "row"),
            count(self.snapshot.silver_files, "file"),
            duplicates(counts.duplicates, counts.conflicts),
            thousands(counts.late),
            filtered(counts.filtered),
            thousands(counts.quarantined_total()),
        );
        let rate = self.rates.of(|totals| totals.silver);
        layer("silver", rate, counts.rows, &text)
    }

    fn reasons(&self) -> impl Iterator<Item = String> {
        let reasons = self.snapshot.counts.quarantined.iter();
        reasons.map(|(reason, count)| format!("{reason} {}", thousands(*count)))
    }

    fn quarantined(&self) -> Option<String> {
        let reasons: Vec<String> = self.reasons().collect();
        let text = format!("{:>36}quarantined: {}", "", reasons.join(", "));
        (!reasons.is_empty()).then_some(text)
    }

    fn watermark(&self) -> String {
        let Some(watermark) = self.snapshot.watermark else {
            return format!("{:>36}no watermark yet", "");
        };
        let lag = (self.now.0 - watermark.0) / 1_000_000;
        format!("{:>36}watermark {watermark}, {} behind now", "", span(lag))
    }

    fn gold(&self) -> String {
        if let Some(problem) = &self.snapshot.gold_problem {
            return format!("  {:<8} cannot be read at the moment: {problem}", "gold");
        }
        let Some(published) = self.snapshot.published else {
            return format!("  {:<8} has not run yet", "gold");
        };
        let behind = self.snapshot.version.0.saturating_sub(published.0);
        format!(
            "  {:<8}{:>11} {:>13}  version {published}, {behind} behind silver",
            "gold", "", ""
        )
    }

    fn gold_rows(&self) -> impl Iterator<Item = String> {
        let tables = self.snapshot.gold.iter();
        tables.flat_map(|table| {
            let (name, columns) = (&table.name, &table.rows.columns);
            let rows = table.rows.rows.iter();
            rows.map(move |row| format!("    {name:<22} {}", row_text(columns, row)))
        })
    }
}

/// Names the records that were filtered, where there are any.
fn filtered(records: u64) -> String {
    match records {
        0 => String::new(),
        records => format!("{} filtered, ", thousands(records)),
    }
}

/// Breaks a message between its words into lines of `width` columns.
fn wrapped(message: &str, width: usize) -> Vec<String> {
    let room = width.saturating_sub(4).max(20);
    let mut rows: Vec<String> = Vec::new();
    for word in message.split_whitespace() {
        match rows.last_mut() {
            Some(row) if row.chars().count() + 1 + word.chars().count() <= room => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    if rows.len() > MESSAGE_ROWS {
        rows.truncate(MESSAGE_ROWS - 1);
        rows.push("… (the rest is in the log)".to_owned());
    }
    let starts = std::iter::once("  ! ").chain(std::iter::repeat("    "));
    let rows = starts.zip(rows);
    rows.map(|(start, row)| format!("{start}{row}")).collect()
}

/// Returns what replaces `drawn` lines of a terminal of `width` columns by `lines`, each cut to the width. What would
/// move the cursor, such as a line break in a message, is escaped.
pub(super) fn redraw(lines: &[String], drawn: usize, width: usize) -> String {
    let mut output = String::new();
    if drawn > 0 {
        output.push_str(&format!("\x1b[{drawn}A"));
    }
    for line in lines {
        output.push_str(&format!("\x1b[2K{}\n", fit(line, width)));
    }
    // What was longer before is cleared.
    output.push_str("\x1b[J");
    output
}

fn layer(name: &str, rate: u64, total: u64, text: &str) -> String {
    format!(
        "  {name:<8}{:>9}/s {:>13}  {text}",
        thousands(rate),
        thousands(total)
    )
}

fn row_text(columns: &[String], row: &[Option<String>]) -> String {
    let values = columns.iter().zip(row);
    let parts: Vec<String> = values
        .map(|(column, value)| format!("{column} {}", value.as_deref().unwrap_or("null")))
        .collect();
    parts.join("  ")
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests;
