//! The names that gold has in every dataset; pure.

use super::value_type::ValueType;

/// The column that holds the hash of the dimension values.
pub const KEY: &str = "_key";
/// The table that records which version each gold table stands at.
pub const PROGRESS: &str = "sluice_progress";
/// The table that records how fresh each gold table is.
pub const FRESHNESS: &str = "sluice_freshness";
/// The column of a report view that tells whether its period is complete.
pub const SETTLED: &str = "is_settled";
/// The column of a ranking view that numbers its rows from 1.
pub const RANK: &str = "rank";

/// The columns of [`PROGRESS`]; the first is its key.
pub const PROGRESS_COLUMNS: [(&str, ValueType); 4] = [
    ("gold_table", ValueType::Text),
    ("generation", ValueType::Int64),
    ("definition", ValueType::Text),
    ("version", ValueType::Int64),
];
/// The columns of [`FRESHNESS`]; the first is its key. Periods that start before `settled_until` are complete.
pub const FRESHNESS_COLUMNS: [(&str, ValueType); 5] = [
    ("gold_table", ValueType::Text),
    ("watermark", ValueType::Timestamp),
    ("settled_until", ValueType::Timestamp),
    ("version", ValueType::Int64),
    ("last_run", ValueType::Timestamp),
];
