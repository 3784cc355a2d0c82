//! `sluice dataset try`: what becomes of each event of a sample, by the code that production runs.

mod chosen;
mod data;
mod preview;
mod text;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Args;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;

use super::events::{Events, argument};
use super::fates::Fates;
use crate::number;
use crate::output::{
    Format, FormatArguments, Line, failure, print, print_lines, print_prose, say, terminal_width,
};
use chosen::{Chosen, Only};

/// Show what becomes of each event of a sample: row, duplicate, quarantined, filtered or empty
///
/// Runs the code that production runs, on an empty silver, without a pipeline and within a second: rows with their types, the
/// line that a duplicate repeats and how it differs from it, refusals with line, position and a pointer under the text,
/// and the first rows of each gold table. Events count as taken by the hub just now. Lines of bronze are read as silver
/// reads them, so that an event may bring properties. Blank lines are passed over. The exit code is 1 if nothing
/// becomes a row.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice dataset try datasets/orders.toml orders.jsonl
  sluice dataset try datasets/orders.toml a.jsonl.gz b.jsonl --only quarantined -n 50
  sluice consume --from start -n 1000 | sluice dataset try datasets/orders.toml -
  sluice dataset try datasets/orders.toml orders.jsonl --format csv > fates.csv")]
pub(super) struct TryArguments {
    /// The dataset file
    file: PathBuf,
    /// Sample events, one a line; packed with gzip or not; - or nothing is standard input
    #[arg(value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// Show only events with this fate
    #[arg(long, value_name = "FATE")]
    only: Option<Only>,
    /// Show at most N of each fate; 0 is all. People are shown 10, programs all
    #[arg(short = 'n', long, value_name = "N", value_parser = number::from::<usize>(0))]
    limit: Option<usize>,
    /// Most events to look at
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = number::from::<u64>(1))]
    sample: u64,
    #[command(flatten)]
    format: FormatArguments,
}

/// How many of each fate people are shown.
const SHOWN: usize = 10;

/// Tries; returns whether there is a row.
pub(super) async fn run(arguments: &TryArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let dataset = Dataset::load(&arguments.file)?;
    let inputs = arguments.inputs.as_slice();
    let events = Events::read(inputs, arguments.sample)?;
    let fates = Fates::of(&dataset, &events.lines, SystemClock.now())?;
    let chosen = Chosen {
        events: &events,
        fates: &fates,
        only: arguments.only,
        most: arguments.format.most(arguments.limit, SHOWN),
    };
    match arguments.format.format() {
        Format::Json => print(&data::json_lines(&chosen)),
        Format::Csv => print(&data::csv(&chosen)),
        Format::Table => {
            let width = terminal_width();
            let mut texts = text::fates(&chosen, width);
            if chosen.shows(Only::Rows) {
                match preview::gold(&dataset, &fates).await {
                    Ok(tables) => texts.extend(tables.iter().map(|table| table.lines(width))),
                    // A sum that is too large stops gold, and says nothing of the events.
                    Err(error) => {
                        let text = format!("gold  {}", failure(error.as_ref()));
                        texts.push(text.lines().map(Line::plain).collect());
                    }
                }
            }
            for mut lines in texts {
                lines.push(Line::default());
                print_lines(&lines);
            }
            print_prose(&text::totals(&chosen));
            let file = arguments.file.display();
            for warning in dataset.warnings() {
                say(&format!("{file}: warning: {warning}"));
            }
            say(&next(&arguments.file, inputs, fates.totals().rows > 0));
        }
    }
    Ok(fates.totals().rows > 0)
}

/// Says what to run next.
fn next(file: &Path, inputs: &[PathBuf], has_rows: bool) -> String {
    let file = argument(file);
    match has_rows {
        // Does the file describe these events?
        false => format!("next: sluice dataset infer {}", Events::arguments(inputs)),
        true => format!(
            "next: sluice up --dataset {file} --input {}",
            Events::arguments(inputs.get(..1).unwrap_or_default())
        ),
    }
}

#[cfg(test)]
mod tests;
