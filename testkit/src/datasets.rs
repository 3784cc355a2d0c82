//! Dataset files of tests. There is one; others are made of it by replacing and appending.

macro_rules! columns {
    () => {
        r#"
name = "things"
key = ["id", "at"]
event_time = "at"
period = "hour"
allowed_lateness = "1h"
max_clock_skew = "48h"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "amount"
type = "decimal(18,2)"
min = 0
[[column]]
name = "who"
type = "string"
"#
    };
}

/// The columns of [`THINGS`]; gold's tables or further columns may follow.
pub const COLUMNS: &str = columns!();

/// A small dataset with every kind of measure.
pub const THINGS: &str = concat!(
    columns!(),
    r#"[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count", total = "sum(amount)", high = "max(amount)" }
[[gold]]
table = "by_who"
grain = "day"
by = ["who"]
measures = { n = "count", total = "sum(amount)" }
[[gold]]
table = "ever"
grain = "all"
measures = { n = "count", total = "sum(amount)" }
"#
);

/// Returns `text` with amounts of up to 38 digits, of either sign.
#[must_use]
pub fn with_large_amounts(text: &str) -> String {
    let large = "type = \"decimal(38,2)\"\n";
    replace(text, "type = \"decimal(18,2)\"\nmin = 0\n", large)
}

/// Returns `text` with each `old` replaced, of which there must be some.
#[must_use]
pub fn replace(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old:?} is not in\n{text}");
    text.replace(old, new)
}
