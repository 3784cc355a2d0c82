//! Which duplicates are conflicts: they differ from the row that stays. Pure.
//!
//! Rows are compared by the columns that the dataset declares and does not compute, as values of their types; where a row
//! came from and the fields that no column names do not count, nor does the event time where the key has a bucket of it.
//! Nothing is hashed but duplicates and the rows that they repeat.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::ArrayRef;

use super::first_rows::Repeat;
use super::key_set::KeyBuilder;
use crate::dataset::{ColumnIndex, Dataset};
use crate::silver::cast::keyed_rows::KeyedRow;
use crate::silver::cast::rows::Cast;
use crate::value::hash::{HashError, RowHasher};

/// What a row holds in the dataset's columns, as a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::silver) struct Content(u128);

/// The contents of rows, by their keys.
pub(in crate::silver) type Contents = HashMap<u128, Content, KeyBuilder>;

/// Returns those of the dataset's columns that rows are compared by.
pub(super) fn compared(dataset: &Dataset, columns: &[ArrayRef]) -> Vec<ArrayRef> {
    let is_left_out = |place: usize| {
        let is_bucket = dataset.key.as_ref().is_some_and(|key| key.bucket.is_some());
        is_bucket && ColumnIndex::new(place) == dataset.event_time
    };
    let columns = dataset.columns.iter().zip(columns).enumerate();
    let read = columns.filter(|(place, (column, _))| column.expr.is_none() && !is_left_out(*place));
    read.map(|(_, (_, values))| Arc::clone(values)).collect()
}

/// Hashes what rows hold.
#[derive(Debug)]
pub(super) struct ContentHasher(RowHasher);

impl ContentHasher {
    /// Makes a hasher of rows with these columns, which are those that are [`compared`].
    ///
    /// # Errors
    /// As [`RowHasher::new`].
    pub(super) fn new(columns: &[ArrayRef]) -> Result<Self, HashError> {
        let rows = columns.first().map_or(0, |column| column.len());
        RowHasher::new(columns, rows).map(Self)
    }

    /// Returns what a row holds, which must exist.
    pub(super) fn content(&mut self, row: usize) -> Content {
        Content(self.0.hash(row))
    }
}

/// The rows of a group that are conflicts, by their number, and the source of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::silver) struct Conflicts(BTreeMap<u32, u32>);

impl Conflicts {
    /// Finds the repeats within a group that differ from the row that they repeat.
    ///
    /// # Errors
    /// As [`RowHasher::new`].
    pub(in crate::silver) fn within(
        dataset: &Dataset,
        cast: &Cast,
        repeats: &[Repeat],
    ) -> Result<Self, HashError> {
        let mut conflicts = Self::default();
        if repeats.is_empty() {
            return Ok(conflicts);
        }
        let mut hasher = ContentHasher::new(&compared(dataset, &cast.columns))?;
        for Repeat { row, of } in repeats {
            if hasher.content(row.row as usize) != hasher.content(*of as usize) {
                conflicts.0.insert(row.row, row.source);
            }
        }
        Ok(conflicts)
    }

    /// Compares duplicates with the rows that stay, whose contents these are. What was found of a duplicate before gives
    /// way; one whose key is not among them is left as it is.
    ///
    /// # Errors
    /// As [`RowHasher::new`].
    pub(in crate::silver) fn compare<'r>(
        &mut self,
        dataset: &Dataset,
        cast: &Cast,
        duplicates: impl IntoIterator<Item = &'r KeyedRow>,
        kept: &Contents,
    ) -> Result<(), HashError> {
        let mut hasher = ContentHasher::new(&compared(dataset, &cast.columns))?;
        for duplicate in duplicates {
            match kept.get(&duplicate.key) {
                None => {}
                Some(content) if *content == hasher.content(duplicate.row as usize) => {
                    self.0.remove(&duplicate.row);
                }
                Some(_) => {
                    self.0.insert(duplicate.row, duplicate.source);
                }
            }
        }
        Ok(())
    }

    /// Returns whether a row is one.
    pub(in crate::silver) fn contains(&self, row: u32) -> bool {
        self.0.contains_key(&row)
    }

    /// Returns how many each source has; those without any are left out.
    pub(in crate::silver) fn by_source(&self) -> BTreeMap<u32, u64> {
        let mut counts = BTreeMap::new();
        for source in self.0.values() {
            *counts.entry(*source).or_default() += 1;
        }
        counts
    }
}
