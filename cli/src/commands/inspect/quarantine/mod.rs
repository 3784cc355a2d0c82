//! `sluice quarantine`: what was rejected, and why.

mod export;

use std::error::Error;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use sluice::clock::{Clock, SystemClock};
use sluice::event::{RejectReason, UnixMillis};
use sluice::value::period::MILLIS_PER_HOUR;
use sluice::warehouse::schema::ValueType;

use self::export::{Kind, export};
use super::moment::Moment;
use crate::number;
use crate::output::{
    Column, Format, FormatArguments, Table, count, print, print_prose, say, terminal_width,
    thousands,
};
use crate::quarantine::{Found, Quarantine, Rejected, Span, Tally};
use crate::target::{AppSettings, SettingsArguments, Stores};

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
    what: What,
    /// The file that `export` writes; it must not be there yet
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// What `export` writes
    #[arg(
        long = "as",
        value_enum,
        value_name = "KIND",
        default_value = "records",
        requires = "file"
    )]
    kind: Kind,
    /// Let `export --as events` write what masks hide elsewhere
    #[arg(long, requires = "file")]
    unmasked: bool,
    /// Only records that were rejected for this reason
    #[arg(long, value_name = "REASON", value_parser = reasons())]
    reason: Option<String>,
    /// Only records that were rejected for this column
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// Only records that came at this time or later: a time, a day, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    from: Option<Moment>,
    /// Only records that came before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    to: Option<Moment>,
    /// All records that were ever rejected: reads the whole ledger
    #[arg(long, conflicts_with_all = ["from", "to"])]
    all: bool,
    /// Print at most N records (`show`: without it 10 for people, all for programs; `export`: all) or N kinds (`list`: all); 0 is all
    #[arg(short = 'n', long, value_name = "N", value_parser = number::from::<usize>(0))]
    limit: Option<usize>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// What is printed of quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
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

/// Prints.
pub(crate) async fn run(
    arguments: QuarantineArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    arguments.check()?;
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    if arguments.what == What::Export {
        let exported = export(&arguments, &stores, SystemClock.now()).await?;
        match arguments.format.is_for_people() {
            true => say(&exported.text()),
            false => print(&serde_json::to_string(&exported)?),
        }
        return Ok(exported.gone.is_empty());
    }
    let looked = arguments.look(&stores, SystemClock.now()).await?;
    let Some(looked) = looked else {
        if arguments.format.is_for_people() {
            print("silver has no log yet");
        }
        return Ok(true);
    };
    arguments.print(&stores.dataset.name, &looked);
    Ok(true)
}

/// What was found.
struct Looked {
    tally: Tally,
    records: Vec<Rejected>,
    span: Span,
    found: Found,
    /// How many were ever rejected, where that is known.
    ever: Option<u64>,
}

impl QuarantineArguments {
    /// Holds a file to be named where one is written, and nowhere else.
    fn check(&self) -> Result<(), &'static str> {
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

    async fn look(
        &self,
        stores: &Stores,
        now: UnixMillis,
    ) -> Result<Option<Looked>, Box<dyn Error + Send + Sync>> {
        let Some(head) = stores.log.head().await? else {
            return Ok(None);
        };
        let span = self.span(now, head.clock);
        let quarantine = Quarantine::new(&stores.dataset.name, &stores.log, &stores.lake);
        let (mut tally, mut records) = (Tally::default(), Vec::new());
        let most = match self.what {
            What::List => usize::MAX,
            What::Show | What::Export => self.most(),
        };
        let take = |rejected: Rejected| {
            if !self.wants(&rejected) {
                return true;
            }
            match self.what {
                What::List => tally.add(rejected),
                What::Show | What::Export => records.push(rejected),
            }
            records.len() < most
        };
        let found = quarantine.visit(&head, span, None, take).await?;
        Ok(Some(Looked {
            tally,
            records,
            span,
            found,
            ever: head.totals.map(|totals| totals.counts.quarantined_total()),
        }))
    }

    /// The span of time; `newest` is when the newest event came that silver has.
    fn span(&self, now: UnixMillis, newest: Option<UnixMillis>) -> Span {
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

    fn wants(&self, rejected: &Rejected) -> bool {
        let is_of = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        is_of(&self.reason, Some(&rejected.reason))
            && is_of(&self.column, rejected.column.as_deref())
    }

    fn most(&self) -> usize {
        self.format.most(self.limit, SHOWN)
    }

    fn print(&self, dataset: &str, looked: &Looked) {
        match (self.what, self.format.format()) {
            (What::List, format) => {
                let title = title(dataset, looked.tally.records(), looked);
                list(&title, &looked.tally, self.limit.unwrap_or(0)).show(format);
            }
            (What::Show | What::Export, Format::Json) => {
                let lines = looked.records.iter();
                let lines: Vec<String> = lines
                    .filter_map(|r| serde_json::to_string(r).ok())
                    .collect();
                if !lines.is_empty() {
                    print(&lines.join("\n"));
                }
            }
            (What::Show | What::Export, Format::Csv) => table(&looked.records).show(Format::Csv),
            (What::Show | What::Export, Format::Table) => {
                let shown = looked.records.len() as u64;
                print_prose(&title(dataset, shown, looked));
                let width = terminal_width();
                let texts = looked.records.iter().map(|rejected| rejected.text(width));
                texts.for_each(|text| print(&text));
            }
        }
        if let Some(shortfall) = looked.found.shortfall() {
            say(&shortfall);
        }
        if self.format.is_for_people() && self.what == What::List && looked.tally.records() > 0 {
            say("next: sluice quarantine show -n 3
to take them after all: mend the dataset file and deploy it, then `sluice redrive --dry-run` tells what becomes of them");
        }
    }
}

fn title(dataset: &str, records: u64, looked: &Looked) -> String {
    let records = count(records, "rejected record");
    let since = match looked.span {
        Span::Everything => return format!("{dataset}: {records}"),
        Span::Enqueued { from, .. } => from,
    };
    let ever = looked.ever.map_or(String::new(), |ever| {
        format!(", of {} ever", thousands(ever))
    });
    format!("{dataset}: {records} since {since}{ever}")
}

/// Returns how many there are of each kind, at most `most` of these; 0 is all.
fn list(title: &str, tally: &Tally, most: usize) -> Table {
    let columns = [
        Column::new("reason", ValueType::Text),
        Column::new("column", ValueType::Text),
        Column::new("records", ValueType::Int64),
        Column::new("newest", ValueType::Timestamp),
        Column::new("example", ValueType::Text),
    ];
    let most = if most == 0 { usize::MAX } else { most };
    let rows = tally.kinds().into_iter().take(most).map(|kind| {
        let example = &kind.example;
        vec![
            Some(example.reason.clone()),
            example.column.clone(),
            Some(kind.records.to_string()),
            Some(example.enqueued_time.clone()),
            Some(example.detail.clone()),
        ]
    });
    Table::new(title, columns.into(), rows.collect())
}

/// Returns the records with what is kept of each.
fn table(records: &[Rejected]) -> Table {
    let columns = [
        ("enqueued_time", ValueType::Timestamp),
        ("source", ValueType::Text),
        ("line_number", ValueType::Int64),
        ("record_number", ValueType::Int64),
        ("sequence_number", ValueType::Int64),
        ("reason", ValueType::Text),
        ("column", ValueType::Text),
        ("position", ValueType::Int64),
        ("detail", ValueType::Text),
        ("body", ValueType::Text),
    ];
    let columns = columns.map(|(name, kind)| Column::new(name, kind));
    let rows = records.iter().map(|record| {
        vec![
            Some(record.enqueued_time.clone()),
            Some(record.source.clone()),
            Some(record.line_number().to_string()),
            Some(record.record_number().to_string()),
            record.sequence_number.map(|number| number.to_string()),
            Some(record.reason.clone()),
            record.column.clone(),
            Some(record.position.to_string()),
            Some(record.detail.clone()),
            record.body.clone().or_else(|| record.body_base64.clone()),
        ]
    });
    Table::new("", columns.into(), rows.collect())
}

#[cfg(test)]
mod tests;
