//! What gold looks like in SQL, worked out from the dataset file, the same for every warehouse; pure.
//!
//! A gold table is known by a public name, which is a view, and its rows lie in a table `{name}__{n}`, of which every
//! making anew makes another one: a name is never used twice. It has the columns: its time (`hour`, `day` or `month`; none for the grain `all`), [`KEY`], the
//! dimensions, the measures. Its primary key is (time, [`KEY`]). [`KEY`] is a hash of the exact dimension values, so
//! that collation, trailing blanks, nulls and length of a value neither merge nor refuse groups; the dimension columns
//! are there to be read.
//!
//! An average is kept as `{name}_sum` and `{name}_count`, which merge, and divided in the table's report view. What a first
//! or last value is compared by, and the sketch of a count of different values, are in columns whose names begin with an
//! underscore, which no view shows.

mod canonical;
mod error;
mod gold_schema;
mod layout;
mod measure;
mod names;
mod rule;
mod table;
#[cfg(test)]
mod tests;
mod value_type;
mod view;

pub use crate::dataset::TableIndex;
pub use error::SchemaError;
pub use gold_schema::GoldSchema;
pub(super) use gold_schema::VIEWS_END;
pub use measure::{Holds, MeasureColumn, MeasureSource, Merge, StoredColumn};
pub use names::{
    ALERTS, BALANCE, BOOKS, BUILDS, Book, FRESHNESS, KEY, NEXT, OUTBOX, PROGRESS, RANK, RETIRED,
    RULES, SETTLED,
};
pub(super) use names::{BALANCE_COLUMNS, report_of};
pub use rule::{RuleSchema, RuleTrigger, WatchedColumn, WatchedValue, watched_columns};
pub use table::{DimensionColumn, Shown, ShownValue, TableSchema};
pub use value_type::ValueType;
pub use view::{Shows, SummaryColumn, ViewSchema};
