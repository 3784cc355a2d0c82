//! Which names a dataset file may give.

/// What a column, table, view or measure may be called.
pub(super) const SQL_NAME: &str =
    "a name of 1 to 128 letters, digits and _ that starts with a letter (a leading _ is reserved)";

/// The most characters of such a name.
pub(super) const LONGEST_NAME: usize = 128;

/// What a dataset may be called.
pub const DATASET_NAME: &str =
    "a name of at most 41 lower-case letters, digits, _ and - that starts with a letter";

/// Names that columns of silver may not have, because the directories of its periods are columns too.
pub(super) const PERIOD_COLUMNS: [&str; 3] = ["event_date", "event_hour", "event_month"];

/// How the framework's own tables in the warehouse begin.
pub(super) const OWN_TABLES: &str = "sluice_";

pub(super) fn is_sql_name(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let all_allowed = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    starts_well && all_allowed && name.len() <= LONGEST_NAME
}

/// Returns whether a dataset may be called so.
#[must_use]
pub fn is_dataset_name(name: &str) -> bool {
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase());
    let all_allowed = name.bytes().all(|byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    });
    starts_well && all_allowed && name.len() <= 41
}
