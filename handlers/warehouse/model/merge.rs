//! How what a run adds to the groups of a table becomes one with what is stored of them, where no statement can do it; pure.
//!
//! Both warehouses read the stored rows, merge them here and write what comes out. A measure comes apart into the columns
//! that it is kept in, and is put together from them.

use super::{Datum, Picked, Row, text};
use crate::error::Invariant;
use crate::value::decimal;
use crate::value::hash::sketch::Sketch;
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::schema::{Holds, MeasureColumn, Merge, StoredColumn, TableSchema};

/// The measures of a group as they are stored.
#[derive(Debug)]
pub(in crate::warehouse) struct StoredRow {
    /// Which of the rows that are merged has the same group.
    pub(in crate::warehouse) number: usize,
    /// The values of all columns of its measures, in order; nothing for one that is not what its column holds.
    pub(in crate::warehouse) parts: Vec<Option<Datum>>,
}

/// What was stored of each group, if anything was.
pub(in crate::warehouse) type Before = Vec<Option<Vec<Datum>>>;

/// Merges rows with those that are stored of their groups; a group of which nothing is stored stays as it is. Returns what
/// was stored of each as well, where that is asked for.
///
/// # Errors
/// Fails if a sum gets too many digits, or if a stored value is none.
pub(in crate::warehouse) fn merged(
    table: &TableSchema,
    mut rows: Vec<Row>,
    stored: Vec<StoredRow>,
    keeps: bool,
) -> Result<(Vec<Row>, Before), WarehouseError> {
    let mut kept = vec![None; if keeps { rows.len() } else { 0 }];
    for StoredRow { number, parts } in stored {
        let row = rows.get_mut(number);
        let row = row.ok_or(Invariant(
            "what is stored is asked for by the rows to merge",
        ))?;
        let before = joined_row(table, parts)?;
        if let Some(kept) = kept.get_mut(number) {
            *kept = Some(before.clone());
        }
        let measures = table.measures.iter().zip(before);
        for ((measure, stored), own) in measures.zip(&mut row.measures) {
            let added = std::mem::replace(own, Datum::Null);
            let merged = merge(measure.source.merge(), stored, added)?;
            *own = merged.ok_or_else(|| WarehouseError::Overflow {
                table: table.name.clone(),
                group: Some(text::group(table, row.start, &row.dimensions)),
            })?;
        }
    }
    Ok((rows, kept))
}

/// Puts the measures of a group together from the values of all of their columns.
///
/// # Errors
/// Fails if a stored value is none.
pub(in crate::warehouse) fn joined_row(
    table: &TableSchema,
    parts: Vec<Option<Datum>>,
) -> Result<Vec<Datum>, WarehouseError> {
    let mut parts = parts.into_iter();
    let measures = table.measures.iter().map(|measure| {
        joined(measure, &mut parts).map_err(|holds| unreadable(table, &measure.column(holds)))
    });
    measures.collect()
}

/// Takes a measure apart into the values of its [columns](MeasureColumn::columns).
pub(in crate::warehouse) fn parts(
    measure: &MeasureColumn,
    datum: Datum,
) -> impl Iterator<Item = Datum> + use<> {
    let (own, hidden) = match (measure.source.merge(), datum) {
        (Merge::First | Merge::Last, Datum::Picked(picked)) => {
            let key = Datum::Bytes(picked.key.to_vec());
            (picked.value, [Some(Datum::Timestamp(picked.at)), Some(key)])
        }
        (Merge::First | Merge::Last, _) => (Datum::Null, [Some(Datum::Null), Some(Datum::Null)]),
        (Merge::Unite, Datum::Sketch(sketch)) => {
            let bytes = Some(sketch.to_bytes()).filter(|bytes| !bytes.is_empty());
            let bytes = bytes.map_or(Datum::Null, Datum::Bytes);
            (Datum::Int64(sketch.estimate()), [Some(bytes), None])
        }
        (Merge::Unite, _) => (Datum::Int64(0), [Some(Datum::Null), None]),
        (Merge::Add | Merge::Min | Merge::Max, datum) => (datum, [None, None]),
    };
    let [second, third] = hidden;
    [Some(own), second, third].into_iter().flatten()
}

/// Puts a measure together from the values of its columns; fails with what the column is to hold that holds none.
fn joined(
    measure: &MeasureColumn,
    parts: &mut impl Iterator<Item = Option<Datum>>,
) -> Result<Datum, Holds> {
    let (mut value, mut at, mut key, mut sketch) = (Datum::Null, None, None, Sketch::default());
    for holds in measure.holds() {
        let part = parts.next().flatten();
        match (holds, part) {
            (_, None) => return Err(holds),
            (Holds::Value(_), Some(part)) => value = part,
            (_, Some(Datum::Null)) => {}
            (Holds::EventTime, Some(Datum::Timestamp(micros))) => at = Some(micros),
            (Holds::RowHash, Some(Datum::Bytes(bytes))) => {
                key = Some(bytes.try_into().map_err(|_| holds)?);
            }
            (Holds::Sketch, Some(Datum::Bytes(bytes))) => {
                sketch = Sketch::from_bytes(&bytes).ok_or(holds)?;
            }
            _ => return Err(holds),
        }
    }
    Ok(match (measure.source.merge(), at.zip(key)) {
        (Merge::Add | Merge::Min | Merge::Max, _) => value,
        (Merge::First | Merge::Last, Some((at, key))) => {
            Datum::Picked(Box::new(Picked { value, at, key }))
        }
        (Merge::First | Merge::Last, None) => Datum::Null,
        (Merge::Unite, _) => Datum::Sketch(Box::new(sketch)),
    })
}

/// Merges two values of a measure; nothing if their sum has too many digits.
fn merge(how: Merge, stored: Datum, added: Datum) -> Result<Option<Datum>, Invariant> {
    Ok(Some(match (how, stored, added) {
        (_, Datum::Null, datum) | (_, datum, Datum::Null) => datum,
        (Merge::Add, Datum::Int64(a), Datum::Int64(b)) => {
            return Ok(a.checked_add(b).map(Datum::Int64));
        }
        (Merge::Add, Datum::Decimal(a), Datum::Decimal(b)) => {
            let sum = a.checked_add(b).filter(|sum| decimal::fits(*sum));
            return Ok(sum.map(Datum::Decimal));
        }
        (Merge::Min, stored, added) if is_less(&added, &stored)? => added,
        (Merge::Max, stored, added) if is_less(&stored, &added)? => added,
        (Merge::Min | Merge::Max, stored, _) => stored,
        (Merge::First, Datum::Picked(stored), Datum::Picked(added)) => {
            Datum::Picked(if added.place() < stored.place() {
                added
            } else {
                stored
            })
        }
        (Merge::Last, Datum::Picked(stored), Datum::Picked(added)) => {
            Datum::Picked(if added.place() > stored.place() {
                added
            } else {
                stored
            })
        }
        (Merge::Unite, Datum::Sketch(mut stored), Datum::Sketch(added)) => {
            stored.unite(&added);
            Datum::Sketch(stored)
        }
        _ => return Err(OF_ONE_TYPE),
    }))
}

const OF_ONE_TYPE: Invariant = Invariant("two values of a measure have its type");

fn is_less(a: &Datum, b: &Datum) -> Result<bool, Invariant> {
    Ok(match (a, b) {
        (Datum::Int64(a), Datum::Int64(b)) | (Datum::Timestamp(a), Datum::Timestamp(b)) => a < b,
        (Datum::Double(a), Datum::Double(b)) => a < b,
        (Datum::Decimal(a), Datum::Decimal(b)) => a < b,
        (Datum::Date(a), Datum::Date(b)) => a < b,
        _ => return Err(OF_ONE_TYPE),
    })
}

fn unreadable(table: &TableSchema, column: &StoredColumn) -> WarehouseError {
    let what = match column.holds {
        Holds::Value(_) => "value of its type",
        Holds::EventTime => "event time",
        Holds::RowHash => "hash of a row",
        Holds::Sketch => "sketch",
    };
    WarehouseError::Statement {
        purpose: "merge rows into",
        object: table.name.clone(),
        kind: FailureKind::Permanent,
        source: format!(
            "column {} holds what is no {what}: somebody has changed it; `sluice rebuild gold` makes the table anew",
            column.name
        )
        .into(),
    }
}

#[cfg(test)]
mod tests;
