//! What of gold is missing in a database, and what is there and does not fit; pure.
//!
//! What is there is read in one look, so that a function without the right to create anything finds that nothing is to
//! be done. Books get the columns that they lack and keep those that nobody knows. A table with rows is compared column
//! by column and never changed, but for an index that a new rule searches it by; one of an earlier build, which had the public name itself, is renamed once. A view that
//! gold has made is made anew when it shows something else; one of another dataset, or of somebody's own, under a public
//! name blocks its table and is never replaced. Tables that are to be made are made by the transaction that fills
//! them, with their views.

use std::collections::BTreeMap;

use super::balance::balance;
use super::definition::{Catalog, Dialect, Found, ViewDefinition};
use super::known::Known;
use super::objects::{all_of, books, table as rows_of, views};
use super::rankings::removed;
use crate::error::Invariant;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Progress, Standing};
use crate::warehouse::schema::{GoldSchema, OUTBOX, PROGRESS, TableIndex, TableSchema};

/// What a look leads to.
#[derive(Debug)]
pub(in crate::warehouse) struct Upkeep {
    /// What was found.
    pub(in crate::warehouse) standing: Standing,
    /// What makes it complete, in order; each is a batch.
    pub(in crate::warehouse) statements: Vec<String>,
}

/// Works out what is to be done, and which tables do not fit.
///
/// # Errors
/// Fails with [`WarehouseError::Mismatch`] if a book does not fit.
pub(in crate::warehouse) fn upkeep(
    schema: &GoldSchema,
    dialect: &dyn Dialect,
    catalog: &Catalog,
    known: Known,
) -> Result<Upkeep, WarehouseError> {
    let mut look = Look {
        schema,
        dialect,
        catalog,
        statements: Vec::new(),
        standing: Standing {
            progress: known.progress,
            blocked: known.blocked,
            pending: known.pending,
            said_removed: known.said_removed,
            retired: known.retired,
            build: known.build,
            next: known.next,
            rules: known.rules,
            owned: known.owned,
            ..Standing::default()
        },
        others: known.others,
    };
    look.books()?;
    look.balance()?;
    for (index, table) in schema.indexed_tables() {
        match look.taken(index, table) {
            Some(taken) => drop(look.standing.unfit.insert(index, taken)),
            None => look.table(index, table)?,
        }
    }
    look.shadows();
    look.standing.has_outbox = look.found(OUTBOX).is_some();
    look.standing.is_incomplete = !look.statements.is_empty();
    Ok(Upkeep {
        standing: look.standing,
        statements: look.statements,
    })
}

struct Look<'a> {
    schema: &'a GoldSchema,
    dialect: &'a dyn Dialect,
    catalog: &'a Catalog,
    statements: Vec<String>,
    standing: Standing,
    /// The public names of other datasets, in lower case, with these.
    others: BTreeMap<String, String>,
}

impl Look<'_> {
    /// Returns why a table cannot be shown, if one of its public names is another's.
    fn taken(&self, index: TableIndex, table: &TableSchema) -> Option<WarehouseError> {
        let other = |name: &str| self.others.get(&name.to_ascii_lowercase()).cloned();
        if let Some(dataset) = other(&table.name) {
            return Some(WarehouseError::Taken {
                table: table.name.clone(),
                dataset,
            });
        }
        let names = self.schema.names_of(index, table);
        let mut taken = names.filter_map(|view| {
            let dataset = other(view);
            let is_taken = dataset.is_some() || self.is_anothers(table, view);
            is_taken.then(|| WarehouseError::ViewTaken {
                table: table.name.clone(),
                view: view.to_owned(),
                dataset,
            })
        });
        taken.next()
    }

    /// Returns whether a view of this name is there that gold has not made. Its text tells, where it is known and where it
    /// has a mark; otherwise the books do.
    fn is_anothers(&self, table: &TableSchema, view: &str) -> bool {
        let Some(found) = self.found(view).filter(|found| found.is_view) else {
            return false;
        };
        if let Some(is_made) = self.dialect.is_made(found) {
            return !is_made;
        }
        let progress = self.standing.progress.get(&table.name);
        let of_table = [&table.name, &table.report].iter().any(|own| *own == view);
        let is_earlier = match progress {
            // Books that do not know where the rows are know no rankings either.
            Some(progress) => progress.generation != 0 && progress.physical.is_none(),
            None => self.found(&table.name).is_some_and(|found| !found.is_view),
        };
        let is_shown = progress.is_some_and(|progress| progress.physical.is_some());
        let mut all = self.standing.progress.values();
        let is_ranking = all.any(|progress| {
            let mut rankings = progress.rankings();
            rankings.any(|name| name.eq_ignore_ascii_case(view))
        });
        !(is_earlier || is_ranking || (of_table && is_shown))
    }

    fn found(&self, name: &str) -> Option<&Found> {
        self.catalog.get(&name.to_ascii_lowercase())
    }

    fn books(&mut self) -> Result<(), WarehouseError> {
        for book in books(self.schema, self.dialect) {
            let Some(found) = self.found(&book.name) else {
                self.statements.push(book.create(self.dialect));
                self.standing.missing.push(book.name);
                continue;
            };
            let mut problems = book.different(&found.columns);
            if found.is_view {
                problems.push("it is a view".to_owned());
            }
            let mut added = Vec::new();
            for column in book.missing(&found.columns) {
                match column.required {
                    true => problems.push(format!("column {} is missing", column.name)),
                    false => added.push(self.dialect.add_column(&book.name, column)),
                }
            }
            if !problems.is_empty() {
                return Err(WarehouseError::Mismatch {
                    table: book.name.clone(),
                    problems,
                    in_the_way: Some(book.name),
                });
            }
            self.statements.extend(added);
        }
        Ok(())
    }

    /// Sees to the view of the balance. Like a book it is nobody else's.
    fn balance(&mut self) -> Result<(), WarehouseError> {
        let view = balance(self.dialect);
        let Some(found) = self.found(&view.name) else {
            self.statements.extend(self.dialect.show(&view));
            return Ok(());
        };
        let problem = match (found.is_view, self.dialect.is_made(found)) {
            (false, _) => "it is a table, not a view",
            (true, Some(false)) => "gold has not made it",
            (true, _) => {
                if !self.dialect.is_shown(&view, found) {
                    self.statements.extend(self.dialect.show(&view));
                }
                return Ok(());
            }
        };
        Err(WarehouseError::Mismatch {
            table: view.name.clone(),
            problems: vec![problem.to_owned()],
            in_the_way: Some(view.name),
        })
    }

    /// Finds those of the tables beside the live ones that are gone.
    fn shadows(&mut self) {
        let next = self.standing.next.iter();
        let lost = next.filter(|(_, shadow)| {
            let physical = shadow.physical.as_ref();
            physical.is_some_and(|physical| self.found(physical).is_none())
        });
        self.standing.lost = lost.map(|(name, _)| name.clone()).collect();
    }

    fn table(&mut self, index: TableIndex, table: &TableSchema) -> Result<(), Invariant> {
        let schema = self.schema;
        for name in schema.names_of(index, table).skip(1) {
            if self.found(name).is_some_and(|found| !found.is_view) {
                let problem = format!("its view {name} is a table, not a view");
                self.refuse(index, table, (vec![problem], Some(name)));
                return Ok(());
            }
        }
        let progress = self.standing.progress.get(&table.name).cloned();
        let public = self.found(&table.name);
        match (progress, public.is_some_and(|found| !found.is_view)) {
            (Some(progress), false) if progress.physical.is_some() => {
                self.made(index, table, &progress)?;
            }
            (Some(Progress { physical, .. }), true) if physical.is_some() => {
                let problem = "it is a table, not a view".to_owned();
                self.refuse(index, table, (vec![problem], Some(&table.name)));
            }
            (progress, true) => self.adopt(index, table, progress)?,
            (Some(_), false) if public.is_some() => {
                let problem = "it is a view".to_owned();
                self.refuse(index, table, (vec![problem], Some(&table.name)));
            }
            (progress, false) => {
                self.standing.missing.push(table.name.clone());
                if progress.is_some() {
                    self.standing.gone.insert(index);
                }
            }
        }
        Ok(())
    }

    /// Looks at a table that this build, or one like it, has made.
    fn made(
        &mut self,
        index: TableIndex,
        table: &TableSchema,
        progress: &Progress,
    ) -> Result<(), Invariant> {
        let physical = progress.physical(table);
        let Some(found) = self.found(physical) else {
            self.standing.missing.push(table.name.clone());
            self.standing.gone.insert(index);
            return Ok(());
        };
        // What shows another definition is shown as it is, until the table is made anew.
        if progress.definition != table.definition {
            return Ok(());
        }
        let rows = rows_of(table, physical, self.dialect);
        let problems = match found.is_view {
            true => vec![format!("its table {physical} is a view")],
            false => rows.problems(&found.columns),
        };
        match problems.is_empty() {
            true => {
                let lacking = rows.unindexed(&found.columns);
                let indexes = lacking.map(|c| self.dialect.create_index(physical, &c.name));
                let indexes: Vec<String> = indexes.collect();
                self.statements.extend(indexes);
                self.show_all(index, physical)?;
                self.rankings(index, table, progress);
                Ok(())
            }
            false => {
                self.refuse(index, table, (problems, None));
                Ok(())
            }
        }
    }

    /// Renames a table that an earlier build made under the public name, which becomes a view of it.
    fn adopt(
        &mut self,
        index: TableIndex,
        table: &TableSchema,
        progress: Option<Progress>,
    ) -> Result<(), Invariant> {
        let Some(found) = self.found(&table.name) else {
            return Ok(());
        };
        let problems = rows_of(table, &table.name, self.dialect).problems(&found.columns);
        let is_current = progress
            .as_ref()
            .is_none_or(|progress| progress.definition == table.definition);
        if is_current && !problems.is_empty() {
            self.refuse(index, table, (problems, Some(&table.name)));
            return Ok(());
        }
        let names: Vec<String> = found.columns.iter().map(|c| c.name.clone()).collect();
        let mut made = 1;
        while self.found(&table.physical(made)).is_some() {
            made += 1;
        }
        let physical = table.physical(made);
        let dialect = self.dialect;
        self.statements.push(dialect.rename(&table.name, &physical));
        let named = (physical.as_str(), made);
        let noted = match &progress {
            Some(_) => note_name(self.schema, dialect, table, named),
            None => note_prepared(self.schema, dialect, table, named),
        };
        self.statements.push(noted);
        if is_current {
            return self.show_all(index, &physical);
        }
        let public = ViewDefinition {
            name: table.name.clone(),
            query: all_of(&physical, &names, dialect),
            columns: names,
            physical,
        };
        self.statements.extend(dialect.show(&public));
        Ok(())
    }

    fn show_all(&mut self, index: TableIndex, physical: &str) -> Result<(), Invariant> {
        for view in views(self.schema, index, physical, self.dialect)? {
            let found = self.found(&view.name).filter(|found| found.is_view);
            if !found.is_some_and(|found| self.dialect.is_shown(&view, found)) {
                self.statements.extend(self.dialect.show(&view));
            }
        }
        Ok(())
    }

    /// Removes views of a table that the dataset file no longer has, and notes those that it has.
    fn rankings(&mut self, index: TableIndex, table: &TableSchema, progress: &Progress) {
        let wanted = self.schema.views_of(index);
        if progress.rankings == wanted {
            return;
        }
        for name in removed(self.schema, progress) {
            if self.found(name).is_some_and(|found| found.is_view) {
                self.statements.push(self.dialect.drop_view(name));
            }
        }
        let column = |name| self.dialect.quote(name);
        self.statements.push(format!(
            "UPDATE {} SET {} = {} WHERE {} = {}",
            self.dialect.full_name(PROGRESS),
            column("rankings"),
            rankings(self.schema, self.dialect, table),
            column("gold_table"),
            self.dialect.literal(&table.name),
        ));
    }

    fn refuse(
        &mut self,
        index: TableIndex,
        table: &TableSchema,
        (problems, in_the_way): (Vec<String>, Option<&str>),
    ) {
        let mismatch = WarehouseError::Mismatch {
            table: table.name.clone(),
            problems,
            in_the_way: in_the_way.map(str::to_owned),
        };
        self.standing.unfit.insert(index, mismatch);
    }
}

/// Returns the names of the views of a table beside its report as a literal.
fn rankings(schema: &GoldSchema, dialect: &dyn Dialect, table: &TableSchema) -> String {
    let found = schema.table(&table.name);
    let rankings = found.and_then(|(index, _)| schema.views_of(index));
    rankings.map_or("NULL".to_owned(), |rankings| dialect.literal(&rankings))
}

/// Returns the statement that notes where the rows of a table are that has progress.
pub(in crate::warehouse) fn note_name(
    schema: &GoldSchema,
    dialect: &dyn Dialect,
    table: &TableSchema,
    (physical, made): (&str, u64),
) -> String {
    let [dataset, name, physical] =
        [&schema.dataset, &table.name, physical].map(|text| dialect.literal(text));
    let column = |name| dialect.quote(name);
    format!(
        "UPDATE {} SET {} = {dataset}, {} = {physical}, {} = {made}, {} = {} WHERE {} = {name}",
        dialect.full_name(PROGRESS),
        column("dataset"),
        column("physical"),
        column("n"),
        column("rankings"),
        rankings(schema, dialect, table),
        column("gold_table"),
    )
}

/// Returns the statement that notes a table that is there and was never filled.
pub(in crate::warehouse) fn note_prepared(
    schema: &GoldSchema,
    dialect: &dyn Dialect,
    table: &TableSchema,
    (physical, made): (&str, u64),
) -> String {
    let [dataset, name, definition, physical] =
        [&schema.dataset, &table.name, &table.definition, physical]
            .map(|text| dialect.literal(text));
    let columns = [
        "gold_table",
        "generation",
        "definition",
        "version",
        "dataset",
        "physical",
        "n",
        "rankings",
    ]
    .map(|name| dialect.quote(name));
    let progress = dialect.full_name(PROGRESS);
    format!(
        "INSERT INTO {progress} ({})\nSELECT {name}, 0, {definition}, 0, {dataset}, {physical}, {made}, {}\n\
         WHERE NOT EXISTS (SELECT 1 FROM {progress} WHERE {} = {name})",
        columns.join(", "),
        rankings(schema, dialect, table),
        dialect.quote("gold_table"),
    )
}
