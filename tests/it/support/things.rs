//! The silver that the tests of gold aggregate.

/// Its columns; gold's tables follow, or further columns.
pub(crate) const COLUMNS: &str = r#"
name = "things"
generation = 1
key = ["id", "at"]
event_time = "at"
allowed_lateness = "1h"
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
name = "who"
type = "string"
[[column]]
name = "amount"
type = "decimal(38,2)"
"#;
