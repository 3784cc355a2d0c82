//! Rows of the columns that the expressions of these tests name, as people write them.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::BooleanBuffer;
use sluice::event::EventTime;
use sluice::expr::{Column, Input, Scope, Type};
use sluice::value::time::{Date, parse_date, parse_rfc3339};

/// A value, or that there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    /// The column could not take what the event has.
    Invalid,
    Bool(bool),
    Int64(i64),
    Double(f64),
    /// Times ten to the scale of the column.
    Decimal(i128),
    Text(String),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
}

const fn decimal(precision: u8, scale: u8) -> Type {
    Type::Decimal { precision, scale }
}

/// A point in time, or a day.
pub(super) const TIME: Type = Type::Timestamp;

/// Returns the digits after the point of a type.
pub(super) fn scale_of(kind: Type) -> u8 {
    match kind {
        Type::Decimal { scale, .. } => scale,
        _ => 0,
    }
}

/// The columns.
pub(super) const COLUMNS: [(&str, Type); 18] = [
    ("a", Type::Int64),
    ("b", Type::Int64),
    ("c", Type::Int64),
    ("d", decimal(18, 2)),
    ("e", decimal(18, 2)),
    ("f", decimal(18, 6)),
    ("w", decimal(38, 2)),
    ("x", Type::Double),
    ("y", Type::Double),
    ("s", Type::String),
    ("u", Type::String),
    ("p", Type::Bool),
    ("q", Type::Bool),
    ("t", Type::Timestamp),
    ("v", Type::Timestamp),
    ("day", Type::Date),
    ("due", Type::Date),
    ("j", Type::Json),
];

/// Calls `use_it` with all columns as what an expression may name.
pub(super) fn with_scope<R>(use_it: impl FnOnce(Scope<'_>) -> R) -> R {
    let columns = COLUMNS.map(|(name, kind)| Column {
        name,
        kind,
        nullable: true,
    });
    use_it(Scope {
        columns: &columns,
        later: &[],
    })
}

/// Reads a value.
pub(super) fn parse(text: &str, kind: Type) -> Cell {
    if text == "null" {
        return Cell::Null;
    }
    if text == "!" {
        return Cell::Invalid;
    }
    match kind {
        Type::Bool => Cell::Bool(text.parse().unwrap()),
        Type::Int64 => Cell::Int64(text.parse().unwrap()),
        Type::Double => Cell::Double(text.parse().unwrap()),
        Type::Decimal { scale, .. } => {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
            let digits = format!("{whole}{fraction:0<width$}", width = usize::from(scale));
            Cell::Decimal(digits.parse().unwrap())
        }
        Type::String => {
            let inside = text
                .strip_prefix('\'')
                .and_then(|rest| rest.strip_suffix('\''));
            Cell::Text(inside.unwrap().replace("''", "'"))
        }
        Type::Json => Cell::Text(text.to_owned()),
        Type::Timestamp | Type::LocalTime => {
            Cell::Timestamp(parse_rfc3339(text.as_bytes()).unwrap())
        }
        Type::Date => Cell::Date(parse_date(text.as_bytes()).unwrap()),
    }
}

/// Writes a value of a type.
pub(super) fn show(cell: &Cell, kind: Type) -> String {
    match (cell, kind) {
        (Cell::Null, _) => "null".to_owned(),
        (Cell::Invalid, _) => "!".to_owned(),
        (Cell::Bool(value), _) => value.to_string(),
        (Cell::Int64(value), _) => value.to_string(),
        (Cell::Double(value), _) => format!("{value:?}"),
        (Cell::Decimal(value), Type::Decimal { scale, .. }) => {
            sluice::value::decimal::format(*value, scale)
        }
        (Cell::Decimal(value), _) => value.to_string(),
        (Cell::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
        (Cell::Timestamp(micros), _) => EventTime(*micros).to_string(),
        (Cell::Date(day), _) => Date::from_days(i64::from(*day)).to_string(),
    }
}

/// Rows as columns, and which of their values are invalid.
#[derive(Debug)]
pub(super) struct Table {
    arrays: Vec<ArrayRef>,
    invalid: Vec<BooleanBuffer>,
    pub(super) rows: usize,
}

impl Table {
    /// Makes a table of rows that have all columns.
    pub(super) fn of(rows: &[Vec<Cell>]) -> Self {
        let columns = COLUMNS.iter().enumerate();
        let column = |place: usize| rows.iter().map(move |row| &row[place]);
        Self {
            arrays: columns
                .map(|(place, (_, kind))| array(column(place), *kind))
                .collect(),
            invalid: (0..COLUMNS.len())
                .map(|place| column(place).map(|cell| *cell == Cell::Invalid).collect())
                .collect(),
            rows: rows.len(),
        }
    }

    pub(super) fn inputs(&self) -> Vec<Input<'_>> {
        let arrays = self.arrays.iter().zip(&self.invalid);
        arrays
            .map(|(values, invalid)| Input {
                values,
                invalid: Some(invalid),
            })
            .collect()
    }
}

fn array<'c>(cells: impl Iterator<Item = &'c Cell>, kind: Type) -> ArrayRef {
    macro_rules! values {
        ($variant:path) => {
            cells.map(|cell| match cell {
                $variant(value) => Some(value.clone()),
                _ => None,
            })
        };
    }
    match kind {
        Type::Bool => Arc::new(values!(Cell::Bool).collect::<BooleanArray>()),
        Type::Int64 => Arc::new(values!(Cell::Int64).collect::<Int64Array>()),
        Type::Double => Arc::new(values!(Cell::Double).collect::<Float64Array>()),
        Type::Decimal { precision, scale } => {
            let array: Decimal128Array = values!(Cell::Decimal).collect();
            let scale = i8::try_from(scale).unwrap();
            Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
        }
        Type::String | Type::Json => Arc::new(values!(Cell::Text).collect::<StringArray>()),
        Type::Timestamp | Type::LocalTime => {
            let array: TimestampMicrosecondArray = values!(Cell::Timestamp).collect();
            Arc::new(array.with_timezone("UTC"))
        }
        Type::Date => Arc::new(values!(Cell::Date).collect::<Date32Array>()),
    }
}

/// Returns a row of an array.
pub(super) fn cell(array: &ArrayRef, row: usize, kind: Type) -> Cell {
    fn typed<A: 'static>(array: &ArrayRef) -> &A {
        array.as_any().downcast_ref().unwrap()
    }
    if array.is_null(row) {
        return Cell::Null;
    }
    match kind {
        Type::Bool => Cell::Bool(typed::<BooleanArray>(array).value(row)),
        Type::Int64 => Cell::Int64(typed::<Int64Array>(array).value(row)),
        Type::Double => Cell::Double(typed::<Float64Array>(array).value(row)),
        Type::Decimal { .. } => Cell::Decimal(typed::<Decimal128Array>(array).value(row)),
        Type::String | Type::Json => Cell::Text(typed::<StringArray>(array).value(row).to_owned()),
        Type::Timestamp | Type::LocalTime => {
            Cell::Timestamp(typed::<TimestampMicrosecondArray>(array).value(row))
        }
        Type::Date => Cell::Date(typed::<Date32Array>(array).value(row)),
    }
}
