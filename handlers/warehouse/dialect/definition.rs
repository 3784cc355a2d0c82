//! What a table and a view are, what a kind of SQL says in its own way, and what is found in a database; pure.

use std::collections::BTreeMap;

use crate::warehouse::schema::ValueType;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::warehouse) enum Content {
    /// The start of a period.
    Period(ValueType),
    /// The hash of the dimension values.
    Key,
    /// The name of a gold table, which has at most 128 characters.
    TableName,
    /// The hash of a definition as text.
    Definition,
    /// Any value of a type.
    Value(ValueType),
    /// A sketch of at most 3,072 bytes.
    Sketch,
}

/// What a kind of SQL says in its own way. Values and columns are given as expressions, names as they are.
pub(in crate::warehouse) trait Dialect {
    /// Quotes an identifier.
    fn quote(&self, name: &str) -> String;
    /// Quotes text.
    fn literal(&self, text: &str) -> String;
    /// Returns the full name of a table or view of gold.
    fn full_name(&self, name: &str) -> String;
    /// Returns the declared type of a column.
    fn declared_type(&self, content: Content) -> String;
    /// Returns a flag that tells whether a period starts before the first one that may still change.
    fn is_settled(&self, period: &str, settled_until: &str) -> String;
    /// Returns the end of a window that starts then and has so many minutes.
    fn window_end(&self, start: &str, minutes: i64) -> String;
    /// Returns an average with so many digits after the point, null where nothing was counted: the only number of
    /// gold that is rounded.
    fn average(&self, sum: &str, count: &str, scale: u8) -> String;
    /// Returns the sum of values as clients are to see it, null where there is none. What is exact stays so where the
    /// database adds exact numbers.
    fn sum(&self, value: &str, kind: ValueType) -> String;
    /// Returns the number of rows, or of the values that are not null.
    fn count(&self, value: Option<&str>) -> String;
    /// Returns a value by which rows are grouped, and what they are grouped by so that just equal values are one: text by
    /// its code units, trailing blanks included.
    fn grouped(&self, value: &str, kind: ValueType) -> (String, Vec<String>);
    /// Returns a value that orders text by its code units and everything else as it is.
    fn ordered(&self, value: &str, kind: ValueType) -> String;
    /// Returns the terms that order by a value, nulls last.
    fn order_terms(&self, value: &str, kind: ValueType, descending: bool) -> Vec<String>;
    /// Returns what a query says after SELECT and at its end to have the first rows only.
    fn first(&self, rows: u32) -> (String, String);
    /// Returns a value as a number for clients, where the database keeps it exact as something else; nothing where it
    /// is kept as the number that it is.
    fn number(&self, value: &str, kind: ValueType) -> Option<String>;
    /// Returns a key as text, where clients would print its bytes.
    fn key_text(&self, key: &str) -> Option<String>;
    /// Returns the statement that adds a column, which takes nulls, to a table of gold.
    fn add_column(&self, table: &str, column: &ColumnDefinition) -> String;
    /// Returns the statement that makes the index of a column of a table of gold.
    fn create_index(&self, table: &str, column: &str) -> String;
    /// Returns the statement that gives a table of gold another name.
    fn rename(&self, table: &str, to: &str) -> String;
    /// Returns the statements that make a view, or make the one of its name show this instead; each is a batch.
    fn show(&self, view: &ViewDefinition) -> Vec<String>;
    /// Returns the statement that removes a view, if it is there.
    fn drop_view(&self, view: &str) -> String;
    /// Returns whether a view that is there was made by gold; nothing where its text does not tell.
    fn is_made(&self, found: &Found) -> Option<bool>;
    /// Returns whether a view that is there shows just this.
    fn is_shown(&self, view: &ViewDefinition, found: &Found) -> bool;
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::warehouse) struct ColumnDefinition {
    /// Its name.
    pub(in crate::warehouse) name: String,
    /// Its declared type.
    pub(in crate::warehouse) kind: String,
    /// Whether it refuses nulls.
    pub(in crate::warehouse) required: bool,
    /// Whether it is part of the primary key.
    pub(in crate::warehouse) is_key: bool,
    /// Whether it has an index of its own, or one that begins with it.
    pub(in crate::warehouse) is_indexed: bool,
}

impl ColumnDefinition {
    fn has_name_of(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::warehouse) struct TableDefinition {
    /// Its name.
    pub(in crate::warehouse) name: String,
    /// Its columns, in order.
    pub(in crate::warehouse) columns: Vec<ColumnDefinition>,
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::warehouse) struct ViewDefinition {
    /// Its name.
    pub(in crate::warehouse) name: String,
    /// The table whose rows it shows.
    pub(in crate::warehouse) physical: String,
    /// The names of its columns, in order.
    pub(in crate::warehouse) columns: Vec<String>,
    /// The query that it shows.
    pub(in crate::warehouse) query: String,
}

impl TableDefinition {
    /// Returns the statements that create the table in gold with its indexes; they are one batch.
    pub(in crate::warehouse) fn create(&self, dialect: &dyn Dialect) -> String {
        let table = create_table(dialect, &dialect.full_name(&self.name), &self.columns);
        let indexes = self.indexed();
        let indexes = indexes.map(|column| dialect.create_index(&self.name, &column.name));
        let statements: Vec<String> = std::iter::once(table).chain(indexes).collect();
        statements.join(";\n")
    }

    /// Returns the columns that have an index.
    pub(in crate::warehouse) fn indexed(&self) -> impl Iterator<Item = &ColumnDefinition> {
        self.columns.iter().filter(|column| column.is_indexed)
    }

    /// Returns the columns that have an index, and in a table with these columns none.
    pub(in crate::warehouse) fn unindexed<'a>(
        &'a self,
        found: &'a [ColumnDefinition],
    ) -> impl Iterator<Item = &'a ColumnDefinition> {
        let is_indexed = |column: &ColumnDefinition| {
            let mut found = found.iter().filter(|other| other.is_indexed);
            found.any(|other| column.has_name_of(other))
        };
        self.indexed().filter(move |column| !is_indexed(column))
    }

    /// Returns what of a table with these columns does not fit; its primary key, types and nulls count, order and indexes do
    /// not.
    pub(in crate::warehouse) fn problems(&self, found: &[ColumnDefinition]) -> Vec<String> {
        let mut problems = self.different(found);
        let missing = self.missing(found);
        problems.extend(missing.map(|column| format!("column {} is missing", column.name)));
        let is_unknown =
            |other: &&ColumnDefinition| !self.columns.iter().any(|c| c.has_name_of(other));
        let unknown = found.iter().filter(is_unknown);
        problems.extend(unknown.map(|column| format!("column {} is unknown", column.name)));
        problems
    }

    /// Returns the columns that a table with these columns lacks.
    pub(in crate::warehouse) fn missing<'a>(
        &'a self,
        found: &'a [ColumnDefinition],
    ) -> impl Iterator<Item = &'a ColumnDefinition> {
        let columns = self.columns.iter();
        columns.filter(|column| !found.iter().any(|other| column.has_name_of(other)))
    }

    /// Returns what of the columns that both have is different.
    pub(in crate::warehouse) fn different(&self, found: &[ColumnDefinition]) -> Vec<String> {
        let mut problems = Vec::new();
        for column in &self.columns {
            let name = &column.name;
            let Some(other) = found.iter().find(|other| column.has_name_of(other)) else {
                continue;
            };
            if !other.kind.eq_ignore_ascii_case(&column.kind) {
                let (is, wanted) = (&other.kind, &column.kind);
                problems.push(format!("column {name} is {is}, not {wanted}"));
            } else if other.is_key != column.is_key {
                let is = if column.is_key { "is not" } else { "is" };
                problems.push(format!("column {name} {is} in the primary key"));
            } else if other.required && !column.required {
                problems.push(format!("column {name} refuses nulls"));
            }
        }
        problems
    }
}

/// Returns the statement that creates a table of these columns; the name is an expression.
pub(in crate::warehouse) fn create_table(
    dialect: &dyn Dialect,
    name: &str,
    columns: &[ColumnDefinition],
) -> String {
    let lines = columns.iter().map(|column| {
        let nulls = if column.required { "NOT NULL" } else { "NULL" };
        format!(
            "    {} {} {nulls}",
            dialect.quote(&column.name),
            column.kind
        )
    });
    let key = columns.iter().filter(|column| column.is_key);
    let key: Vec<String> = key.map(|column| dialect.quote(&column.name)).collect();
    let key = format!("    PRIMARY KEY ({})", key.join(", "));
    let lines: Vec<String> = lines.chain([key]).collect();
    format!("CREATE TABLE {name} (\n{}\n)", lines.join(",\n"))
}

/// A table or view that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::warehouse) struct Found {
    /// Whether it is a view.
    pub(in crate::warehouse) is_view: bool,
    /// Its columns, in order; of a view where they are known.
    pub(in crate::warehouse) columns: Vec<ColumnDefinition>,
    /// A view's text, where it is known.
    pub(in crate::warehouse) text: Option<String>,
}

/// What is there, by name in lower case.
pub(in crate::warehouse) type Catalog = BTreeMap<String, Found>;
