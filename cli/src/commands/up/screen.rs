//! The live summary on standard output: redrawn in place on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use sluice::clock::{Clock, SystemClock};

use super::reasons;
use super::summary::{Rates, Summary, redraw};
use crate::feed::Sent;
use crate::output::{print, say};
use crate::pipeline::{Snapshot, Stack};

/// How often a line is written where nothing can be redrawn.
const LINE_INTERVAL: Duration = Duration::from_secs(5);
/// The width of a terminal that does not say how wide it is.
const USUAL_WIDTH: usize = 100;

/// Shows snapshots.
pub(super) struct Screen {
    dataset: String,
    ends: bool,
    /// Standard output is for a result that is yet to come.
    silent: bool,
    is_terminal: bool,
    started: Instant,
    drawn_lines: usize,
    last_line: Option<Instant>,
    /// The messages that the last line came with.
    said: Vec<String>,
    rates: Rates,
}

impl Screen {
    /// Makes a screen and says how to take part. `ends` says whether the run comes to an end by itself, `silent` that
    /// standard output is for something else.
    pub(super) fn new(dataset: &str, stack: &Stack, ends: bool, silent: bool) -> Self {
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
            said: Vec::new(),
            rates: Rates::default(),
        }
    }

    /// Shows how far everything is.
    pub(super) fn draw(&mut self, snapshot: &Snapshot, sent: Sent) {
        let elapsed = self.started.elapsed();
        self.rates.add(elapsed, snapshot);
        if self.silent {
            return;
        }
        let summary = Summary {
            dataset: &self.dataset,
            ends: self.ends,
            elapsed,
            now: SystemClock.now().as_event_time(),
            rates: &self.rates,
            snapshot,
            sent,
        };
        if self.is_terminal {
            let size = terminal_size::terminal_size();
            let width = size.map_or(USUAL_WIDTH, |(width, _)| usize::from(width.0));
            let lines = summary.lines(width);
            self.redraw(&lines, width);
        } else if self
            .last_line
            .is_none_or(|at| at.elapsed() >= LINE_INTERVAL)
        {
            self.last_line = Some(Instant::now());
            print(&summary.line());
            let messages = reasons::messages(snapshot);
            for message in messages.iter().filter(|text| !self.said.contains(text)) {
                print(&format!("  ! {message}"));
            }
            self.said = messages;
        }
    }

    /// Leaves what was drawn and writes a last line below it.
    pub(super) fn finish(&mut self, text: &str) {
        self.drawn_lines = 0;
        match self.silent {
            true => say(&format!("{}: {text}", self.dataset)),
            false => print(&format!("{}: {text}", self.dataset)),
        }
    }

    fn redraw(&mut self, lines: &[String], width: usize) {
        let output = redraw(lines, self.drawn_lines, width);
        self.drawn_lines = lines.len();
        let mut stdout = std::io::stdout().lock();
        // A terminal that has gone ends the process by its own signal.
        let _ = stdout
            .write_all(output.as_bytes())
            .and_then(|()| stdout.flush());
    }
}
