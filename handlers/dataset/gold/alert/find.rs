//! The condition of a rule and the columns that it carries, found or reported.

use super::scope::TableColumn;
use crate::dataset::column::condition_of;
use crate::dataset::reader::{Keys, Located};
use crate::expr::{self, Condition};
use crate::wording::{meant, quoted};

/// Reads `when` over these columns.
pub(super) fn read_when(keys: &Keys<'_>, columns: Option<&[TableColumn]>) -> Option<Condition> {
    let text = keys.string("when")?;
    let columns = columns.map(|columns| columns.iter().map(TableColumn::as_named).collect());
    condition_of(keys, "when", text, columns)
}

/// Reads `fields`; without it, those that tell what it is about and those that the condition names.
pub(super) fn read_fields(
    keys: &Keys<'_>,
    columns: &[TableColumn],
    condition: Option<&Condition>,
) -> Vec<String> {
    let Some(named) = keys.strings("fields") else {
        let needed = condition.map(Condition::columns).unwrap_or_default();
        let columns = columns.iter().enumerate();
        let own = columns.filter(|(place, column)| column.tells || needed.contains(place));
        return own.map(|(_, column)| column.name.clone()).collect();
    };
    let mut fields: Vec<String> = Vec::new();
    for name in named {
        if let Some(column) = find(keys, "fields", name, columns) {
            match fields.contains(&column.name) {
                true => keys.report(
                    "fields",
                    name.at,
                    format!("{} is named twice", quoted(name.value)),
                ),
                false => fields.push(column.name.clone()),
            }
        }
    }
    fields
}

/// Finds one of these columns by its name.
pub(in crate::dataset::gold) fn find<'c>(
    keys: &Keys<'_>,
    key: &str,
    name: Located<&str>,
    columns: &'c [TableColumn],
) -> Option<&'c TableColumn> {
    let found = columns.iter().find(|column| column.name == name.value);
    if found.is_none() {
        let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
        let hint = meant(name.value, &names, "there are");
        let message = format!("no column is called {}; {hint}", quoted(name.value));
        keys.report(key, name.at, message);
    }
    found
}

impl TableColumn {
    /// Returns it as a condition names it.
    pub(super) fn as_named(&self) -> expr::Column<'_> {
        expr::Column {
            name: &self.name,
            kind: self.kind,
            nullable: self.nullable,
        }
    }
}
