//! Which table of gold is meant; pure.

use std::fmt;

/// A table of a [`GoldSchema`](super::GoldSchema), by its place among the tables. Only the schema tells whether it has
/// one there: [`GoldSchema::table_at`](super::GoldSchema::table_at).
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
