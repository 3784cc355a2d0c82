//! What the command line of `sluice up` says: which parts run, what is fed in, and how to go on after the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use sluice::telemetry::signals::METRICS_PORT;

use super::allowed::MaxQuarantined;
use super::view::Again;
use crate::feed::{OrderArguments, Request};
use crate::number;
use crate::output::{Usage, shell_word};
use crate::pipeline::Part;
use crate::target::{DEFAULT_STATE_DIR, STATE_DIR};

/// Run the whole pipeline on this machine
///
/// Starts Azurite, a local Event Hubs namespace and a local Functions host with the handler, feeds events in and shows
/// what becomes of them. Node.js is needed, and in a checkout Rust; Azurite is installed the first time. State is kept in
/// .sluice/DATASET, so the next `up` goes on where this one stopped, however it ended. While it runs, the other commands
/// find it there.
///
/// A line of --input is the body of an event, or a line as bronze has it ({"$sluice":"event",…}): that is sent with its
/// properties and its annotations, for which the local hub stands in for whoever adds them, such as an IoT hub.
///
/// With --input or --limit it ends by itself: with the tables, the audit, and exit code 0 if everything adds up. Exit
/// code 1 also if a layer cannot go on, if none of the events became a row, or if more were rejected than --max-quarantined
/// allows; the reasons are printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice up                                   made-up orders until Ctrl-C
  sluice up --rate 2000 --broken 0.1          faster, and a tenth of them broken
  sluice up -n 100000                         a hundred thousand, then the tables
  sluice up -d shop.toml -i orders.jsonl.gz   a file, each line an event, then the tables
  sluice up -i orders.jsonl --max-quarantined 0.5%
                                              and exit code 1 if more than one in 200 is rejected
  sluice up --gold 'Server=tcp:…;Database=…'  gold in Azure SQL instead of a file
  sluice up --no-producer                     wait for producers of your own
  sluice up --metrics                         metrics for Prometheus, at http://127.0.0.1:9464/metrics
  sluice up --no-handler                      storage and event hub alone, for `audit`, `status` and `maintain`")]
pub(crate) struct UpArguments {
    /// The dataset file; otherwise the setting DATASET of local.settings.json, or datasets/orders.toml
    #[arg(short, long, value_name = "FILE")]
    pub(super) dataset: Option<PathBuf>,
    /// Send the lines of a file (.jsonl or .gz), wait until all are processed, print the tables and end
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["events", "no_producer"])]
    pub(super) input: Option<PathBuf>,
    /// Send this many made-up orders, wait until all are processed, print the tables and end
    #[arg(
        short = 'n',
        long = "limit",
        alias = "events",
        value_name = "N",
        conflicts_with = "no_producer",
        value_parser = number::from::<u64>(0)
    )]
    pub(super) events: Option<u64>,
    /// Exit code 1 if --input or --limit has more rejected records than this, or a larger share of them; without it any number
    #[arg(long, value_name = "N|P%", value_parser = MaxQuarantined::parse, conflicts_with = "no_producer")]
    pub(super) max_quarantined: Option<MaxQuarantined>,
    /// Events a second; without it 200 made-up orders, and files and --limit as fast as they go
    #[arg(short, long, value_name = "N", value_parser = number::from::<u64>(1))]
    pub(super) rate: Option<u64>,
    /// Send nothing: wait for events from other producers
    #[arg(long)]
    pub(super) no_producer: bool,
    /// Start storage and event hub without the handler, so that the other commands can look at a state that `up` refuses
    #[arg(long, conflicts_with_all = ["input", "events", "rate", "clean", "handler", "release", "json", "max_quarantined"])]
    pub(super) no_handler: bool,
    #[command(flatten)]
    pub(super) orders: OrderArguments,
    /// Partitions of the event hub, when it is created
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = number::between::<u16>(1, 32))]
    pub(super) partitions: u16,
    /// Where state is kept
    #[arg(long, value_name = "DIR", env = STATE_DIR, default_value = DEFAULT_STATE_DIR)]
    pub(super) state_dir: PathBuf,
    /// Keep gold in this database, an ADO connection string, instead of a file; GOLD_SCHEMA names its schema
    #[arg(long, value_name = "STRING")]
    pub(super) gold: Option<String>,
    /// Let the handler's metrics be read at this port of this machine, for Prometheus; without a number at 9464
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "9464", conflicts_with = "no_handler", value_parser = number::between::<u16>(1, 65535))]
    pub(super) metrics: Option<u16>,
    /// Start afresh: delete this dataset's state first (but nothing in a database of --gold)
    #[arg(long)]
    pub(super) clean: bool,
    /// Build and run the handler optimised
    #[arg(long)]
    pub(super) release: bool,
    /// Print the result of --input or --limit as JSON, and nothing else on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Run this handler instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    pub(super) handler: Option<PathBuf>,
}

impl UpArguments {
    /// The parts that are started.
    pub(super) fn parts(&self) -> &'static [Part] {
        match self.no_handler {
            true => &[Part::Storage, Part::Hub],
            false => &Part::ALL,
        }
    }

    /// What tells other commands which pipeline this is, each with a blank before it.
    pub(super) fn options(&self) -> String {
        let mut options = String::new();
        if let Some(file) = &self.dataset {
            let file = file.display().to_string();
            options.push_str(&format!(" --dataset {}", shell_word(&file)));
        }
        if self.state_dir != Path::new(DEFAULT_STATE_DIR) {
            let folder = self.state_dir.display().to_string();
            options.push_str(&format!(" --state-dir {}", shell_word(&folder)));
        }
        options
    }

    /// The command line that goes on from here.
    pub(super) fn again(&self) -> Again {
        let mut pipeline = format!("sluice up{}", self.options());
        if self.gold.is_some() {
            // It may hold a password.
            pipeline.push_str(" --gold '…'");
        }
        if let Some(port) = self.metrics {
            pipeline.push_str(&format!(" --metrics {port}"));
        }
        let mut feed = String::new();
        if self.no_producer {
            feed.push_str(" --no-producer");
        }
        if let (Some(rate), None) = (self.rate, &self.input) {
            feed.push_str(&format!(" --rate {rate}"));
        }
        Again { pipeline, feed }
    }

    /// The app settings that differ from local.settings.json.
    pub(super) fn settings(&self) -> BTreeMap<String, String> {
        let port = self.metrics.map(|port| port.to_string());
        let settings = port.map(|port| (METRICS_PORT.to_owned(), port));
        settings.into_iter().collect()
    }

    /// Refuses what only a run that ends has.
    ///
    /// # Errors
    /// Fails if the run does not end by itself.
    pub(super) fn check_end(&self, ends: bool) -> Result<(), Usage> {
        let text = match (ends, self.json, self.max_quarantined) {
            (false, true, _) => {
                "--json prints a result, which only --input and --limit have; for a running pipeline use `sluice status --json`"
            }
            (false, false, Some(_)) => {
                "--max-quarantined judges a run at its end, which only --input and --limit have; for a running pipeline use `sluice status --json | jq .silver.quarantined`"
            }
            _ => return Ok(()),
        };
        Err(Usage(text.to_owned()))
    }

    pub(super) fn request(&self) -> Request {
        Request {
            input: self.input.clone(),
            count: self.events,
            rate: self.rate,
            orders: self.orders.clone(),
            // Without a handler nobody takes events.
            nothing: self.no_producer || self.no_handler,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        up: UpArguments,
    }

    fn request(line: &str) -> Request {
        let words = std::iter::once("up").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().up.request()
    }

    #[test]
    fn the_command_line_that_goes_on_names_the_pipeline_and_its_events() {
        let again = |line: &str| {
            let words = std::iter::once("up").chain(line.split_whitespace());
            Line::try_parse_from(words).unwrap().up.again()
        };
        let plain = again("--state-dir .sluice -n 5");
        assert_eq!(
            (plain.pipeline.as_str(), plain.feed.as_str()),
            ("sluice up", "")
        );
        let own = again("-d it's.toml --state-dir /s --gold Password=p --no-producer");
        let expected = r"sluice up --dataset 'it'\''s.toml' --state-dir /s --gold '…'";
        assert_eq!(own.pipeline, expected, "a password is not repeated");
        assert_eq!(own.feed, " --no-producer");
        assert_eq!(again("--rate 5").feed, " --rate 5");
        assert_eq!(again("--metrics").pipeline, "sluice up --metrics 9464");
        assert_eq!(again("--metrics 80").pipeline, "sluice up --metrics 80");
    }

    #[test]
    fn what_judges_an_end_needs_one() {
        let check = |line: &str, ends| {
            let words = std::iter::once("up").chain(line.split_whitespace());
            Line::try_parse_from(words).unwrap().up.check_end(ends)
        };
        for line in ["--json", "--max-quarantined 1%"] {
            let refused = check(line, false).unwrap_err().0;
            assert!(refused.contains("only --input and --limit"), "{refused}");
            check(line, true).unwrap();
        }
        check("", false).unwrap();
    }

    #[test]
    fn flags_say_what_is_fed_in() {
        let plain = request("");
        assert_eq!((&plain.input, plain.count, plain.rate), (&None, None, None));
        assert!(!plain.nothing);
        assert_eq!(plain.orders.shares.duplicates, 0.02);
        let counted = request("--events 9 --rate 3 --seed 7 --late 0.5");
        assert_eq!((counted.count, counted.rate), (Some(9), Some(3)));
        assert_eq!((counted.orders.seed, counted.orders.shares.late), (7, 0.5));
        assert!(request("--no-producer").nothing);
        assert!(request("--no-handler").nothing, "of any dataset");
        let file = request("--input orders.jsonl.gz").input.unwrap();
        assert_eq!(file.to_str(), Some("orders.jsonl.gz"));
    }
}
