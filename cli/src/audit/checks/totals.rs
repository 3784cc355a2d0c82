//! The totals that the head carries: what the whole ledger adds up to, and every commit that is left carries them on.

use sluice::table::log::{Counts, Nulled, Totals};

use crate::audit::history::History;
use crate::audit::report::Check;
use crate::output::{count, thousands};

const NAME: &str = "head: totals = ledger";

/// Checks that the head's totals are the sum of the ledger and the number of live files, and that those of each commit
/// that is left follow from those of the one before.
pub(crate) fn check(history: &History) -> Check {
    let Some(head) = history.totals() else {
        let reason = match history.version() {
            Some(_) => "an earlier build wrote the head; the next `maintain` counts",
            None => "nothing",
        };
        return Check::skipped(NAME, reason.to_owned());
    };
    let examined = format!(
        "{} of {}",
        count(head.counts.lines, "event"),
        count(head.sources, "source")
    );
    let difference = ledger_difference(history, head).or_else(|| log_difference(history, head));
    Check::new(NAME, examined, difference)
}

fn ledger_difference(history: &History, head: &Totals) -> Option<String> {
    let mut ledger = Totals {
        files: history.live().iter().count() as u64,
        ..Totals::default()
    };
    for entry in history.ledger() {
        ledger.sources += 1;
        ledger.counts.add(&entry.counts);
    }
    (!agree(head, &ledger)).then(|| {
        format!(
            "the head counts {}; the ledger and the live files come to {}",
            words(head),
            words(&ledger)
        )
    })
}

fn log_difference(history: &History, head: &Totals) -> Option<String> {
    let mut before: Option<&Totals> = None;
    for commit in history.commits() {
        if let (Some(before), Some(after)) = (before, &commit.totals) {
            let expected = before.after(commit);
            // An earlier build carries on what it knows of: the head's totals are then counted anew.
            let is_known = expected.counts.redriven == after.counts.redriven;
            if is_known && !agree(&expected, after) {
                return Some(format!(
                    "version {} counts {} in all; it and the version before come to {}",
                    commit.version,
                    words(after),
                    words(&expected)
                ));
            }
        }
        before = commit.totals.as_ref();
    }
    // Nothing where maintenance has counted for a commit of an earlier build.
    let last = before.filter(|last| last.counts.redriven == head.counts.redriven);
    let last = last.filter(|last| !agree(last, head))?;
    Some(format!(
        "the head counts {}; the last version {}",
        words(head),
        words(last)
    ))
}

/// Compares everything but the columns of values that became null: as many are named as there is room for.
fn agree(left: &Totals, right: &Totals) -> bool {
    let without_columns = |totals: &Totals| Totals {
        counts: Counts {
            nulled: Nulled::default(),
            ..totals.counts.clone()
        },
        ..*totals
    };
    without_columns(left) == without_columns(right)
        && left.counts.nulled.total() == right.counts.nulled.total()
}

fn words(totals: &Totals) -> String {
    let counts = &totals.counts;
    format!(
        "{} ({} empty, {}) in {}: {}, {}, {} in conflict, {} late, {} filtered, {} quarantined, {} nulled; {}",
        count(counts.lines, "event"),
        thousands(counts.empty),
        count(counts.records_once(), "record"),
        count(totals.sources, "source"),
        count(counts.rows, "row"),
        count(counts.duplicates, "duplicate"),
        thousands(counts.conflicts),
        thousands(counts.late),
        thousands(counts.filtered),
        thousands(counts.quarantined_total()),
        thousands(counts.nulled.total()),
        count(totals.files, "live file")
    )
}
