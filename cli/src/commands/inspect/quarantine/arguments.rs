//! What `sluice quarantine` is asked for: which records, and what is done with them.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use sluice::event::{RejectReason, UnixMillis};
use sluice::value::period::MILLIS_PER_HOUR;

use crate::commands::inspect::moment::Moment;
use crate::number;
use crate::output::FormatArguments;
use crate::quarantine::{Rejected, Span};
use crate::target::SettingsArguments;

/// A day: the span that is looked at if none is given.
const DAY: i64 = 24 * MILLIS_PER_HOUR;
/// How many records people are shown.
const SHOWN: usize = 10;

/// Show which records were rejected, and why
///
/// `list` counts them by reason and column, with an example of each; `show` prints them, the newest first, with a pointer
/// under the value; `export` writes them to a file, or the events that they are of. Without --from they are those of the day
/// before the newest event. What a mask hides stays hidden. Only what the ledger names for that time is read, by `list` and
/// `show` 2,000 objects at most, the newest first.
///
/// To take rejected records after all, mend the dataset file, try it (`sluice dataset try`), deploy it, and take them up with
/// `sluice redrive`. A mended file without that holds for what comes from then on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice quarantine                              how many of the last day, by reason and column
  sluice quarantine show -n 3                    the newest three, with a pointer under the value
  sluice quarantine show --reason invalid_value --column amount
  sluice quarantine --from 7d                    how many of a week
  sluice quarantine show --all --format json     all that were ever rejected, an object a line
  sluice quarantine export bad.jsonl --as events --from 7d    the events of a week, for `sluice dataset try`")]
pub(crate) struct QuarantineArguments {
    /// What is printed
    #[arg(value_enum, default_value = "list")]
    pub(super) what: What,
    /// The file that `export` writes; it must not be there yet
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// What `export` writes
    #[arg(
        long = "as",
        value_enum,
        value_name = "KIND",
        default_value = "records",
        requires = "file"
    )]
    pub(super) kind: Kind,
    /// Let `export --as events` write what masks hide elsewhere
    #[arg(long, requires = "file")]
    pub(super) unmasked: bool,
    /// Only records that were rejected for this reason
    #[arg(long, value_name = "REASON", value_parser = reasons())]
    pub(super) reason: Option<String>,
    /// Only records that were rejected for this column
    #[arg(long, value_name = "COLUMN")]
    pub(super) column: Option<String>,
    /// Only records that came at this time or later: a time, a day, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) from: Option<Moment>,
    /// Only records that came before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    pub(super) to: Option<Moment>,
    /// All records that were ever rejected: reads the whole ledger
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub(super) all: bool,
    /// Print at most N records (`show`: without it 10 for people, all for programs; `export`: all) or N kinds (`list`: all); 0 is all
    #[arg(short = 'n', long, value_name = "N", value_parser = number::from::<usize>(0))]
    pub(super) limit: Option<usize>,
    #[command(flatten)]
    pub(super) format: FormatArguments,
    #[command(flatten)]
    pub(super) settings: SettingsArguments,
}

/// What is printed of quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// How many records were rejected for which reason
    List,
    /// The records, the newest first
    Show,
    /// Write the records, or their events, to a file
    Export,
}

/// What a record can be rejected for.
pub(in crate::commands) fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(RejectReason::ALL.map(RejectReason::as_str))
}

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// What quarantine keeps of each record, the newest first, as `show --format json` prints it
    #[default]
    Records,
    /// The events that they are of, each once, as bronze has them
    Events,
}

impl QuarantineArguments {
    /// Holds a file to be named where one is written, and nowhere else.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match (self.what, &self.file) {
            (What::Export, None) => {
                Err("export needs the file that it is to write: `sluice quarantine export FILE`")
            }
            (What::List | What::Show, Some(_)) => {
                Err("only export writes a file: `sluice quarantine export FILE`")
            }
            _ => Ok(()),
        }
    }

    /// The span of time; `newest` is when the newest event came that silver has.
    pub(super) fn span(&self, now: UnixMillis, newest: Option<UnixMillis>) -> Span {
        if self.all {
            return Span::Everything;
        }
        let base = newest.unwrap_or(now).min(now);
        Span::Enqueued {
            from: self
                .from
                .map_or(UnixMillis(base.0 - DAY), |from| from.at(now)),
            // A clock here may be behind that of the hub.
            until: self
                .to
                .map_or(UnixMillis(now.0 + DAY), |until| until.at(now)),
        }
    }

    pub(super) fn wants(&self, rejected: &Rejected) -> bool {
        let is_of = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        is_of(&self.reason, Some(&rejected.reason))
            && is_of(&self.column, rejected.column.as_deref())
    }

    pub(super) fn most(&self) -> usize {
        self.format.most(self.limit, SHOWN)
    }
}
