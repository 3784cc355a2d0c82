//! The totals as the head and the log keep them. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Counts, Nulled, Totals, Version};
use crate::event::KeptReason;

/// Totals, with the version that they are of. A build that does not know them
/// keeps them as they were when it moves the head on: they are then of an earlier version, and nobody takes them for
/// more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredTotals {
    version: Version,
    sources: u64,
    files: u64,
    events: u64,
    /// Those without a record.
    #[serde(default, skip_serializing_if = "is_zero")]
    empty: u64,
    records: u64,
    rows: u64,
    duplicates: u64,
    #[serde(default)]
    conflicts: u64,
    #[serde(default)]
    late: u64,
    #[serde(default)]
    filtered: u64,
    #[serde(default)]
    quarantined: u64,
    #[serde(default)]
    redriven: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reasons: BTreeMap<KeptReason, u64>,
    #[serde(default, skip_serializing_if = "Nulled::is_empty")]
    nulled: Nulled,
}

impl StoredTotals {
    pub(super) fn of(totals: &Totals, version: Version) -> Self {
        let counts = &totals.counts;
        Self {
            version,
            sources: totals.sources,
            files: totals.files,
            events: counts.lines,
            empty: counts.empty,
            records: counts.records_once(),
            rows: counts.rows,
            duplicates: counts.duplicates,
            conflicts: counts.conflicts,
            late: counts.late,
            filtered: counts.filtered,
            quarantined: counts.quarantined_total(),
            redriven: counts.redriven,
            reasons: counts.quarantined.clone(),
            nulled: counts.nulled.clone(),
        }
    }

    /// Returns the totals, if they are those of `version`.
    pub(super) fn at(self, version: Version) -> Option<Totals> {
        (self.version == version).then_some(Totals {
            counts: Counts {
                lines: self.events,
                empty: self.empty,
                opened: self.events.saturating_sub(self.empty),
                records: self.records + self.redriven,
                redriven: self.redriven,
                rows: self.rows,
                duplicates: self.duplicates,
                conflicts: self.conflicts,
                late: self.late,
                filtered: self.filtered,
                quarantined: self.reasons,
                nulled: self.nulled,
            },
            sources: self.sources,
            files: self.files,
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
