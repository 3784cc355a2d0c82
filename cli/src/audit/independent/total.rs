//! One measure of one group, added up in the plainest way.

use std::collections::HashSet;

use sluice::warehouse::schema::MeasureSource;

use super::cells::Cell;
use super::estimate::is_near;
use super::keys::hash;
use super::one_time::OfOneTime;

/// One measure of one group.
#[derive(Clone, Debug)]
pub(super) enum Total {
    Rows(i64),
    Values(i64),
    Sum(Option<i128>),
    Least(Cell<'static>),
    Most(Cell<'static>),
    OfOneTime(OfOneTime),
    Distinct(HashSet<u128>),
}

impl Total {
    /// Returns the measure of a group without rows.
    pub(super) fn of(source: MeasureSource) -> Self {
        match source {
            MeasureSource::Rows => Self::Rows(0),
            MeasureSource::Values(_) => Self::Values(0),
            MeasureSource::Sum(_) => Self::Sum(None),
            MeasureSource::Min(_) => Self::Least(Cell::Null),
            MeasureSource::Max(_) => Self::Most(Cell::Null),
            MeasureSource::First(_) => Self::OfOneTime(OfOneTime::earliest()),
            MeasureSource::Last(_) => Self::OfOneTime(OfOneTime::latest()),
            MeasureSource::Distinct(_) => Self::Distinct(HashSet::new()),
        }
    }

    /// Adds the value of a row of this time, if the measure is of a column.
    pub(super) fn add(&mut self, value: Option<Cell<'_>>, time: i64) -> Result<(), String> {
        let value = value.unwrap_or(Cell::Null);
        match self {
            Self::Rows(count) => *count += 1,
            Self::Values(count) => *count += i64::from(value != Cell::Null),
            Self::Sum(sum) => {
                let number = match value {
                    Cell::Int64(number) => i128::from(number),
                    Cell::Decimal(number) => number,
                    _ => return Ok(()),
                };
                let total = sum.unwrap_or(0).checked_add(number);
                *sum = Some(total.ok_or_else(|| "a sum is too large".to_owned())?);
            }
            Self::Least(least) => replace(least, value, std::cmp::Ordering::Less),
            Self::Most(most) => replace(most, value, std::cmp::Ordering::Greater),
            Self::OfOneTime(values) => values.add(value, time),
            Self::Distinct(hashes) => {
                if value != Cell::Null {
                    let mut encoded = Vec::new();
                    value.encode(&mut encoded);
                    hashes.insert(hash(&encoded));
                }
            }
        }
        Ok(())
    }

    /// Returns whether gold may show this value.
    pub(super) fn allows(&self, found: &Cell<'_>) -> bool {
        match self {
            Self::OfOneTime(values) => values.allows(found),
            Self::Distinct(hashes) => match found {
                Cell::Int64(found) => is_near(*found, hashes.len()),
                _ => false,
            },
            _ => self.cell().as_ref() == Some(found),
        }
    }

    /// Writes what gold may show for people.
    pub(super) fn show(&self, scale: u8) -> String {
        match (self, self.cell()) {
            (_, Some(cell)) => cell.show(scale),
            (Self::OfOneTime(values), None) => values.show(scale),
            (Self::Distinct(hashes), None) => format!("{} or nearly so", hashes.len()),
            (_, None) => "nothing".to_owned(),
        }
    }

    /// Returns the one value that gold may show, if there is but one.
    fn cell(&self) -> Option<Cell<'static>> {
        Some(match self {
            Self::Rows(count) | Self::Values(count) => Cell::Int64(*count),
            Self::Sum(sum) => sum.map_or(Cell::Null, Cell::Decimal),
            Self::Least(cell) | Self::Most(cell) => cell.clone(),
            Self::OfOneTime(_) | Self::Distinct(_) => return None,
        })
    }
}

fn replace(kept: &mut Cell<'static>, value: Cell<'_>, wanted: std::cmp::Ordering) {
    let value = match value {
        Cell::Int64(number) => Cell::Int64(number),
        Cell::Double(number) => Cell::Double(number + 0.0),
        Cell::Decimal(number) => Cell::Decimal(number),
        Cell::Timestamp(micros) => Cell::Timestamp(micros),
        Cell::Date(days) => Cell::Date(days),
        Cell::Null | Cell::Text(_) | Cell::Bool(_) => return,
    };
    if *kept == Cell::Null || value.order(kept) == Some(wanted) {
        *kept = value;
    }
}
