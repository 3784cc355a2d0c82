//! Which column or table is meant, where one part of a dataset names another; pure.

use std::fmt;

/// A column of a [`Dataset`](super::Dataset), by its place among the columns. Only the dataset tells whether it has one
/// there: [`Dataset::column`](super::Dataset::column).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ColumnIndex(usize);

impl ColumnIndex {
    /// Makes the index of the column at `position`, counted from 0.
    #[must_use]
    pub const fn new(position: usize) -> Self {
        Self(position)
    }

    /// Returns the column's position, counted from 0: among the dataset's columns and among the columns of its rows.
    #[must_use]
    pub const fn position(self) -> usize {
        self.0
    }
}

/// A table of gold, by its place among the dataset's tables, which is that among the schema's too. Only the schema tells
/// whether it has one there: [`GoldSchema::table_at`](crate::warehouse::schema::GoldSchema::table_at).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableIndex(usize);

impl TableIndex {
    /// Makes the index of the table at `position`, counted from 0.
    #[must_use]
    pub const fn new(position: usize) -> Self {
        Self(position)
    }

    /// Returns the table's position, counted from 0.
    #[must_use]
    pub const fn position(self) -> usize {
        self.0
    }
}

impl fmt::Display for TableIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
