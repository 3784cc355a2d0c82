//! The names of gold's tables and views, and what each table of the file is called in messages.

use toml::de::DeTable;

use crate::dataset::name::{OWN_TABLES, SQL_NAME, is_sql_name};
use crate::dataset::reader::{Keys, Located};
use crate::wording::quoted;

/// What a table's report view is called, after the table's name.
const REPORT_SUFFIX: &str = "_report";

/// Names of tables and views that are taken, in lower case.
#[derive(Debug, Default)]
pub(in crate::dataset) struct Taken(Vec<String>);

impl Taken {
    pub(super) fn claim(&mut self, keys: &Keys<'_>, key: &str, name: Located<&str>) {
        if !is_sql_name(name.value) {
            keys.report(
                key,
                name.at,
                format!("{} is not {SQL_NAME}", quoted(name.value)),
            );
        }
        let lower = name.value.to_ascii_lowercase();
        if lower.starts_with(OWN_TABLES) {
            keys.report(
                key,
                name.at,
                format!("names that begin with {OWN_TABLES} are reserved"),
            );
        }
        if self.0.contains(&lower) {
            let message =
                "a table or view of this name exists already (upper and lower case are the same)";
            keys.report(key, name.at, message);
        }
        self.0.push(lower);
    }

    /// Claims the name of a table and that of its report view.
    pub(super) fn claim_table(&mut self, keys: &Keys<'_>, name: Located<&str>) {
        self.claim(keys, "table", name);
        let report = format!("{}{REPORT_SUFFIX}", name.value.to_ascii_lowercase());
        if self.0.contains(&report) {
            let message = format!(
                "its report view would be called {}, which another table or view is called already",
                quoted(&report)
            );
            keys.report("table", name.at, message);
        }
        self.0.push(report);
    }
}

/// Says which table of the file is meant: by its name, or by its number from 1.
pub(super) fn path(kind: &str, table: &DeTable<'_>, key: &str, i: usize) -> String {
    match table.get(key).and_then(|name| name.get_ref().as_str()) {
        Some(name) => format!("{kind} {}", quoted(name)),
        None => format!("{kind} {}", i + 1),
    }
}
