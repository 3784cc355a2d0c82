//! The names that gold has in every dataset; pure.

use super::value_type::ValueType;

/// The column that holds the hash of the dimension values.
pub const KEY: &str = "_key";
/// The table that records which version each gold table stands at.
pub const PROGRESS: &str = "sluice_progress";
/// The table that records how fresh each gold table is.
pub const FRESHNESS: &str = "sluice_freshness";
/// The table that records the highest build that ever ran against a dataset's tables.
pub const BUILDS: &str = "sluice_builds";
/// The table that says which tables are made beside the live ones.
pub const NEXT: &str = "sluice_next";
/// The table that names the tables that are no longer wanted.
pub const RETIRED: &str = "sluice_old";
/// The table that records how far each rule has come.
pub const RULES: &str = "sluice_rules";
/// The table of the alerts that were raised.
pub const ALERTS: &str = "sluice_alerts";
/// The table that says who is still to be told of an alert.
pub const OUTBOX: &str = "sluice_outbox";
/// The view that shows what silver counts, and what each gold table has taken in of it.
pub const BALANCE: &str = "sluice_balance";
/// The column of a report view that tells whether its period is complete.
pub const SETTLED: &str = "is_settled";
/// Returns the name of the report view of a gold table.
pub(in crate::warehouse) fn report_of(table: &str) -> String {
    format!("{table}_report")
}

/// The column of a ranking view that numbers its rows from 1.
pub const RANK: &str = "rank";

/// A table of the loader's own. Its columns are never removed and later ones take nulls, so that earlier and later
/// builds run beside each other; columns that a build does not know are passed over.
#[derive(Clone, Copy, Debug)]
pub struct Book {
    /// Its name.
    pub name: &'static str,
    /// What it holds, in one line.
    pub about: &'static str,
    /// Its columns; the key comes first.
    pub columns: &'static [(&'static str, ValueType)],
    /// How many columns the key has.
    pub key: usize,
    /// How many columns refuse nulls. The first build had these, and every build needs them.
    pub required: usize,
    /// Whether it is only there where rules are watched for.
    pub of_rules: bool,
    /// Whether every look reads all of its rows, of which there are few.
    pub is_read: bool,
}

/// All books. Names of gold tables are unique in a database schema, so the name alone is the key of the first three.
pub const BOOKS: [Book; 8] = [
    Book {
        name: PROGRESS,
        about: "How far each gold table has come: the loader's own book.",
        columns: &PROGRESS_COLUMNS,
        key: 1,
        required: 4,
        of_rules: false,
        is_read: true,
    },
    Book {
        name: FRESHNESS,
        about: "How fresh each gold table is.",
        columns: &FRESHNESS_COLUMNS,
        key: 1,
        required: 1,
        of_rules: false,
        is_read: true,
    },
    Book {
        name: NEXT,
        about: "The tables that are being made beside the live ones: the loader's own book.",
        columns: &NEXT_COLUMNS,
        key: 1,
        required: 4,
        of_rules: false,
        is_read: true,
    },
    Book {
        name: BUILDS,
        about: "The latest package that ever ran against each dataset's tables.",
        columns: &[
            ("dataset", ValueType::Text),
            ("stamp", ValueType::Int64),
            ("hash", ValueType::Text),
        ],
        key: 1,
        required: 3,
        of_rules: false,
        is_read: true,
    },
    Book {
        name: RETIRED,
        about: "The tables that were replaced, to be dropped when nobody reads them any more.",
        columns: &[
            ("dataset", ValueType::Text),
            ("physical", ValueType::Text),
            ("since", ValueType::Timestamp),
        ],
        key: 2,
        required: 3,
        of_rules: false,
        is_read: true,
    },
    Book {
        name: RULES,
        about: "How far each alert rule has come: the loader's own book.",
        columns: &RULES_COLUMNS,
        key: 2,
        required: 2,
        of_rules: true,
        is_read: true,
    },
    Book {
        name: ALERTS,
        about: "The alerts that were raised, and since when they are no longer true.",
        columns: &ALERTS_COLUMNS,
        key: 2,
        required: 2,
        of_rules: true,
        is_read: false,
    },
    Book {
        name: OUTBOX,
        about: "Who is told of each alert, and whether that is done.",
        columns: &OUTBOX_COLUMNS,
        key: 3,
        required: 3,
        of_rules: true,
        is_read: false,
    },
];

/// The columns of [`PROGRESS`]. No period before `kept_from` is kept.
const PROGRESS_COLUMNS: [(&str, ValueType); 11] = [
    ("gold_table", ValueType::Text),
    ("generation", ValueType::Int64),
    ("definition", ValueType::Text),
    ("version", ValueType::Int64),
    ("dataset", ValueType::Text),
    ("log", ValueType::Text),
    ("physical", ValueType::Text),
    ("n", ValueType::Int64),
    ("text", ValueType::Text),
    ("rankings", ValueType::Text),
    ("kept_from", ValueType::Timestamp),
];
/// The columns of [`NEXT`]. `version` is null until everything of `base_version` is there; `rows_taken` is of the sum of
/// `files_done` and `version` that is `rows_taken_at`.
const NEXT_COLUMNS: [(&str, ValueType); 18] = [
    ("gold_table", ValueType::Text),
    ("dataset", ValueType::Text),
    ("generation", ValueType::Int64),
    ("definition", ValueType::Text),
    ("physical", ValueType::Text),
    ("log", ValueType::Text),
    ("base_version", ValueType::Int64),
    ("files_done", ValueType::Int64),
    ("version", ValueType::Int64),
    ("stamp", ValueType::Int64),
    ("is_asked", ValueType::Int64),
    ("since", ValueType::Timestamp),
    ("state", ValueType::Text),
    ("reason", ValueType::Text),
    ("noted_stamp", ValueType::Int64),
    ("noted_at", ValueType::Timestamp),
    ("rows_taken", ValueType::Int64),
    ("rows_taken_at", ValueType::Int64),
];
/// The columns of [`FRESHNESS`]. Periods that start before `settled_until` are complete. What silver counts, and how many of
/// its rows the table has taken in, are of `counted_version`.
const FRESHNESS_COLUMNS: [(&str, ValueType); 26] = [
    ("gold_table", ValueType::Text),
    ("watermark", ValueType::Timestamp),
    ("settled_until", ValueType::Timestamp),
    ("version", ValueType::Int64),
    ("last_run", ValueType::Timestamp),
    ("dataset", ValueType::Text),
    ("state", ValueType::Text),
    ("reason", ValueType::Text),
    ("blocked_version", ValueType::Int64),
    ("blocked_definition", ValueType::Text),
    ("blocked_stamp", ValueType::Int64),
    ("blocked_at", ValueType::Timestamp),
    ("generation", ValueType::Int64),
    ("next_generation", ValueType::Int64),
    ("next_done", ValueType::Int64),
    ("pending_objects", ValueType::Int64),
    ("oldest_pending", ValueType::Timestamp),
    ("events", ValueType::Int64),
    ("records", ValueType::Int64),
    ("rows", ValueType::Int64),
    ("duplicates", ValueType::Int64),
    ("filtered", ValueType::Int64),
    ("quarantined", ValueType::Int64),
    ("redriven", ValueType::Int64),
    ("rows_taken", ValueType::Int64),
    ("counted_version", ValueType::Int64),
];
/// The columns of [`BALANCE`].
pub(in crate::warehouse) const BALANCE_COLUMNS: [(&str, ValueType); 15] = [
    ("gold_table", ValueType::Text),
    ("dataset", ValueType::Text),
    ("generation", ValueType::Int64),
    ("version", ValueType::Int64),
    ("events", ValueType::Int64),
    ("records", ValueType::Int64),
    ("rows", ValueType::Int64),
    ("duplicates", ValueType::Int64),
    ("filtered", ValueType::Int64),
    ("quarantined", ValueType::Int64),
    ("redriven", ValueType::Int64),
    ("unaccounted", ValueType::Int64),
    ("rows_taken", ValueType::Int64),
    ("rows_missing", ValueType::Int64),
    ("is_balanced", ValueType::Bool),
];
/// The columns of [`RULES`]. `gold_table` is `rows` for a rule on silver's rows.
const RULES_COLUMNS: [(&str, ValueType); 12] = [
    ("dataset", ValueType::Text),
    ("rule", ValueType::Text),
    ("gold_table", ValueType::Text),
    ("definition", ValueType::Text),
    ("text", ValueType::Text),
    ("log", ValueType::Text),
    ("version", ValueType::Int64),
    ("stamp", ValueType::Int64),
    ("as_of", ValueType::Timestamp),
    ("stale", ValueType::Int64),
    ("failed", ValueType::Int64),
    ("failed_at", ValueType::Timestamp),
];
/// The columns of [`ALERTS`]. `group_key` is the [`KEY`] of the group in hexadecimal digits, `fields` JSON.
const ALERTS_COLUMNS: [(&str, ValueType); 13] = [
    ("dataset", ValueType::Text),
    ("alert_id", ValueType::Text),
    ("rule", ValueType::Text),
    ("gold_table", ValueType::Text),
    ("kind", ValueType::Text),
    ("group_key", ValueType::Text),
    ("period_start", ValueType::Timestamp),
    ("event_time", ValueType::Timestamp),
    ("raised_at", ValueType::Timestamp),
    ("cleared_at", ValueType::Timestamp),
    ("fields", ValueType::Text),
    ("alerts", ValueType::Int64),
    ("version", ValueType::Int64),
];
/// The columns of [`OUTBOX`]. A message is known by its alert, and by `/cleared` behind it where it says that this is over.
const OUTBOX_COLUMNS: [(&str, ValueType); 11] = [
    ("dataset", ValueType::Text),
    ("message", ValueType::Text),
    ("target", ValueType::Text),
    ("alert_id", ValueType::Text),
    ("created_at", ValueType::Timestamp),
    ("attempts", ValueType::Int64),
    ("next_at", ValueType::Timestamp),
    ("claimed_until", ValueType::Timestamp),
    ("delivered_at", ValueType::Timestamp),
    ("failed_at", ValueType::Timestamp),
    ("error", ValueType::Text),
];
