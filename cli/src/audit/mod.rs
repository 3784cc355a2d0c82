//! Proves that nothing was lost, nothing counted twice and nothing added up wrongly.
//!
//! The audit reads what the layers left behind and compares: bronze with itself (no gap, no overlap), bronze with the
//! ledger, the ledger with the commit log, the log with the files of silver, silver with itself (no key twice), and
//! gold with an aggregate of silver that is computed here and shares no code with gold's own. Each check names the
//! first difference that it finds.
//!
//! Where it is asked to, it opens the events of bronze again too, and compares what is in them with the ledger.
//!
//! It may run beside a pipeline at work: everything is compared as of the versions that were read. And it may run
//! however old the pipeline is: what it needs is the ledger, the snapshot and as much of the log as is left.
//!
//! Memory is bounded by the number of objects and files (some hundred bytes each), never by events: silver streams by
//! batches; the keys of a period are held as 128-bit hashes, and those of a period with more rows than
//! [`Options::max_keys`] in several passes, each over the hashes of one residue class; gold tables likewise, each pass
//! over the groups of one residue class, [`Options::max_groups`] or so of them.

mod checks;
mod history;
mod hub_state;
mod independent;
mod report;
mod subject;
#[cfg(test)]
mod tests;

use sluice::silver::RefineError;
use sluice::table::log::{Counts, Version};

use checks::gold::Books;
use checks::object::{self, BronzeObject};
use checks::opened::Reopened;
use checks::{bronze, gold, hub, ledger, silver, totals};
use history::History;
pub use hub_state::{Hub, HubPartition};
pub use report::{Check, Opened, Report, Sums};
pub use subject::{AuditError, Options, Progress, Silent, Subject};

/// The check that fails where nothing else of silver can be compared.
const FITS: &str = "dataset: the file fits silver";

/// Audits everything and returns what was found.
///
/// # Errors
/// Fails if a store does; a difference is not an error but part of the report.
pub async fn audit(
    subject: &Subject,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, AuditError> {
    // Bronze first: whatever silver has committed by the time its ledger is read was in bronze before.
    progress.start("list bronze", 0);
    let objects = object::list(subject).await?;
    let mut checks = vec![bronze::check_ranges(&objects)];
    checks.extend(hub::check(&options.hub, &objects));
    progress.start("read the log", 0);
    // Before the log: what gold shows only of this generation by then is in the ledger that is read afterwards.
    let books = Books::read(subject).await?;
    let history = match History::read(subject).await {
        Ok(history) => history,
        Err(error) if error.is_outdated() => {
            let difference = sluice::error::chain(&error);
            checks.push(Check::new(
                ledger::LOG,
                "nothing".to_owned(),
                Some(difference),
            ));
            return Ok(report(subject, None, Sums::default(), checks));
        }
        Err(error) => return Err(error.into()),
    };

    let reasons = history.misfits();
    // A file that no longer fits says nothing of the records that are there.
    let is_deep = options.is_deep && reasons.is_empty();
    let mut reopened = is_deep.then(|| Reopened::of(&subject.dataset, &history));
    let ledgers = (&history, &books);
    let lines = bronze::check_lines(
        subject,
        options,
        &objects,
        ledgers,
        progress,
        reopened.as_mut(),
    );
    checks.push(lines.await?);
    let opened = reopened.map(|reopened| {
        let (check, opened) = reopened.finish();
        checks.push(check);
        opened
    });
    checks.push(ledger::check_balance(&history));
    checks.extend(ledger::check_redrives(&history));
    checks.push(ledger::check_quarantine(subject, &history, progress).await?);
    checks.push(ledger::check_log(&history));
    checks.push(totals::check(&history));
    let sums = sums(&objects, &history);
    if !reasons.is_empty() {
        let examined = "the columns that the log records".to_owned();
        checks.push(Check::new(FITS, examined, Some(misfit(reasons))));
        // Its columns cannot be looked for in rows that have others.
        return Ok(report(subject, history.version(), sums, checks));
    }
    checks.extend(silver::scan(subject, options, &history, progress).await?);
    checks.extend(gold::check(subject, options, &history, books, progress).await?);
    let report = report(subject, history.version(), sums, checks);
    Ok(Report { opened, ..report })
}

/// Says why the dataset file no longer fits silver, with the way out, as silver itself says it.
pub(crate) fn misfit(reasons: &[String]) -> String {
    RefineError::Incompatible(reasons.to_vec()).to_string()
}

fn report(subject: &Subject, version: Option<Version>, sums: Sums, checks: Vec<Check>) -> Report {
    Report {
        dataset: subject.dataset.name.clone(),
        generation: subject.dataset.generation,
        version: version.map(|version| version.0),
        sums,
        opened: None,
        checks,
    }
}

fn sums(objects: &[BronzeObject], history: &History) -> Sums {
    let mut counts = Counts::default();
    history.ledger().for_each(|entry| counts.add(&entry.counts));
    Sums {
        bronze_objects: objects.len() as u64,
        lines: counts.lines,
        empty: counts.empty,
        opened: counts.opened,
        records: counts.records_once(),
        rows: counts.rows,
        duplicates: counts.duplicates,
        conflicts: counts.conflicts,
        filtered: counts.filtered,
        quarantined: counts.quarantined_still(),
        redriven: counts.redriven,
        nulled: counts.nulled.total(),
    }
}
