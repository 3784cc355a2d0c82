//! `sluice quarantine`: what was rejected, and why.

mod arguments;
mod export;

use std::error::Error;

use sluice::clock::{Clock, SystemClock};
use sluice::event::UnixMillis;
use sluice::warehouse::schema::ValueType;

use crate::output::{
    Column, Format, Table, count, print, print_prose, say, terminal_width, thousands,
};
use crate::quarantine::{Found, Quarantine, Rejected, Span, Tally};
use crate::target::{AppSettings, Stores};
pub(crate) use arguments::QuarantineArguments;
use arguments::What;
pub(in crate::commands) use arguments::reasons;
use export::export;

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
