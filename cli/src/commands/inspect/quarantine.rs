//! `sluice quarantine`: what was rejected, and why.

use std::error::Error;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use sluice::clock::{Clock, SystemClock};
use sluice::event::{RejectReason, UnixMillis};
use sluice::value::period::MILLIS_PER_HOUR;
use sluice::warehouse::schema::ValueType;

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
/// under the value. Without --from they are those of the day before the newest event. What a mask hides stays hidden. Only
/// what the ledger names for that time is read, 2,000 objects at most, the newest first.
///
/// To take rejected records after all, mend the dataset file, try it (`sluice dataset try`) and raise its generation: silver
/// and gold are then made anew from bronze, which has every event as it came, and the tables are shown as they are until
/// then. A mended file without that holds for what comes from then on.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice quarantine                              how many of the last day, by reason and column
  sluice quarantine show -n 3                    the newest three, with a pointer under the value
  sluice quarantine show --reason invalid_value --column amount
  sluice quarantine --from 7d                    how many of a week
  sluice quarantine show --all --format json     all that were ever rejected, an object a line")]
pub(crate) struct QuarantineArguments {
    /// What is printed
    #[arg(value_enum, default_value = "list")]
    what: What,
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
    /// Print at most N records (`show`: without it 10 for people, all for programs) or N kinds (`list`: all); 0 is all
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
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(RejectReason::ALL.map(RejectReason::as_str))
}

/// Prints.
pub(crate) async fn run(
    arguments: QuarantineArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
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
            What::Show => self.most(),
        };
        let take = |rejected: Rejected| {
            if !self.wants(&rejected) {
                return true;
            }
            match self.what {
                What::List => tally.add(rejected),
                What::Show => records.push(rejected),
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
            (What::Show, Format::Json) => {
                let lines = looked.records.iter();
                let lines: Vec<String> = lines
                    .filter_map(|r| serde_json::to_string(r).ok())
                    .collect();
                if !lines.is_empty() {
                    print(&lines.join("\n"));
                }
            }
            (What::Show, Format::Csv) => table(&looked.records).show(Format::Csv),
            (What::Show, Format::Table) => {
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
to take them after all: mend the dataset file and raise its generation, which makes silver and gold anew from bronze");
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
mod tests {
    use clap::Parser;

    use super::*;
    use crate::target::in_memory::Pipeline;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        quarantine: QuarantineArguments,
    }

    fn arguments(line: &str) -> QuarantineArguments {
        let words = std::iter::once("quarantine").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().quarantine
    }

    /// An order, one that is none, and some without what they must have.
    async fn pipeline() -> Pipeline {
        let pipeline = Pipeline::new();
        pipeline.ingest(0, &[1, 0, 0]).await;
        pipeline.refine().await;
        pipeline
    }

    async fn looked(line: &str) -> Looked {
        let pipeline = pipeline().await;
        let arguments = arguments(line);
        let looked = arguments.look(&pipeline.stores, SystemClock.now());
        looked.await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn the_day_before_the_newest_event_is_looked_at() {
        let found = looked("").await;
        assert_eq!((found.tally.records(), found.ever), (2, Some(2)));
        let title = title("orders", 2, &found);
        let expected = "orders: 2 rejected records since 2025-11-13T11:44:34.002Z, of 2 ever";
        assert_eq!(title, expected);
        assert_eq!(looked("--from 1h").await.tally.records(), 0);
        assert_eq!(looked("--from 2025-11-14").await.tally.records(), 2);
        assert_eq!(looked("--to 2025-11-14").await.tally.records(), 0);
        assert_eq!(looked("--all").await.tally.records(), 2);
    }

    #[tokio::test]
    async fn records_are_chosen_by_reason_and_column_and_shown_newest_first() {
        let found = looked("show --reason not_an_object -n 1").await;
        let numbers = found.records.iter().map(|record| record.sequence_number);
        assert_eq!(numbers.collect::<Vec<_>>(), [Some(2)]);
        assert!(found.records[0].text(None).contains("\n    broken\n    ^"));
        assert!(looked("show --reason overflow").await.records.is_empty());
        assert!(looked("show --column amount").await.records.is_empty());
        assert!(Line::try_parse_from(["quarantine", "--reason", "no_such"]).is_err());
    }

    #[tokio::test]
    async fn lines_and_records_are_counted_from_one_however_they_are_printed() {
        let found = looked("show -n 1").await;
        let record = &found.records[0];
        assert!(record.text(None).contains(" line 3, "), "{record:?}");
        let json = serde_json::to_value(record).unwrap();
        assert_eq!(
            (&json["line_number"], &json["record_number"]),
            (&3.into(), &1.into())
        );
        let rows: Vec<String> = table(&found.records)
            .json_rows()
            .map(|row| serde_json::to_string(&row).unwrap())
            .collect();
        assert!(
            rows[0].contains(r#""line_number":3,"record_number":1,"#),
            "{rows:?}"
        );
    }

    #[tokio::test]
    async fn before_the_first_commit_there_is_nothing() {
        let pipeline = Pipeline::new();
        let arguments = arguments("");
        let looked = arguments.look(&pipeline.stores, SystemClock.now());
        assert!(looked.await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_list_has_a_row_for_each_kind() {
        let found = looked("").await;
        let table = list("t", &found.tally, 0);
        let rows: Vec<String> = table
            .json_rows()
            .map(|row| serde_json::to_string(&row).unwrap())
            .collect();
        assert_eq!(rows.len(), 1);
        assert!(
            rows[0].starts_with(r#"{"reason":"not_an_object","column":null,"records":2,"#),
            "{rows:?}"
        );
    }
}
