//! Differences that no log records: they hold for records that are refined from then on, and ask nothing of those that are
//! there.

use sluice::dataset::Dataset;

/// Names them.
pub(super) fn later(old: &Dataset, new: &Dataset) -> Vec<String> {
    let mut texts = Vec::new();
    for (what, is_same) in [
        ("max_clock_skew", old.max_clock_skew == new.max_clock_skew),
        (
            "allowed_lateness",
            old.allowed_lateness == new.allowed_lateness,
        ),
        ("idle_timeout", old.idle_timeout == new.idle_timeout),
        ("quiet_after", old.quiet_after == new.quiet_after),
        ("latency", old.latency == new.latency),
        ("dedup.conflicts", old.conflicts == new.conflicts),
    ] {
        if !is_same {
            texts.push(format!("{what} changed"));
        }
    }
    texts
}
