//! The values of an expression as an Arrow array. Pure.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder,
    StringBuilder, TimestampMicrosecondBuilder,
};

use super::vector::{State, Values, Vector};
use crate::error::Invariant;
use crate::expr::problem::EvaluateError;
use crate::expr::types::Type;

/// Rows that have been computed.
pub(in crate::expr) enum Output {
    Bool(BooleanBuilder),
    Int64(Int64Builder),
    Double(Float64Builder),
    Decimal(Decimal128Builder, u8, u8),
    Text(StringBuilder),
    Timestamp(TimestampMicrosecondBuilder),
    Date(Date32Builder),
}

impl Output {
    pub(in crate::expr) fn new(kind: Type, rows: usize) -> Result<Self, Invariant> {
        Ok(match kind {
            Type::Bool => Self::Bool(BooleanBuilder::with_capacity(rows)),
            Type::Int64 => Self::Int64(Int64Builder::with_capacity(rows)),
            Type::Double => Self::Double(Float64Builder::with_capacity(rows)),
            Type::Decimal { precision, scale } => {
                let builder = Decimal128Builder::with_capacity(rows);
                Self::Decimal(builder, precision, scale)
            }
            Type::String => Self::Text(StringBuilder::new()),
            Type::Timestamp => Self::Timestamp(TimestampMicrosecondBuilder::with_capacity(rows)),
            Type::Date => Self::Date(Date32Builder::with_capacity(rows)),
            Type::LocalTime | Type::Json => {
                return Err(Invariant("an expression gives the type of a column"));
            }
        })
    }

    /// Appends rows; what is no value is null.
    pub(in crate::expr) fn extend(&mut self, vector: &Vector<'_>) -> Result<(), EvaluateError> {
        let states = || vector.states.iter().map(|state| *state == State::Value);
        match (self, &vector.values) {
            (Self::Bool(builder), Values::Bool(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    builder.append_option(is_valid.then_some(*value));
                }
            }
            (Self::Int64(builder), Values::Whole(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    builder.append_option(is_valid.then_some(*value));
                }
            }
            (Self::Timestamp(builder), Values::Whole(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    builder.append_option(is_valid.then_some(*value));
                }
            }
            (Self::Double(builder), Values::Double(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    builder.append_option(is_valid.then_some(*value));
                }
            }
            (Self::Decimal(builder, ..), Values::Decimal(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    builder.append_option(is_valid.then_some(*value));
                }
            }
            (Self::Date(builder), Values::Date(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    builder.append_option(is_valid.then_some(*value));
                }
            }
            (Self::Text(builder), Values::Text(values)) => {
                for (value, is_valid) in values.iter().zip(states()) {
                    let bytes = builder.values_slice().len() + value.len();
                    if i32::try_from(bytes).is_err() {
                        return Err(EvaluateError::TooLarge);
                    }
                    builder.append_option(is_valid.then_some(value));
                }
            }
            _ => return Err(Invariant("an expression gives values of its type").into()),
        }
        Ok(())
    }

    pub(in crate::expr) fn finish(self) -> Result<ArrayRef, EvaluateError> {
        Ok(match self {
            Self::Bool(mut builder) => ArrayBuilder::finish(&mut builder),
            Self::Int64(mut builder) => ArrayBuilder::finish(&mut builder),
            Self::Double(mut builder) => ArrayBuilder::finish(&mut builder),
            Self::Text(mut builder) => ArrayBuilder::finish(&mut builder),
            Self::Date(mut builder) => ArrayBuilder::finish(&mut builder),
            Self::Timestamp(mut builder) => Arc::new(builder.finish().with_timezone("UTC")),
            Self::Decimal(mut builder, precision, scale) => {
                let array = builder.finish();
                let array = array.with_precision_and_scale(precision, scale as i8);
                let array = array.map_err(|_| Invariant("a decimal type has 1 to 38 digits"))?;
                Arc::new(array)
            }
        })
    }
}
