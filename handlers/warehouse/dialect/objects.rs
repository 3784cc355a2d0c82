//! Which tables, columns and views gold has, and how they are laid out; pure.

use super::definition::{ColumnDefinition, Content, Dialect, TableDefinition, ViewDefinition};
use crate::error::Invariant;
use crate::warehouse::schema::{
    BALANCE, BOOKS, Book, FRESHNESS, GoldSchema, Holds, KEY, MeasureColumn, RANK, RankingSchema,
    SETTLED, Shown, ShownValue, TableIndex, TableSchema, ValueType,
};

const RANKED: Invariant = Invariant("a ranking orders by a measure of its table");
/// The columns of books that hold the name of a gold table, of a dataset, or of a table with rows.
const TABLE: &str = "gold_table";
const DATASET: &str = "dataset";
const PHYSICAL: &str = "physical";
const TARGET: &str = "target";
/// The column of [`FRESHNESS`] that holds the start of a period.
const SETTLED_UNTIL: &str = "settled_until";
/// The columns of books that hold text of any length.
const LONG: [&str; 5] = ["reason", "text", "rankings", "fields", "error"];

/// Says what a table or view holds, in one line.
///
/// # Errors
/// Fails if gold has no such table or view.
pub(in crate::warehouse) fn description(
    schema: &GoldSchema,
    name: &str,
) -> Result<String, Invariant> {
    if let Some(book) = BOOKS.iter().find(|book| book.name == name) {
        return Ok(book.about.to_owned());
    }
    if name == BALANCE {
        return Ok(
            "What silver counts, and what each gold table has taken in: nothing is missing where is_balanced is 1."
                .to_owned(),
        );
    }
    if let Some((_, table)) = schema.table(name) {
        let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
        let group: Vec<&str> = table.time().into_iter().chain(dimensions).collect();
        return Ok(match group.is_empty() {
            true => "One row for all time.".to_owned(),
            false => format!("A row for each {}.", group.join(" and ")),
        });
    }
    if let Some(table) = schema.tables.iter().find(|table| table.report == name) {
        let settled = match table.time() {
            Some(_) => ", and whether the period is complete",
            None => "",
        };
        return Ok(format!(
            "{} as reports show it: averages computed{settled}.",
            table.name
        ));
    }
    let ranking = schema.rankings.iter().find(|ranking| ranking.name == name);
    let ranking = ranking.ok_or(Invariant("only tables and views of gold are described"))?;
    let table = schema.table_at(ranking.table)?;
    let measure = &table.shown.get(ranking.order_by).ok_or(RANKED)?.name;
    let (top, table) = (ranking.top, &table.name);
    Ok(format!(
        "The {top} rows of {table} with the highest {measure}."
    ))
}

/// Returns the loader's own tables.
pub(in crate::warehouse) fn books(
    schema: &GoldSchema,
    dialect: &dyn Dialect,
) -> Vec<TableDefinition> {
    schema.books().map(|table| book(dialect, table)).collect()
}

/// Returns a table with the rows of a gold table.
pub(in crate::warehouse) fn table(
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> TableDefinition {
    TableDefinition {
        name: physical.to_owned(),
        columns: columns(table, dialect),
    }
}

/// Returns the columns of a table with the rows of a gold table, those that no view shows included.
pub(in crate::warehouse) fn columns(
    table: &TableSchema,
    dialect: &dyn Dialect,
) -> Vec<ColumnDefinition> {
    let column = |name: &str, content, required, is_key| ColumnDefinition {
        name: name.to_owned(),
        kind: dialect.declared_type(content),
        required,
        is_key,
    };
    let time = table.time();
    let time = time.map(|name| column(name, Content::Period(table.time_type()), true, true));
    let key = column(KEY, Content::Key, true, true);
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.map(|d| column(&d.name, Content::Value(d.kind), false, false));
    let measures = table.measures.iter().flat_map(MeasureColumn::columns);
    let measures = measures.map(|stored| {
        let content = match stored.holds {
            Holds::Value(kind) => Content::Value(kind),
            Holds::EventTime => Content::Value(ValueType::Timestamp),
            Holds::RowHash => Content::Key,
            Holds::Sketch => Content::Sketch,
        };
        column(&stored.name, content, !stored.is_nullable, false)
    });
    let leading = time.into_iter().chain([key]);
    leading.chain(dimensions).chain(measures).collect()
}

fn book(dialect: &dyn Dialect, book: &Book) -> TableDefinition {
    let columns = book.columns.iter().enumerate();
    let columns = columns.map(|(position, (name, kind))| {
        let content = match (*name, *kind) {
            (TABLE | DATASET | PHYSICAL | TARGET, _) => Content::TableName,
            (SETTLED_UNTIL, kind) => Content::Period(kind),
            (name, kind) if LONG.contains(&name) => Content::Value(kind),
            (_, ValueType::Text) => Content::Definition,
            (_, kind) => Content::Value(kind),
        };
        ColumnDefinition {
            name: (*name).to_owned(),
            kind: dialect.declared_type(content),
            required: position < book.required,
            is_key: position < book.key,
        }
    });
    TableDefinition {
        name: book.name.to_owned(),
        columns: columns.collect(),
    }
}

/// Returns the views of a gold table over the table with its rows: its public name, its report and its rankings.
///
/// # Errors
/// Fails if the schema refers to what it does not have.
pub(in crate::warehouse) fn views(
    schema: &GoldSchema,
    index: TableIndex,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<Vec<ViewDefinition>, Invariant> {
    let table = schema.table_at(index)?;
    let public = public(table, physical, dialect);
    let report = report(table, physical, dialect)?;
    let rankings = schema.rankings_at(index);
    let rankings = rankings.map(|ranking| rank(ranking, table, physical, dialect));
    [Ok(public), Ok(report)]
        .into_iter()
        .chain(rankings)
        .collect()
}

/// The columns of a view: the expressions of what it shows, by name.
struct Columns<'a> {
    table: &'a TableSchema,
    dialect: &'a dyn Dialect,
    first: Vec<(String, String)>,
    /// What stands after all others: the exact text of what is shown as a number.
    last: Vec<(String, String)>,
}

impl<'a> Columns<'a> {
    fn new(table: &'a TableSchema, dialect: &'a dyn Dialect) -> Self {
        Self {
            table,
            dialect,
            first: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Adds a value as clients are to see it.
    fn value(&mut self, name: &str, value: String, kind: ValueType) {
        match self.dialect.number(&value, kind) {
            Some(number) => {
                self.first.push((name.to_owned(), number));
                self.last.push((self.table.exact(name), value));
            }
            None => self.first.push((name.to_owned(), value)),
        }
    }

    /// Adds a column of the table.
    fn own(&mut self, name: &str, kind: ValueType) {
        self.value(name, self.of_table(name), kind);
    }

    /// Adds the end of a window, where the table has these.
    fn window_end(&mut self, start: &str) {
        let window = self.table.grain.window_minutes().zip(self.table.end());
        if let Some((minutes, name)) = window {
            let end = self.dialect.window_end(&self.of_table(start), minutes);
            self.first.push((name.to_owned(), end));
        }
    }

    /// Adds the key, after all others where it is text.
    fn key(&mut self) {
        let key = self.of_table(KEY);
        match self.dialect.key_text(&key) {
            Some(text) => self.last.push((KEY.to_owned(), text)),
            None => self.first.push((KEY.to_owned(), key)),
        }
    }

    /// Adds the measures as reports show them.
    fn measures(&mut self) -> Result<(), Invariant> {
        for shown in &self.table.shown {
            let value = shown_value(self.table, shown, self.dialect)?;
            self.value(&shown.name, value, shown.kind);
        }
        Ok(())
    }

    /// Adds what averages are divided from: they can be added up further, the averages cannot.
    fn parts(&mut self) -> Result<(), Invariant> {
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

    fn of_table(&self, name: &str) -> String {
        format!("t.{}", self.dialect.quote(name))
    }

    /// Returns the view of these columns; `start` and `end` are what its query says before and after them.
    fn view(self, name: &str, physical: &str, (start, end): (&str, &str)) -> ViewDefinition {
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

/// Returns the view that shows a table under its public name.
fn public(table: &TableSchema, physical: &str, dialect: &dyn Dialect) -> ViewDefinition {
    let mut columns = Columns::new(table, dialect);
    if let Some(time) = table.time() {
        columns.own(time, table.time_type());
    }
    columns.key();
    for dimension in &table.dimensions {
        columns.own(&dimension.name, dimension.kind);
    }
    for measure in &table.measures {
        columns.own(&measure.name, measure.kind);
    }
    columns.view(&table.name, physical, ("", ""))
}

/// Returns the query that shows a table as it is.
pub(super) fn all_of(physical: &str, columns: &[String], dialect: &dyn Dialect) -> String {
    let columns = columns.iter().map(|name| {
        let name = dialect.quote(name);
        format!("t.{name} AS {name}")
    });
    let columns: Vec<String> = columns.collect();
    format!(
        "SELECT\n    {}\nFROM {} AS t",
        columns.join(",\n    "),
        dialect.full_name(physical)
    )
}

fn report(
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<ViewDefinition, Invariant> {
    let mut columns = Columns::new(table, dialect);
    if let Some(time) = table.time() {
        columns.own(time, table.time_type());
        columns.window_end(time);
    }
    for dimension in &table.dimensions {
        columns.own(&dimension.name, dimension.kind);
    }
    columns.measures()?;
    columns.parts()?;
    let Some(time) = table.time() else {
        return Ok(columns.view(&table.report, physical, ("", "")));
    };
    let settled_until = format!("f.{}", dialect.quote(SETTLED_UNTIL));
    let settled = dialect.is_settled(&columns.of_table(time), &settled_until);
    columns.first.push((SETTLED.to_owned(), settled));
    let join = format!(
        "\nLEFT JOIN {} AS f ON f.{} = {}",
        dialect.full_name(FRESHNESS),
        dialect.quote(TABLE),
        dialect.literal(&table.name)
    );
    Ok(columns.view(&table.report, physical, ("", &join)))
}

fn rank(
    ranking: &RankingSchema,
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<ViewDefinition, Invariant> {
    let measure = table.shown.get(ranking.order_by).ok_or(RANKED)?;
    let mut columns = Columns::new(table, dialect);
    let mut terms = dialect.order_terms(&shown_value(table, measure, dialect)?, measure.kind, true);
    let dimensions = table.dimensions.iter();
    terms.extend(dimensions.map(|d| dialect.ordered(&columns.of_table(&d.name), d.kind)));
    let last = table.time().into_iter().chain([KEY]);
    terms.extend(last.map(|name| columns.of_table(name)));
    let number = format!("row_number() OVER (ORDER BY {})", terms.join(", "));
    columns.first.push((RANK.to_owned(), number));
    for (name, kind) in table.leading_columns() {
        columns.own(&name, kind);
    }
    columns.measures()?;
    let (first, end) = dialect.first(ranking.top);
    let end = format!("\nORDER BY {}{end}", dialect.quote(RANK));
    Ok(columns.view(&ranking.name, physical, (&first, &end)))
}

/// Returns the expression of a measure.
fn shown_value(
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
