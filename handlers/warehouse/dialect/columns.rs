//! The columns of a view over a gold table, as expressions; pure.

use super::definition::{Dialect, ViewDefinition};
use crate::error::Invariant;
use crate::warehouse::schema::{KEY, MeasureColumn, Shown, ShownValue, TableSchema, ValueType};

/// The columns of a view: the expressions of what it shows, by name.
pub(super) struct Columns<'a> {
    table: &'a TableSchema,
    dialect: &'a dyn Dialect,
    /// What comes first.
    pub(super) first: Vec<(String, String)>,
    /// What stands after all others: the exact text of what is shown as a number.
    last: Vec<(String, String)>,
}

impl<'a> Columns<'a> {
    /// Makes columns of this table, none yet.
    pub(super) fn new(table: &'a TableSchema, dialect: &'a dyn Dialect) -> Self {
        Self {
            table,
            dialect,
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Adds a value as clients are to see it.
    pub(super) fn value(&mut self, name: &str, value: String, kind: ValueType) {
        match self.dialect.number(&value, kind) {
            Some(number) => {
                self.first.push((name.to_owned(), number));
                self.last.push((self.table.exact(name), value));
            }
            None => self.first.push((name.to_owned(), value)),
        }
    }

    /// Adds a column of the table.
    pub(super) fn own(&mut self, name: &str, kind: ValueType) {
        self.value(name, self.of_table(name), kind);
    }

    /// Adds the end of a window, where the table has these.
    pub(super) fn window_end(&mut self, start: &str) {
        let window = self.table.grain.window_minutes().zip(self.table.end());
        if let Some((minutes, name)) = window {
            let end = self.dialect.window_end(&self.of_table(start), minutes);
            self.first.push((name.to_owned(), end));
        }
    }

    /// Adds the key, after all others where it is text.
    pub(super) fn key(&mut self) {
        let key = self.of_table(KEY);
        match self.dialect.key_text(&key) {
            Some(text) => self.last.push((KEY.to_owned(), text)),
            None => self.first.push((KEY.to_owned(), key)),
        }
    }

    /// Adds the measures as reports show them.
    pub(super) fn measures(&mut self) -> Result<(), Invariant> {
        for shown in &self.table.shown {
            let value = shown_value(self.table, shown, self.dialect)?;
            self.value(&shown.name, value, shown.kind);
        }
        Ok(())
    }

    /// Adds what averages are divided from: they can be added up further, the averages cannot.
    pub(super) fn parts(&mut self) -> Result<(), Invariant> {
        let table = self.table;
        for shown in &table.shown {
            if let ShownValue::Average { sum, count, .. } = shown.value {
                for part in [sum, count] {
                    let part = stored(table, part)?;
                    self.own(&part.name, part.kind);
                }
            }
        }
        Ok(())
    }

    /// Returns the expression of a column of the table.
    pub(super) fn of_table(&self, name: &str) -> String {
        format!("t.{}", self.dialect.quote(name))
    }

    /// Returns the view of these columns; `start` and `end` are what its query says before and after them.
    pub(super) fn view(
        self,
        name: &str,
        physical: &str,
        (start, end): (&str, &str),
    ) -> ViewDefinition {
        let columns: Vec<(String, String)> = self.first.into_iter().chain(self.last).collect();
        let named = columns.iter();
        let named = named.map(|(name, value)| format!("{value} AS {}", self.dialect.quote(name)));
        let named: Vec<String> = named.collect();
        let query = format!(
            "SELECT{start}\n    {}\nFROM {} AS t{end}",
            named.join(",\n    "),
            self.dialect.full_name(physical)
        );
        ViewDefinition {
            name: name.to_owned(),
            physical: physical.to_owned(),
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            query,
        }
    }
}

/// Returns the expression of a measure.
pub(super) fn shown_value(
    table: &TableSchema,
    shown: &Shown,
    dialect: &dyn Dialect,
) -> Result<String, Invariant> {
    let column = |index: usize| {
        let name = &stored(table, index)?.name;
        Ok(format!("t.{}", dialect.quote(name)))
    };
    match shown.value {
        ShownValue::Stored(index) => column(index),
        ShownValue::Average { sum, count, scale } => {
            Ok(dialect.average(&column(sum)?, &column(count)?, scale))
        }
    }
}

fn stored(table: &TableSchema, index: usize) -> Result<&MeasureColumn, Invariant> {
    let measure = table.measures.get(index);
    measure.ok_or(Invariant("a measure that is shown is stored"))
}
