//! What a gold table or a ranking names, found or reported.

use crate::dataset::ColumnIndex;
use crate::dataset::column::Draft;
use crate::dataset::reader::{Keys, Located};
use crate::wording::{meant, quoted};

/// Finds a column by name, and reports one that does not exist under `key`.
pub(in crate::dataset) fn find_column<'c>(
    keys: &Keys<'_>,
    key: &str,
    name: Located<&str>,
    columns: &'c [Draft],
) -> Option<(ColumnIndex, &'c Draft)> {
    let mut indexed = columns.iter().enumerate();
    let found = indexed.find(|(_, column)| column.name == name.value);
    if found.is_none() {
        let names = columns.iter().map(|column| column.name.as_str());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let hint = match names.is_empty() {
            true => "the file has no columns".to_owned(),
            false => meant(name.value, &names, "columns are"),
        };
        keys.report(
            key,
            name.at,
            format!("no column is called {}; {hint}", quoted(name.value)),
        );
    }
    found.map(|(position, column)| (ColumnIndex::new(position), column))
}

/// Finds a name among others, and reports one that is not there under `key`.
pub(super) fn find_name(
    keys: &Keys<'_>,
    key: &str,
    name: Located<&str>,
    names: &[&str],
) -> Option<usize> {
    let found = names.iter().position(|other| *other == name.value);
    if found.is_none() {
        let message = format!(
            "nothing is called {}; there are {}",
            quoted(name.value),
            names.join(", ")
        );
        keys.report(key, name.at, message);
    }
    found
}
