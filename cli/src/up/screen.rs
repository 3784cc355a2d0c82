//! The live summary: redrawn in place on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use chrono::Utc;

use super::stack::Stack;
use super::watch::Snapshot;
use crate::feed::Sent;
use crate::text::{print, span, thousands};

/// How often a line is written where nothing can be redrawn.
const LINE_INTERVAL: Duration = Duration::from_secs(5);
/// Over how long rates are taken.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// Shows snapshots.
pub(crate) struct Screen {
    dataset: String,
    ends: bool,
    /// Standard output is for a result that is yet to come.
    silent: bool,
    is_terminal: bool,
    started: Instant,
    drawn_lines: usize,
    last_line: Option<Instant>,
    history: Vec<(Instant, Snapshot)>,
}

impl Screen {
    /// Makes a screen and says how to take part. `ends` tells whether the run comes to an end by itself, `silent`
    /// that standard output is for something else.
    pub(crate) fn new(dataset: &str, stack: &Stack, ends: bool, silent: bool) -> Self {
        if !silent {
            let (connection, log) = (stack.connection_string(), stack.log_file().display());
            print(&format!("send your own events to  {connection}"));
            print(&format!("logs of host and handler {log}\n"));
        }
        Self {
            dataset: dataset.to_owned(),
            ends,
            silent,
            is_terminal: std::io::stdout().is_terminal(),
            started: Instant::now(),
            drawn_lines: 0,
            last_line: None,
            history: Vec::new(),
        }
    }

    /// Shows how far everything is.
    pub(crate) fn draw(&mut self, snapshot: &Snapshot, progress: Sent) {
        let now = Instant::now();
        self.history.push((now, snapshot.clone()));
        self.history
            .retain(|(at, _)| now.duration_since(*at) <= RATE_WINDOW);
        if self.silent {
            return;
        }
        if self.is_terminal {
            let lines = self.lines(snapshot, progress);
            self.redraw(&lines);
        } else if self
            .last_line
            .is_none_or(|at| at.elapsed() >= LINE_INTERVAL)
        {
            self.last_line = Some(now);
            print(&self.line(snapshot));
        }
    }

    /// Leaves what was drawn and writes a last line below it.
    pub(crate) fn finish(&mut self, text: &str) {
        self.drawn_lines = 0;
        match self.silent {
            true => eprintln!("{}: {text}", self.dataset),
            false => print(&format!("{}: {text}", self.dataset)),
        }
    }

    fn redraw(&mut self, lines: &[String]) {
        let width = terminal_size::terminal_size().map_or(100, |(width, _)| usize::from(width.0));
        let mut output = String::new();
        if self.drawn_lines > 0 {
            output.push_str(&format!("\x1b[{}A", self.drawn_lines));
        }
        for line in lines {
            let shown: String = line.chars().take(width).collect();
            output.push_str(&format!("\x1b[2K{shown}\n"));
        }
        // What was longer before is cleared.
        output.push_str("\x1b[J");
        self.drawn_lines = lines.len();
        let mut stdout = std::io::stdout().lock();
        // A terminal that has gone ends the process by its own signal.
        let _ = stdout
            .write_all(output.as_bytes())
            .and_then(|()| stdout.flush());
    }

    /// Returns the rate of what `count` counts, over the last seconds.
    fn rate(&self, count: impl Fn(&Snapshot) -> u64) -> u64 {
        let (Some((from, first)), Some((until, last))) =
            (self.history.first(), self.history.last())
        else {
            return 0;
        };
        let millis = until.duration_since(*from).as_millis();
        let grown = u128::from(count(last).saturating_sub(count(first)));
        u64::try_from((grown * 1_000).checked_div(millis).unwrap_or_default()).unwrap_or(u64::MAX)
    }

    fn line(&self, snapshot: &Snapshot) -> String {
        let counts = &snapshot.counts;
        format!(
            "{} hub {} | bronze {} in {} objects | silver {} rows, {} duplicates, {} late, {} quarantined, version {} | gold version {}",
            elapsed(self.started),
            snapshot.hub_events,
            snapshot.bronze_events,
            snapshot.bronze_objects,
            counts.rows,
            counts.duplicates,
            counts.late,
            counts.quarantined_total(),
            snapshot.version,
            snapshot
                .published
                .map_or_else(|| "-".to_owned(), |version| version.to_string()),
        )
    }

    fn lines(&self, snapshot: &Snapshot, progress: Sent) -> Vec<String> {
        let end = match (self.ends, progress.is_done) {
            (true, true) => "all sent",
            (true, false) => "sending",
            (false, _) => "Ctrl-C stops",
        };
        let mut lines = vec![format!(
            "sluice up  {}  {}  {end}",
            self.dataset,
            elapsed(self.started)
        )];
        lines.extend(self.layers(snapshot, progress));
        lines.push(watermark_line(snapshot));
        lines.push(gold_line(snapshot));
        for table in &snapshot.gold {
            for row in &table.rows.rows {
                let (name, columns) = (&table.name, &table.rows.columns);
                lines.push(format!("    {name:<22} {}", row_text(columns, row)));
            }
        }
        lines.extend(
            snapshot
                .messages
                .iter()
                .map(|message| format!("  ! {message}")),
        );
        lines
    }

    fn layers(&self, snapshot: &Snapshot, progress: Sent) -> Vec<String> {
        let counts = &snapshot.counts;
        let layer = |name: &str, rate: u64, total: u64, text: String| {
            format!(
                "  {name:<8}{:>9}/s {:>13}  {text}",
                thousands(rate),
                thousands(total)
            )
        };
        let sent = format!("events, {} sent by this run", thousands(progress.events));
        let objects = format!("events in {} objects", thousands(snapshot.bronze_objects));
        let rows = format!(
            "rows in {} files, {} duplicates, {} late, {} quarantined",
            thousands(snapshot.silver_files),
            thousands(counts.duplicates),
            thousands(counts.late),
            thousands(counts.quarantined_total()),
        );
        let mut lines = vec![
            layer(
                "hub",
                self.rate(|s| s.hub_events),
                snapshot.hub_events,
                sent,
            ),
            layer(
                "bronze",
                self.rate(|s| s.bronze_events),
                snapshot.bronze_events,
                objects,
            ),
            layer("silver", self.rate(|s| s.counts.lines), counts.rows, rows),
        ];
        if !counts.quarantined.is_empty() {
            let reasons = counts.quarantined.iter();
            let reasons: Vec<String> = reasons
                .map(|(reason, count)| format!("{reason} {}", thousands(*count)))
                .collect();
            lines.push(format!("{:>36}quarantined: {}", "", reasons.join(", ")));
        }
        lines
    }
}

fn watermark_line(snapshot: &Snapshot) -> String {
    let Some(watermark) = snapshot.watermark else {
        return format!("{:>36}no watermark yet", "");
    };
    let lag = (Utc::now().timestamp_micros() - watermark.0) / 1_000_000;
    format!("{:>36}watermark {watermark}, {} behind now", "", span(lag))
}

fn gold_line(snapshot: &Snapshot) -> String {
    let Some(published) = snapshot.published else {
        return format!("  {:<8} has not run yet", "gold");
    };
    let behind = snapshot.version.0.saturating_sub(published.0);
    format!(
        "  {:<8}{:>11} {:>13}  version {published}, {behind} behind silver",
        "gold", "", ""
    )
}

fn row_text(columns: &[String], row: &[Option<String>]) -> String {
    let values = columns.iter().zip(row);
    let parts: Vec<String> = values
        .map(|(column, value)| format!("{column} {}", value.as_deref().unwrap_or("null")))
        .collect();
    parts.join("  ")
}

fn elapsed(since: Instant) -> String {
    let seconds = since.elapsed().as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}
