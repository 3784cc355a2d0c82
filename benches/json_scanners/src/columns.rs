//! The columns that every contender fills, by the same rules.

use crate::silver::decode;
use crate::value::number::{Excess, Number};
use crate::value::time::from_unix;

/// What a contender found of a field.
pub(crate) enum Found<'l> {
    Nothing,
    Number(Number<'l>),
    /// A string without escapes, and one with.
    Text(&'l [u8]),
    Escaped(&'l [u8]),
    /// A number of a parser that does not say how it was written.
    Parsed(f64),
    Integer(i64),
    Other(&'l [u8]),
}

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Columns {
    order_id: Vec<i64>,
    /// In cents.
    amount: Vec<i128>,
    /// In microseconds.
    timestamp: Vec<i64>,
    customer_id: Text,
    rescued: Text,
}

#[derive(Debug, Default, PartialEq)]
struct Text {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    valid: Vec<bool>,
}

impl Text {
    #[inline]
    fn end(&mut self, valid: bool) {
        self.ends.push(self.bytes.len());
        self.valid.push(valid);
    }
}

impl Columns {
    /// Appends a row, or nothing if a value does not fit; `rescue` appends the unknown fields, if there are any.
    #[inline]
    pub(crate) fn push(
        &mut self,
        [order_id, amount, timestamp, customer_id]: [Found<'_>; 4],
        rescue: impl FnOnce(&mut Vec<u8>) -> bool,
    ) -> Option<()> {
        let order_id = match order_id {
            Found::Integer(value) => value,
            other => number(other)?.int64().ok()?,
        };
        let amount = match amount {
            Found::Integer(value) => i128::from(value) * 100,
            Found::Parsed(value) => (value * 100.0).round() as i128,
            other => number(other)?.decimal(18, 2, Excess::Round).ok()?,
        };
        let timestamp = match timestamp {
            Found::Integer(value) => value.checked_mul(1_000_000)?,
            Found::Parsed(value) => (value * 1e6).round() as i64,
            other => from_unix(number(other)?, 6).ok()?,
        };
        let text = &mut self.customer_id;
        match customer_id {
            Found::Nothing => text.end(false),
            Found::Text(value) | Found::Other(value) => {
                text.bytes.extend_from_slice(value);
                text.end(true);
            }
            Found::Escaped(value) => {
                decode(value, &mut text.bytes);
                text.end(true);
            }
            Found::Number(_) | Found::Parsed(_) | Found::Integer(_) => return None,
        }
        self.order_id.push(order_id);
        self.amount.push(amount);
        self.timestamp.push(timestamp);
        let any = rescue(&mut self.rescued.bytes);
        self.rescued.end(any);
        Some(())
    }
}

#[inline]
fn number(found: Found<'_>) -> Option<Number<'_>> {
    match found {
        Found::Number(number) => Some(number),
        Found::Text(text) => Some(Number::new(text)),
        _ => None,
    }
}
