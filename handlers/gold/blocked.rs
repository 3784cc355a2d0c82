//! Tables that cannot go on while the others do: which failure is one table's own, and when it is tried again; pure.
//!
//! What failed on a table's own rows is in silver for good and fails again. So it is remembered for a day, in the
//! process, and costs nothing until then. What can be mended from outside, such as a table that does not fit, is
//! looked at in every run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Error;
use super::increments::AggregateError;
use super::plan::Rebuild;
use crate::error::{Invariant, chain};
use crate::event::UnixMillis;
use crate::value::time::millis;
use crate::warehouse::schema::{GoldSchema, TableIndex};
use crate::warehouse::{FailureKind, Progress, WarehouseError};

/// How long a table whose rows failed is left alone.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Returns the tables whose own failure this is, if it is no failure of the run as a whole.
pub(super) fn blamed(error: &Error, schema: &GoldSchema) -> Vec<TableIndex> {
    let names: Vec<&str> = match error {
        Error::Aggregate(AggregateError::Overflow { table, .. })
        | Error::Warehouse(
            WarehouseError::Overflow { table }
            | WarehouseError::Statement {
                kind: FailureKind::Permanent,
                object: table,
                ..
            },
        ) => vec![table],
        Error::Rebuild { tables, .. } | Error::Ahead { tables, .. } => {
            tables.iter().map(String::as_str).collect()
        }
        _ => Vec::new(),
    };
    let indices = names.iter().filter_map(|name| schema.table(name));
    indices.map(|(index, _)| index).collect()
}

/// The tables that a run leaves out, with the reason of each.
#[derive(Debug, Default)]
pub(super) struct LeftOut(BTreeMap<TableIndex, String>);

impl LeftOut {
    /// Leaves out a table.
    pub(super) fn add(&mut self, table: TableIndex, reason: String) {
        self.0.entry(table).or_insert(reason);
    }

    /// Returns the tables.
    pub(super) fn tables(&self) -> impl Iterator<Item = &TableIndex> {
        self.0.keys()
    }

    /// Returns whether no table is left out.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the reasons, each once, in the order of the tables.
    pub(super) fn reasons(self) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        for reason in self.0.into_values() {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }
}

/// What failed on rows of its own lately.
#[derive(Debug, Default)]
pub(super) struct Remembered(BTreeMap<TableIndex, Failure>);

#[derive(Debug)]
struct Failure {
    /// Where the table stood, so that one that somebody moved on is tried again.
    from: Option<Progress>,
    at: UnixMillis,
    reason: String,
}

impl Remembered {
    /// Remembers that `table`, which stood at `from`, failed at `at`.
    pub(super) fn note(
        &mut self,
        table: TableIndex,
        from: Option<Progress>,
        at: UnixMillis,
        error: &Error,
    ) {
        // A gap is looked at anew in every run: it is found before anything is read.
        if matches!(error, Error::Rebuild { .. }) {
            return;
        }
        let reason = chain(error);
        self.0.insert(table, Failure { from, at, reason });
    }

    /// Returns when the first of these tables is tried again; nothing if one of them is looked at in every run.
    pub(super) fn next_try<'a>(
        &self,
        tables: impl IntoIterator<Item = &'a TableIndex>,
    ) -> Option<UnixMillis> {
        let mut first = UnixMillis(i64::MAX);
        for table in tables {
            let failed = self.0.get(table)?.at;
            let again = failed.0.saturating_add(millis(TRIED_AGAIN_AFTER));
            first = first.min(UnixMillis(again));
        }
        Some(first)
    }

    /// Leaves out the tables that failed within a day and stand where they stood, unless they are to be rebuilt.
    ///
    /// # Errors
    /// Fails if a table is not one of the schema.
    pub(super) fn leave_out(
        &self,
        left_out: &mut LeftOut,
        schema: &GoldSchema,
        progress: &BTreeMap<String, Progress>,
        (rebuild, now): (&Rebuild, UnixMillis),
    ) -> Result<(), Invariant> {
        for (index, failure) in &self.0 {
            let name = &schema.table_at(*index)?.name;
            let age = now.0.saturating_sub(failure.at.0);
            // A clock that was set back says nothing, so the table is tried.
            let is_recent = (0..millis(TRIED_AGAIN_AFTER)).contains(&age);
            if is_recent && !rebuild.has(name) && progress.get(name) == failure.from.as_ref() {
                left_out.add(*index, failure.reason.clone());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;
    use crate::table::log::Version;

    const NOON: i64 = 1_763_121_600_000;
    const DAY: i64 = 86_400_000;

    fn schema() -> GoldSchema {
        let text = include_str!("../../datasets/orders.toml");
        GoldSchema::of(&Dataset::parse(text, "orders.toml").unwrap()).unwrap()
    }

    fn overflow(table: &str) -> Error {
        Error::Warehouse(WarehouseError::Overflow {
            table: table.to_owned(),
        })
    }

    fn statement(kind: FailureKind, object: &str) -> Error {
        Error::Warehouse(WarehouseError::Statement {
            purpose: "merge rows into",
            object: object.to_owned(),
            kind,
            source: "refused".into(),
        })
    }

    #[test]
    fn only_what_fails_for_good_and_names_a_table_is_its_own_failure() {
        let schema = schema();
        let (index, table) = schema.indexed_tables().nth(1).unwrap();
        let name = table.name.as_str();
        assert_eq!(blamed(&overflow(name), &schema), [index]);
        let refused = statement(FailureKind::Permanent, name);
        assert_eq!(blamed(&refused, &schema), [index]);
        for of_the_run in [
            statement(FailureKind::Transient, name),
            statement(FailureKind::Ambiguous, name),
            statement(FailureKind::Permanent, "a gold transaction"),
            overflow("no_table"),
        ] {
            assert!(blamed(&of_the_run, &schema).is_empty(), "{of_the_run:?}");
        }
    }

    #[test]
    fn a_failed_table_is_left_alone_for_a_day_where_it_stands() {
        let schema = schema();
        let (index, table) = schema.indexed_tables().next().unwrap();
        let at = |version| Progress {
            generation: schema.generation,
            definition: table.definition.clone(),
            version: Version(version),
        };
        let mut failed = Remembered::default();
        failed.note(index, Some(at(5)), UnixMillis(NOON), &overflow(&table.name));
        let is_left_out = |progress: Progress, rebuild: Rebuild, now: i64| {
            let mut left_out = LeftOut::default();
            let progress = BTreeMap::from([(table.name.clone(), progress)]);
            let known = (&rebuild, UnixMillis(now));
            failed
                .leave_out(&mut left_out, &schema, &progress, known)
                .unwrap();
            !left_out.is_empty()
        };
        assert!(is_left_out(at(5), Rebuild::None, NOON));
        assert!(is_left_out(at(5), Rebuild::None, NOON + DAY - 1));
        // A day later, where somebody moved it on, where it is asked for, and where the clock was set back.
        assert!(!is_left_out(at(5), Rebuild::None, NOON + DAY));
        assert!(!is_left_out(at(6), Rebuild::None, NOON));
        assert!(!is_left_out(at(5), Rebuild::All, NOON));
        assert!(!is_left_out(at(5), Rebuild::None, NOON - 1));
    }

    #[test]
    fn the_next_try_is_that_of_the_first_table_unless_one_is_looked_at_always() {
        let schema = schema();
        let tables: Vec<TableIndex> = schema.indexed_tables().map(|(index, _)| index).collect();
        let mut failed = Remembered::default();
        for (table, at) in tables.iter().zip([NOON + 5, NOON]) {
            failed.note(*table, None, UnixMillis(at), &overflow("a"));
        }
        assert_eq!(failed.next_try(&tables[..2]), Some(UnixMillis(NOON + DAY)));
        assert_eq!(failed.next_try(&tables), None);
        assert_eq!(failed.next_try([]), Some(UnixMillis(i64::MAX)));
    }

    #[test]
    fn a_reason_that_several_tables_share_is_said_once() {
        let mut left_out = LeftOut::default();
        for (table, reason) in [(2, "b"), (0, "a"), (1, "a"), (0, "later")] {
            left_out.add(TableIndex::new(table), reason.to_owned());
        }
        assert_eq!(left_out.reasons(), ["a", "b"]);
    }
}
