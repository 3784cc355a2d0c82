//! Names of datasets and columns, and text of a dataset file, made of what the sample has; pure.

use std::collections::HashSet;
use std::fmt::Write;

use crate::output::is_unsafe;

/// Names that columns may not have: silver's directories, and gold's own columns.
const RESERVED: [&str; 11] = [
    "event_date",
    "event_hour",
    "event_month",
    "hour",
    "day",
    "week",
    "month",
    "rank",
    "is_settled",
    "events",
    "rows",
];

/// Makes a dataset's name of a file's.
pub(in super::super) fn dataset_name(file: &str) -> String {
    // A file's name has a first part, if only an empty one.
    let stem = file.split('.').next().unwrap_or(file).to_lowercase();
    let kept = stem.chars().map(|c| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    });
    let name: String = kept
        .skip_while(|c| !c.is_ascii_lowercase())
        .take(41)
        .collect();
    if name.is_empty() {
        "events".to_owned()
    } else {
        name
    }
}

/// Makes a column name of each field's name: letters, digits and `_`, each name once.
pub(super) fn column_names<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken: HashSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    let names = fields.map(|field| {
        let kept = field
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        let kept: String = kept.skip_while(|c| !c.is_ascii_alphabetic()).collect();
        let base = short(if kept.is_empty() { "field" } else { &kept });
        let mut name = base.clone();
        let mut number = 1;
        while !taken.insert(name.to_lowercase()) {
            number += 1;
            name = match number {
                2 if RESERVED.contains(&base.to_lowercase().as_str()) => format!("{base}_value"),
                number => format!("{base}_{number}"),
            };
        }
        name
    });
    names.collect()
}

/// Leaves room for an ending.
pub(super) fn short(name: &str) -> String {
    name.chars().take(120).collect()
}

/// Writes text as a TOML string.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if is_unsafe(c) => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes text as a literal of an expression.
pub(super) fn sql_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
