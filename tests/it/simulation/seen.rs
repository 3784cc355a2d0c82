//! What happened in a simulation.

use std::collections::BTreeMap;

use sluice::maintain::Report;
use testkit::faulty::{FAULTS, Script};

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(BTreeMap<String, u64>);

impl Seen {
    pub(super) fn note(&mut self, what: &str, times: u64) {
        *self.0.entry(what.to_owned()).or_default() += times;
    }

    /// Notes what a process has met, when it has ended.
    pub(super) fn note_script(&mut self, script: &Script) {
        self.note("calls", script.count() as u64);
        for fault in script.struck() {
            self.note(&format!("{fault:?}"), 1);
        }
        self.note("late transactions", script.delayed() as u64);
    }

    pub(super) fn note_maintenance(&mut self, report: &Report) {
        let compacted = report.compact.done().map_or(0, |done| done.replaced);
        self.note("files compacted", compacted);
        if let Some(done) = report.vacuum.done() {
            self.note("replaced files removed", done.replaced);
            self.note("unnamed files removed", done.unnamed);
        }
        let refined = report.reconcile.done().map_or(0, |done| done.refined);
        self.note("objects reconciled", refined);
    }

    pub(super) fn add(&mut self, other: Self) {
        for (what, times) in other.0 {
            self.note(&what, times);
        }
    }

    /// Fails unless every kind of fault was met, and everything was done that faults could disturb.
    pub(super) fn assert_everything_happened(&self) {
        let faults = FAULTS.iter().map(|fault| format!("{fault:?}"));
        let others = [
            "late transactions",
            "batches delivered again",
            "processes started anew",
            "files compacted",
            "unnamed files removed",
            "objects reconciled",
            "gold runs that published",
            "rows",
            "duplicates",
            "quarantined",
        ];
        for what in faults.chain(others.map(str::to_owned)) {
            let times = self.0.get(&what).copied().unwrap_or(0);
            assert!(times > 0, "{what} never happened: {self:#?}");
        }
    }
}
