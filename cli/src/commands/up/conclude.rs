//! How a run ends that comes to an end: the tables, the balance, the audit.

use std::error::Error;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice::clock::{Clock, SystemClock};
use sluice::table::log::Counts;

use super::allowed::MaxQuarantined;
use crate::audit::{Options, Report};
use crate::commands::audit as verdict;
use crate::output::gold::ShownTable;
use crate::output::{
    Balance, Line, Tone, by_reason, count, print, print_lines, print_prose_lines, say,
    terminal_width,
};
use crate::pipeline::{Found, Snapshot, Watch};
use crate::quarantine::Tally;
use crate::status::NullColumn;

/// How many rows of a gold table are printed.
const ROWS: usize = 10;

/// How much older than it is an object of storage may seem: its time is in whole seconds.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// How many reasons for which records were rejected are printed, each with a record.
const REASONS: usize = 5;

/// How things stand when everything has arrived.
pub(super) struct Arrived {
    pub(super) watch: Watch,
    /// The look that found everything there.
    pub(super) snapshot: Snapshot,
    /// How long that took.
    pub(super) seconds: f64,
    /// When that look began. What others have sent since is not judged.
    pub(super) looked: Instant,
}

/// A run of which everything has arrived.
pub(super) struct Concluding {
    pub(super) arrived: Arrived,
    /// What was there before it.
    pub(super) found: Found,
    /// How many events it sent.
    pub(super) sent: u64,
    /// How many of its records may have been rejected.
    pub(super) max_quarantined: Option<MaxQuarantined>,
}

impl Concluding {
    /// Prints the gold tables, the balance and the audit; returns whether everything adds up.
    ///
    /// # Errors
    /// Fails if a store does, if no event became a row, and if more records were rejected than may be.
    pub(super) async fn conclude(self, json: bool) -> Result<bool, Box<dyn Error + Send + Sync>> {
        let Arrived {
            watch,
            snapshot,
            seconds,
            looked,
        } = &self.arrived;
        let subject = watch.subject();
        let before = &self.found.counts;
        let is_any = snapshot.counts.quarantined_total() > before.quarantined_total();
        let (reasons, read) = match is_any {
            true => watch.rejected_since(&self.found).await?,
            false => Default::default(),
        };
        let over = self.over();
        let conclusion = Conclusion {
            dataset: &subject.dataset.name,
            seconds: *seconds,
            snapshot,
            tables: watch.gold_tables(ROWS).await?,
            reasons,
            are_all_rejected: self.sent > 0 && are_all_rejected(before, &snapshot.counts),
            is_over: over.is_some(),
        };
        if !json {
            // Before the audit, which takes its time.
            print_lines(&conclusion.lines(terminal_width()));
            print_prose_lines([conclusion.balance()], None);
        }
        if let Some(shortfall) = read.shortfall() {
            say(&shortfall);
        }
        let options = Options {
            grace: looked.elapsed() + CLOCK_STEP,
            // What came is little enough to be opened twice.
            is_deep: true,
            ..Options::at(SystemClock.now())
        };
        let report = verdict::examine(&subject, &options).await?;
        let nulls = verdict::null_columns(&subject).await?;
        match json {
            true => print(&format!("{:#}", conclusion.json(&report, &nulls)?)),
            false => {
                print("");
                verdict::show(&report, &nulls);
            }
        }
        if conclusion.are_all_rejected {
            return Err(all_rejected(self.sent, &snapshot.counts).into());
        }
        match over {
            Some(over) => Err(over.into()),
            None => Ok(conclusion.adds_up(&report)),
        }
    }

    /// Says that more records of the run were rejected than may be, if so.
    fn over(&self) -> Option<String> {
        let (before, now) = (&self.found.counts, &self.arrived.snapshot.counts);
        let since = |count: fn(&Counts) -> u64| count(now).saturating_sub(count(before));
        let quarantined = since(Counts::quarantined_total);
        self.max_quarantined?
            .exceeded(quarantined, since(|counts| counts.records))
    }
}

/// Returns whether records came, and all of them were rejected.
fn are_all_rejected(before: &Counts, now: &Counts) -> bool {
    let kept = |counts: &Counts| (counts.rows, counts.duplicates, counts.filtered);
    now.records > before.records && kept(now) == kept(before)
}

/// Says of a run that sent so many events that all of them were rejected.
fn all_rejected(sent: u64, counts: &Counts) -> String {
    let none = match sent {
        1 => "the event did not become a row".to_owned(),
        sent => format!("none of the {} became a row", count(sent, "event")),
    };
    let reasons = by_reason(&counts.quarantined).join(", ");
    format!(
        "{none}: quarantined are {reasons}; does the dataset file describe these events? `sluice dataset infer` proposes one that does"
    )
}

/// What a run came to.
struct Conclusion<'a> {
    dataset: &'a str,
    seconds: f64,
    snapshot: &'a Snapshot,
    tables: Vec<ShownTable>,
    /// Why records of this run were rejected.
    reasons: Tally,
    are_all_rejected: bool,
    /// Whether more were rejected than may be.
    is_over: bool,
}

impl Conclusion<'_> {
    /// Returns whether every event of the hub is accounted for and the audit found no difference.
    fn adds_up(&self, report: &Report) -> bool {
        self.snapshot.is_conserved() && report.adds_up()
    }

    /// The result for programs.
    fn json(&self, report: &Report, nulls: &[NullColumn]) -> Result<Value, serde_json::Error> {
        let counts = &self.snapshot.counts;
        let tables = self.tables.iter().map(table_json);
        let tables: Vec<Value> = tables.collect::<Result<_, _>>()?;
        Ok(json!({
            "dataset": self.dataset,
            "seconds": self.seconds,
            "events": self.snapshot.judged(),
            "empty": counts.empty,
            "records": counts.records,
            "rows": counts.rows,
            "duplicates": counts.duplicates,
            "conflicts": counts.conflicts,
            "late": counts.late,
            "filtered": counts.filtered,
            "quarantined": counts.quarantined,
            "nulled": counts.nulled,
            "version": self.snapshot.version.0,
            "gold": tables,
            "audit": verdict::json(report, nulls),
            "adds_up": self.adds_up(report),
            "rejected": reasons_json(&self.reasons),
            "all_rejected": self.are_all_rejected,
            "over_max_quarantined": self.is_over,
        }))
    }

    /// The tables, and why records were rejected, for people.
    fn lines(&self, width: Option<usize>) -> Vec<Line> {
        let mut lines = Vec::new();
        for table in &self.tables {
            lines.push(Line::default());
            lines.extend(table.table().lines(width));
        }
        lines.push(Line::default());
        lines.extend(reasons_lines(&self.reasons, width));
        lines
    }

    /// What became of all events.
    fn balance(&self) -> Line {
        let events = count(self.snapshot.judged(), "event");
        let counts = &self.snapshot.counts;
        let doubt = match self.snapshot.is_conserved() {
            true => "",
            false => "  DOES NOT ADD UP",
        };
        Line::of(Tone::Strong, &Balance::from(counts).text(&events)).and(Tone::Bad, doubt)
    }
}

/// Writes the most frequent reasons for which records were rejected, each with the newest of them.
fn reasons_lines(tally: &Tally, width: Option<usize>) -> Vec<Line> {
    let kinds = tally.kinds();
    let mut lines = Vec::new();
    for kind in kinds.iter().take(REASONS) {
        let example = &kind.example;
        let column = example.column.as_ref();
        let column = column.map_or(String::new(), |column| format!(", column {column}"));
        let records = count(kind.records, "record");
        let heading = format!("{records} rejected: {}{column}", example.reason);
        lines.push(Line::of(Tone::Strong, &heading));
        lines.extend(example.text(width).lines().map(Line::plain));
        lines.push(Line::default());
    }
    if let others @ 1.. = kinds.len().saturating_sub(REASONS) {
        let others = count(others as u64, "other reason");
        lines.push(Line::plain(&format!("and for {others}")));
        lines.push(Line::default());
    }
    lines
}

fn reasons_json(tally: &Tally) -> Vec<Value> {
    let kinds = tally.kinds().into_iter();
    let kinds = kinds.map(|kind| {
        json!({
            "reason": kind.example.reason,
            "column": kind.example.column,
            "records": kind.records,
            "example": kind.example,
        })
    });
    kinds.collect()
}

fn table_json(shown: &ShownTable) -> Result<Value, serde_json::Error> {
    let rows = shown.table();
    let rows = rows.json_rows().map(serde_json::to_value);
    let rows: Vec<Value> = rows.collect::<Result<_, _>>()?;
    Ok(json!({ "name": shown.name, "rows": shown.total, "first": rows }))
}

#[cfg(test)]
mod tests;
