//! Rows by number, with what decides where they go. Pure.

use super::rows::Cast;
use crate::error::Invariant;

/// A row of a [`Cast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::silver) struct KeyedRow {
    /// Its event time, in microseconds since 1970.
    pub(in crate::silver) time: i64,
    /// Its number in the cast.
    pub(in crate::silver) row: u32,
    /// Its source, as the caller numbered it.
    pub(in crate::silver) source: u32,
    /// The hash of its key; 0 where there is none.
    pub(in crate::silver) key: u128,
}

/// Returns every row, in the order of the cast; `keys` are the hashes of their keys.
///
/// # Errors
/// Fails unless there is exactly one key for each row.
pub(in crate::silver) fn keyed_rows(
    cast: &Cast,
    keys: Vec<u128>,
) -> Result<impl Iterator<Item = KeyedRow>, Invariant> {
    let (times, sources) = (cast.event_times(), cast.sources());
    if keys.len() != times.len() || keys.len() != sources.len() {
        return Err(Invariant(
            "a row has one event time, one source and one key",
        ));
    }
    let rows = (0u32..).zip(times).zip(sources).zip(keys);
    Ok(rows.map(|(((row, time), source), key)| KeyedRow {
        time: *time,
        row,
        source,
        key,
    }))
}
