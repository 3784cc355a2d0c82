//! The log lines that others read: the command, the alerts and the workbook.
//!
//! Their messages, fields and values are an interface. A test holds what the handler writes to this list, and another
//! one the queries of the deployment.

/// Bronze stored the events of an invocation.
pub const INGESTED: &str = "ingested";
/// Silver has a source in its ledger.
pub const REFINED: &str = "refined";
/// Silver put rejected lines of a source into quarantine: a line for each reason.
pub const QUARANTINED: &str = "quarantined";
/// Values of a source became null in silver: a line for each column and reason.
pub const NULLED: &str = "nulled";
/// A run of gold ended.
pub const PUBLISHED: &str = "published";
/// A run of maintenance ended.
pub const MAINTAINED: &str = "maintained";
/// An invocation failed; its trigger tries again. `lasting` says that this changes nothing.
pub const FAILED: &str = "invocation failed";

/// The handler serves.
pub const STARTED: &str = "started";
/// The clock of the handler is off because somebody asked for that: in a development build only.
pub const CLOCK_TURNED: &str = "clock turned";
/// Where a gold table stands after a run: a line for each table, for people who debug and for metrics.
pub const STANDING: &str = "stands";

/// What the log lines of gold's runs have as the id of the invocation where it follows silver by itself.
pub const EAGER: &str = "eager";

/// What every summary of an invocation says besides its own.
pub const INVOCATION: [&str; 3] = ["function", "invocation_id", "elapsed_ms"];

/// A log line that others read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its message.
    pub message: &'static str,
    /// Its own fields, beside [`INVOCATION`]. One without a value is left out of the line.
    pub fields: &'static [&'static str],
}

/// All of these lines.
pub const LINES: [Line; 7] = [
    Line {
        message: INGESTED,
        fields: &[
            "partition_id",
            "first_sequence",
            "last_sequence",
            "events",
            "stored",
            "objects",
            "bytes",
            // How long before the end of the invocation its newest event came to the hub.
            "newest_age_ms",
            "storage_calls",
        ],
    },
    Line {
        message: REFINED,
        fields: &[
            "source",
            "generation",
            "lines",
            "empty",
            "opened",
            "records",
            "rows",
            "duplicates",
            "conflicts",
            "late",
            "filtered",
            "quarantined",
            "nulled",
            "version",
            "group",
            "replay",
            "storage_calls",
        ],
    },
    Line {
        message: QUARANTINED,
        fields: &["source", "reason", "count"],
    },
    Line {
        message: NULLED,
        fields: &["source", "column", "reason", "count"],
    },
    Line {
        message: PUBLISHED,
        fields: &[
            "ended",
            "generation",
            "version",
            "commits",
            "files",
            "rows",
            "groups",
            "transactions",
            "rebuilt",
            // What tables wait for that are being made, if any are.
            "waiting",
            // Which later package has run, where one has and this one changes nothing.
            "replaced",
            "alerts_delivered",
            "alerts_refused",
            "storage_calls",
            // Round trips to a database server since the start; a file has none.
            "sql_calls",
        ],
    },
    Line {
        message: MAINTAINED,
        fields: &[
            "reconciled",
            "unreconciled",
            "poison_removed",
            "compacted_files",
            "compactions_left",
            "delta_written",
            "delta_lag",
            "snapshot",
            "checkpoint",
            "vacuumed_files",
            "vacuumed_log_entries",
            "vacuum_left",
        ],
    },
    Line {
        message: FAILED,
        fields: &["error", "lasting"],
    },
];
