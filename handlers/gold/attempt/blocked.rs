//! Tables that cannot go on while the others do: which failure is one table's own, and when it is tried again; pure.
//!
//! What failed on a table's own rows is in silver for good and fails again. So it is noted in the table's freshness, and
//! costs nothing until its definition or the package changes, or a day has passed. What can be mended from outside, such
//! as a table that does not fit, is looked at in every run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::UnixMillis;
use crate::gold::error::Error;
use crate::gold::increments::AggregateError;
use crate::value::time::millis;
use crate::warehouse::schema::{GoldSchema, TableIndex, TableSchema};
use crate::warehouse::{Blocked, FailureKind, WarehouseError};

/// How long a table whose rows failed is left alone.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// What is noted as the definition of a table that is tried in every run: no definition is this.
pub(super) const TRIED_EVERY_TIME: &str = "";

/// Returns the tables whose own failure this is, if it is no failure of the run as a whole.
pub(super) fn blamed(error: &Error, schema: &GoldSchema) -> Vec<TableIndex> {
    let names: Vec<&str> = match error {
        Error::Aggregate(AggregateError::Overflow { table, .. })
        | Error::Warehouse(
            WarehouseError::Overflow { table, .. }
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

/// Returns when a table that is noted as blocked is tried again; nothing if that is in every run.
pub(super) fn next_try(blocked: &Blocked) -> Option<UnixMillis> {
    let again = blocked.at.0.saturating_add(millis(TRIED_AGAIN_AFTER));
    (blocked.definition != TRIED_EVERY_TIME).then_some(UnixMillis(again))
}

/// Returns whether a table that is noted as blocked is left alone by a build with this stamp: nothing that it depends on
/// has changed, and it was tried within a day.
pub(super) fn is_left_alone(
    blocked: &Blocked,
    table: &TableSchema,
    (stamp, now): (i64, UnixMillis),
) -> bool {
    let age = now.0.saturating_sub(blocked.at.0);
    // A clock that was set back says nothing, so the table is tried.
    let is_recent = (0..millis(TRIED_AGAIN_AFTER)).contains(&age);
    is_recent && blocked.definition == table.definition && blocked.stamp == stamp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Dataset;

    const NOON: i64 = 1_763_121_600_000;
    const DAY: i64 = 86_400_000;

    fn schema() -> GoldSchema {
        let text = include_str!("../../../datasets/orders.toml");
        GoldSchema::of(&Dataset::parse(text, "orders.toml").unwrap()).unwrap()
    }

    fn overflow(table: &str) -> Error {
        Error::Warehouse(WarehouseError::Overflow {
            table: table.to_owned(),
            group: None,
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
    fn a_failed_table_is_left_alone_for_a_day_while_nothing_changes() {
        let schema = schema();
        let table = &schema.tables[0];
        let blocked = Blocked {
            reason: "why".to_owned(),
            version: None,
            definition: table.definition.clone(),
            stamp: 7,
            at: UnixMillis(NOON),
            is_rebuilding: false,
        };
        let is_alone =
            |blocked: &Blocked, stamp, now| is_left_alone(blocked, table, (stamp, UnixMillis(now)));
        assert!(is_alone(&blocked, 7, NOON));
        assert!(is_alone(&blocked, 7, NOON + DAY - 1));
        // A day later, by another package, and where the clock was set back.
        assert!(!is_alone(&blocked, 7, NOON + DAY));
        assert!(!is_alone(&blocked, 8, NOON));
        assert!(!is_alone(&blocked, 7, NOON - 1));
        for definition in ["another", TRIED_EVERY_TIME] {
            let changed = Blocked {
                definition: definition.to_owned(),
                ..blocked.clone()
            };
            assert!(!is_alone(&changed, 7, NOON), "{definition}");
            let is_always_tried = definition == TRIED_EVERY_TIME;
            assert_eq!(
                next_try(&changed).is_none(),
                is_always_tried,
                "{definition}"
            );
        }
        assert_eq!(next_try(&blocked), Some(UnixMillis(NOON + DAY)));
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
