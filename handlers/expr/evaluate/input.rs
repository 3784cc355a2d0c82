//! The columns that an expression names, as Arrow has them. Pure.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};
use arrow_buffer::BooleanBuffer;

use super::reason::Reason;
use super::vector::{State, Values, Vector};
use crate::error::Invariant;
use crate::expr::typed::Literal;
use crate::expr::types::Type;

/// A column that an expression may name.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// Its values.
    pub values: &'a dyn Array,
    /// Which rows have a value that the column could not take, if any has.
    pub invalid: Option<&'a BooleanBuffer>,
}

/// The rows that are computed at a time.
pub(super) struct Chunk<'a, 'i> {
    pub(super) inputs: &'i [Input<'a>],
    pub(super) start: usize,
    pub(super) rows: usize,
}

impl<'a> Chunk<'a, '_> {
    /// Repeats a literal.
    pub(super) fn constant(&self, literal: &'a Literal, kind: Type) -> Vector<'a> {
        let rows = self.rows;
        let (values, state) = match literal {
            Literal::Null => (nothing(kind, rows), State::Null),
            Literal::Bool(value) => (Values::Bool(vec![*value; rows]), State::Value),
            Literal::Int64(value) | Literal::Timestamp(value) => {
                (Values::Whole(vec![*value; rows]), State::Value)
            }
            Literal::Double(value) => (Values::Double(vec![*value; rows]), State::Value),
            Literal::Decimal(value) => (Values::Decimal(vec![*value; rows]), State::Value),
            Literal::Text(text) => {
                let text = Cow::Borrowed(text.as_str());
                (Values::Text(vec![text; rows]), State::Value)
            }
            Literal::Date(value) => (Values::Date(vec![*value; rows]), State::Value),
        };
        Vector {
            values,
            states: vec![state; rows],
        }
    }

    /// Returns a column's rows.
    pub(super) fn column(&self, place: usize, kind: Type) -> Result<Vector<'a>, Invariant> {
        let input = self.inputs.get(place);
        let input = input.ok_or(Invariant(
            "there is a value for each column of an expression",
        ))?;
        let values = match kind {
            Type::Bool => {
                let array = input.values.as_boolean_opt().ok_or(OTHER)?;
                Values::Bool(self.each(|row| array.value(row), array)?)
            }
            Type::Int64 => Values::Whole(self.primitive::<Int64Type>(input)?),
            Type::Timestamp | Type::LocalTime => {
                Values::Whole(self.primitive::<TimestampMicrosecondType>(input)?)
            }
            Type::Double => {
                let values = self.primitive::<Float64Type>(input)?;
                // There is one zero.
                Values::Double(values.into_iter().map(|value| value + 0.0).collect())
            }
            Type::Decimal { .. } => Values::Decimal(self.primitive::<Decimal128Type>(input)?),
            Type::Date => Values::Date(self.primitive::<Date32Type>(input)?),
            Type::String | Type::Json => {
                let array = input.values.as_string_opt::<i32>().ok_or(OTHER)?;
                Values::Text(self.each(|row| Cow::Borrowed(array.value(row)), array)?)
            }
        };
        Ok(Vector {
            values,
            states: self.states(input),
        })
    }

    fn states(&self, input: &Input<'_>) -> Vec<State> {
        let (invalid, nulls) = (input.invalid, input.values.nulls());
        if invalid.is_none() && nulls.is_none() {
            return vec![State::Value; self.rows];
        }
        let states = (self.start..self.start + self.rows).map(|row| {
            let is_invalid =
                invalid.is_some_and(|invalid| row < invalid.len() && invalid.value(row));
            let is_null = nulls.is_some_and(|nulls| row < nulls.len() && nulls.is_null(row));
            match (is_invalid, is_null) {
                (true, _) => State::Invalid(Reason::Input),
                (false, true) => State::Null,
                (false, false) => State::Value,
            }
        });
        states.collect()
    }

    fn primitive<T: ArrowPrimitiveType>(
        &self,
        input: &Input<'a>,
    ) -> Result<Vec<T::Native>, Invariant> {
        let array: &PrimitiveArray<T> = input.values.as_primitive_opt().ok_or(OTHER)?;
        let rows = array.values().get(self.start..self.start + self.rows);
        rows.map(<[T::Native]>::to_vec).ok_or(SHORT)
    }

    /// Reads the rows of an array that has them.
    fn each<T>(&self, read: impl Fn(usize) -> T, array: &dyn Array) -> Result<Vec<T>, Invariant> {
        let end = self.start + self.rows;
        match end <= array.len() {
            true => Ok((self.start..end).map(read).collect()),
            false => Err(SHORT),
        }
    }
}

const OTHER: Invariant = Invariant("a column has the type that its expression was read for");
const SHORT: Invariant = Invariant("the columns of an expression have all its rows");

/// Makes values of a type that no row has.
pub(super) fn nothing<'a>(kind: Type, rows: usize) -> Values<'a> {
    match kind {
        Type::Bool => Values::Bool(vec![false; rows]),
        Type::Int64 | Type::Timestamp | Type::LocalTime => Values::Whole(vec![0; rows]),
        Type::Double => Values::Double(vec![0.0; rows]),
        Type::Decimal { .. } => Values::Decimal(vec![0; rows]),
        Type::Date => Values::Date(vec![0; rows]),
        Type::String | Type::Json => Values::Text(vec![Cow::Borrowed(""); rows]),
    }
}
