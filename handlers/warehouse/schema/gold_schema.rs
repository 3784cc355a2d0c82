//! All of gold, worked out from the dataset file; pure.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::canonical;
use super::error::SchemaError;
use super::layout::table_schema;
use super::names::{BALANCE, BALANCE_COLUMNS, BOOKS, Book, SETTLED};
use super::rule::RuleSchema;
use super::table::TableSchema;
use super::value_type::ValueType;
use super::view::ViewSchema;
use crate::dataset::{Dataset, TableIndex};
use crate::error::Invariant;
use crate::event::EventTime;
use crate::value::time::micros;
use crate::value::{Grain, Steps};

/// What stands between the names of views in a book.
pub(in crate::warehouse) const VIEWS_END: &str = ",";

/// All of gold.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldSchema {
    /// The dataset's name.
    pub dataset: String,
    /// The dataset's generation.
    pub generation: u32,
    /// How long after its end a period still counts as changing.
    pub allowed_lateness: Duration,
    /// The tables, in the order of [`Dataset::gold`].
    pub tables: Vec<TableSchema>,
    /// The views beside the reports of tables: rankings first, and then summaries.
    pub views: Vec<ViewSchema>,
    /// The rules that are watched for, in the order of [`Dataset::alerts`].
    pub rules: Vec<Arc<RuleSchema>>,
}

impl GoldSchema {
    /// Works out gold from a dataset file.
    ///
    /// # Errors
    /// Fails if two columns, or two tables or views, would have one name (case does not count).
    pub fn of(dataset: &Dataset) -> Result<Self, SchemaError> {
        let mut tables: Vec<TableSchema> = dataset
            .gold
            .iter()
            .map(|table| table_schema(dataset, table))
            .collect::<Result<_, _>>()?;
        let views = ViewSchema::all(dataset, &tables)?;
        let own = BOOKS.iter().map(|book| book.name).chain([BALANCE]);
        let mut names: HashSet<String> = own.map(str::to_owned).collect();
        let tables_and_reports = tables.iter().flat_map(|t| [&t.name, &t.report]);
        for name in tables_and_reports.chain(views.iter().map(|view| &view.name)) {
            if !names.insert(name.to_lowercase()) {
                return Err(SchemaError::DuplicateName { name: name.clone() });
            }
        }
        let is_made_name = |name: &&String| tables.iter().any(|table| table.makes(name));
        if let Some(name) = names.iter().find(is_made_name) {
            return Err(SchemaError::DuplicateName { name: name.clone() });
        }
        let rules = dataset.alerts.iter();
        let rules = rules.map(|alert| Ok(Arc::new(RuleSchema::of(alert, &tables)?)));
        let rules = rules.collect::<Result<Vec<Arc<RuleSchema>>, SchemaError>>()?;
        for rule in &rules {
            let searched = rule.table.zip(rule.searched());
            let table =
                searched.map(|(table, measure)| (tables.get_mut(table.position()), measure));
            if let Some((Some(table), measure)) = table {
                let measure = table
                    .measures
                    .get(measure)
                    .map(|measure| measure.name.clone());
                table.searched.extend(measure);
            }
        }
        Ok(Self {
            rules,
            dataset: dataset.name.clone(),
            generation: dataset.generation,
            allowed_lateness: dataset.allowed_lateness,
            tables,
            views,
        })
    }

    /// Returns the table with this name, as an index and itself.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<(TableIndex, &TableSchema)> {
        let mut tables = self.indexed_tables();
        tables.find(|(_, table)| table.name == name)
    }

    /// Returns every table with its index.
    pub fn indexed_tables(&self) -> impl Iterator<Item = (TableIndex, &TableSchema)> {
        let tables = self.tables.iter().enumerate();
        tables.map(|(position, table)| (TableIndex::new(position), table))
    }

    /// Returns the table with this index.
    ///
    /// # Errors
    /// Fails if the index is not one of this schema.
    pub fn table_at(&self, index: TableIndex) -> Result<&TableSchema, Invariant> {
        let table = self.tables.get(index.position());
        table.ok_or(Invariant(
            "a table's index is used with the schema that it is from",
        ))
    }

    /// Returns the views of a table beside its report.
    pub(in crate::warehouse) fn views_at(
        &self,
        table: TableIndex,
    ) -> impl Iterator<Item = &ViewSchema> {
        let views = self.views.iter();
        views.filter(move |view| view.table == table)
    }

    /// Returns the books that it needs: those of rules only where there are some.
    pub(in crate::warehouse) fn books(&self) -> impl Iterator<Item = &'static Book> {
        let has_rules = !self.rules.is_empty();
        BOOKS.iter().filter(move |book| has_rules || !book.of_rules)
    }

    /// Returns the rules that watch a table, or silver's rows.
    pub fn rules_on(&self, table: Option<TableIndex>) -> impl Iterator<Item = &Arc<RuleSchema>> {
        self.rules.iter().filter(move |rule| rule.table == table)
    }

    /// Returns a rule by its name.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&Arc<RuleSchema>> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// Returns the public names of a table: its own first, its report's and those of its other views.
    pub(in crate::warehouse) fn names_of<'a>(
        &'a self,
        index: TableIndex,
        table: &'a TableSchema,
    ) -> impl Iterator<Item = &'a str> {
        let own = [table.name.as_str(), table.report.as_str()].into_iter();
        own.chain(self.views_at(index).map(|view| view.name.as_str()))
    }

    /// Returns the names of the views that a table has beside its report, as its book keeps them; nothing if it has none.
    #[must_use]
    pub fn views_of(&self, table: TableIndex) -> Option<String> {
        let names: Vec<&str> = self.views_at(table).map(|view| &*view.name).collect();
        (!names.is_empty()).then(|| names.join(VIEWS_END))
    }

    /// Returns how a table lies in the database that was made by the text of an earlier definition, if that is understood.
    #[must_use]
    pub fn earlier(&self, dataset: &Dataset, table: TableIndex, text: &str) -> Option<TableSchema> {
        canonical::read(dataset, self.table_at(table).ok()?, text)
    }

    /// Returns the columns of a table or view of gold as read, without the key; averages count as doubles.
    #[must_use]
    pub fn columns_of(&self, name: &str) -> Option<Vec<(String, ValueType)>> {
        let named = |(name, kind): (&str, ValueType)| (name.to_owned(), kind);
        if let Some(book) = BOOKS.iter().find(|book| book.name == name) {
            return Some(book.columns.iter().copied().map(named).collect());
        }
        if name == BALANCE {
            return Some(BALANCE_COLUMNS.map(named).into());
        }
        if let Some((_, table)) = self.table(name) {
            return Some(table.columns());
        }
        if let Some(table) = self.tables.iter().find(|table| table.report == name) {
            let settled = table.time().map(|_| (SETTLED.to_owned(), ValueType::Bool));
            let mut columns: Vec<_> = table.shown_columns().chain(settled).collect();
            if let Some(end) = table.end() {
                // It stands beside the start, which is the first of all.
                let after = columns.len().min(1);
                columns.insert(after, (end.to_owned(), table.time_type()));
            }
            return Some(columns);
        }
        let view = self.view(name)?;
        Some(view.columns(self.table_at(view.table).ok()?))
    }

    /// Returns a view that a table has beside its report.
    #[must_use]
    pub fn view(&self, name: &str) -> Option<&ViewSchema> {
        self.views.iter().find(|view| view.name == name)
    }

    /// Returns the columns that tell the rows of a table or view of gold apart, as far as they are shown.
    pub(in crate::warehouse) fn leading_of(&self, name: &str) -> Vec<(String, ValueType)> {
        let table = self.table_of(name);
        match self.view(name).zip(table) {
            Some((view, table)) => view.leading(table),
            None => {
                let columns = table.into_iter().flat_map(TableSchema::leading_columns);
                columns.collect()
            }
        }
    }

    /// Returns the names under which gold shows something: tables with their reports, and other views.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let tables = self.tables.iter();
        let tables = tables.flat_map(|table| [table.name.as_str(), table.report.as_str()]);
        let views = self.views.iter().map(|view| view.name.as_str());
        tables.chain(views).collect()
    }

    /// Returns whether gold shows something under this name; case does not count.
    #[must_use]
    pub fn shows(&self, name: &str) -> bool {
        let mut names = self.names().into_iter();
        names.any(|own| own.eq_ignore_ascii_case(name))
    }

    /// Returns the table that a view of gold shows: under its public name, in its report or in another view.
    #[must_use]
    pub fn table_of(&self, view: &str) -> Option<&TableSchema> {
        if let Some(view) = self.view(view) {
            return self.table_at(view.table).ok();
        }
        let mut tables = self.tables.iter();
        tables.find(|table| table.name == view || table.report == view)
    }

    /// Returns the start of the first of these periods that may still change, if it is known before when no event is
    /// expected: all before it end at or before that time minus the allowed lateness. Of days of a zone it is the day that
    /// its clocks show.
    #[must_use]
    pub fn settled_until(
        &self,
        steps: &Steps,
        complete_to: Option<EventTime>,
    ) -> Option<EventTime> {
        if steps.grain == Grain::All {
            return None;
        }
        let lateness = micros(self.allowed_lateness);
        let settled = complete_to?.0.saturating_sub(lateness);
        Some(EventTime(steps.first_open(settled)))
    }
}
