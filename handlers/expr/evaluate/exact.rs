//! Computations of decimals: exact, rounded once, half away from zero. Pure.
//!
//! They are made in 128 bits where the largest number that can come of one fits, else in 256.

use arrow_buffer::i256;

use super::input::Chunk;
use super::reason::Reason;
use super::vector::{State, Values, Vector, result};
use super::whole::Whole;
use crate::error::Invariant;
use crate::expr::tree::Arithmetic;
use crate::expr::typed::{Exact, Step, Typed};
use crate::expr::types::Type;

/// A value: the numerator over the denominator, times ten to minus the scale of its step.
#[derive(Clone, Copy)]
struct Fraction<N> {
    numerator: N,
    /// Above zero.
    denominator: N,
}

/// A step with its values in place.
enum Ready<'a, N> {
    Whole(Vector<'a>),
    Decimal(Vector<'a>),
    Negate(Box<Ready<'a, N>>),
    Combine {
        operator: Arithmetic,
        left: Box<Ready<'a, N>>,
        right: Box<Ready<'a, N>>,
        /// What the operands are multiplied by to have one scale.
        raise: (N, N),
    },
}

/// Returns ten to a power of at most 76.
fn power<N: Whole>(exponent: u32) -> Result<N, Invariant> {
    N::power_of_ten(exponent).ok_or(Invariant("a computation has at most 76 digits"))
}

impl<'a> Chunk<'a, '_> {
    /// Computes decimals and rounds them to the type.
    pub(super) fn exact(&self, exact: &'a Exact, kind: Type) -> Result<Vector<'a>, Invariant> {
        let Type::Decimal { precision, scale } = kind else {
            return Err(Invariant("a computation of decimals gives a decimal"));
        };
        // A part of a computation is never larger than the whole.
        let (size, scale) = (exact.size, u32::from(scale));
        let numerator = size.digits + scale.saturating_sub(size.scale);
        let denominator = size.denominator.unwrap_or(1) + size.scale.saturating_sub(scale);
        match numerator.max(denominator) <= <i128 as Whole>::DIGITS {
            true => self.rounded::<i128>(exact, precision, scale),
            false => self.rounded::<i256>(exact, precision, scale),
        }
    }

    fn rounded<N: Whole>(
        &self,
        exact: &'a Exact,
        precision: u8,
        scale: u32,
    ) -> Result<Vector<'a>, Invariant> {
        let ready: Ready<'a, N> = self.ready(exact)?;
        let has = exact.size.scale;
        let rounding = Rounding {
            raise: power(scale.saturating_sub(has))?,
            lower: power(has.saturating_sub(scale))?,
            // It is at most 38.
            limit: 10_i128.checked_pow(u32::from(precision)),
        };
        let mut values = Vec::with_capacity(self.rows);
        let mut states = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let (value, state) = match ready.value(row) {
                Ok(fraction) => result(rounding.apply(fraction)),
                Err(state) => (0, state),
            };
            values.push(value);
            states.push(state);
        }
        Ok(Vector {
            values: Values::Decimal(values),
            states,
        })
    }

    fn ready<N: Whole>(&self, exact: &'a Exact) -> Result<Ready<'a, N>, Invariant> {
        Ok(match &exact.step {
            Step::Value(value) => self.ready_value(value)?,
            Step::Negate(operand) => Ready::Negate(Box::new(self.ready(operand)?)),
            Step::Combine(operator, left, right) => {
                let (one, two) = (left.size.scale, right.size.scale);
                let raise = match operator {
                    Arithmetic::Multiply => (0, 0),
                    // To the larger scale.
                    Arithmetic::Add | Arithmetic::Subtract => {
                        (two.saturating_sub(one), one.saturating_sub(two))
                    }
                    // The scale of what is divided is lowered by the other one.
                    Arithmetic::Divide => (two.saturating_sub(one), 0),
                };
                Ready::Combine {
                    operator: *operator,
                    left: Box::new(self.ready(left)?),
                    right: Box::new(self.ready(right)?),
                    raise: (power(raise.0)?, power(raise.1)?),
                }
            }
        })
    }

    fn ready_value<N: Whole>(&self, value: &'a Typed) -> Result<Ready<'a, N>, Invariant> {
        let vector = self.evaluate(value)?;
        Ok(match value.kind {
            Type::Int64 => {
                vector.wholes()?;
                Ready::Whole(vector)
            }
            _ => {
                vector.decimals()?;
                Ready::Decimal(vector)
            }
        })
    }
}

impl<N: Whole> Ready<'_, N> {
    /// Computes a row, or returns why it has no value.
    ///
    /// Nothing can overflow: the sizes were added up when the expression was read.
    fn value(&self, row: usize) -> Result<Fraction<N>, State> {
        let whole = |numerator: i128| Fraction {
            numerator: N::of(numerator),
            denominator: N::ONE,
        };
        match self {
            Self::Whole(vector) | Self::Decimal(vector) => {
                let state = vector.states.get(row).copied().unwrap_or(State::Null);
                match (state, &vector.values) {
                    (State::Value, Values::Whole(values)) => {
                        Ok(whole(values.get(row).map_or(0, |value| i128::from(*value))))
                    }
                    (State::Value, Values::Decimal(values)) => {
                        Ok(whole(values.get(row).map_or(0, |value| *value)))
                    }
                    (other, _) => Err(other),
                }
            }
            Self::Negate(operand) => {
                let mut value = operand.value(row)?;
                value.numerator = value.numerator.negated();
                Ok(value)
            }
            Self::Combine {
                operator,
                left,
                right,
                raise,
            } => {
                let (left, right) = match (left.value(row), right.value(row)) {
                    (Ok(left), Ok(right)) => (left, right),
                    (left, right) => {
                        let state =
                            |found: Result<Fraction<N>, State>| found.err().unwrap_or(State::Value);
                        return Err(state(left).and(state(right)));
                    }
                };
                combine(*operator, left, right, *raise)
            }
        }
    }
}

fn combine<N: Whole>(
    operator: Arithmetic,
    left: Fraction<N>,
    right: Fraction<N>,
    raise: (N, N),
) -> Result<Fraction<N>, State> {
    let times = |one: N, two: N| match (one == N::ONE, two == N::ONE) {
        (true, _) => two,
        (_, true) => one,
        _ => one.times(two),
    };
    let one = times(left.numerator, raise.0);
    Ok(match operator {
        Arithmetic::Add | Arithmetic::Subtract => {
            let one = times(one, right.denominator);
            let two = times(times(right.numerator, raise.1), left.denominator);
            let numerator = match operator {
                Arithmetic::Add => one.plus(two),
                _ => one.plus(two.negated()),
            };
            Fraction {
                numerator,
                denominator: times(left.denominator, right.denominator),
            }
        }
        Arithmetic::Multiply => Fraction {
            numerator: times(one, right.numerator),
            denominator: times(left.denominator, right.denominator),
        },
        Arithmetic::Divide => {
            if right.numerator == N::ZERO {
                return Err(State::Invalid(Reason::DivisionByZero));
            }
            let numerator = times(one, right.denominator);
            let denominator = times(left.denominator, right.numerator);
            match denominator.is_negative() {
                true => Fraction {
                    numerator: numerator.negated(),
                    denominator: denominator.negated(),
                },
                false => Fraction {
                    numerator,
                    denominator,
                },
            }
        }
    })
}

/// How the value of a computation becomes a decimal.
struct Rounding<N> {
    raise: N,
    lower: N,
    /// What the absolute value is below.
    limit: Option<i128>,
}

impl<N: Whole> Rounding<N> {
    fn apply(&self, value: Fraction<N>) -> Result<i128, Reason> {
        let mut numerator = value.numerator;
        if self.raise != N::ONE {
            numerator = numerator.times(self.raise);
        }
        let mut denominator = value.denominator;
        if self.lower != N::ONE {
            denominator = denominator.times(self.lower);
        }
        let rounded = match denominator == N::ONE {
            true => numerator.narrowed(),
            false => numerator.divided(denominator),
        };
        let rounded = rounded.ok_or(Reason::Overflow)?;
        let limit = self.limit.map_or(0, i128::unsigned_abs);
        match rounded.unsigned_abs() < limit {
            true => Ok(rounded),
            false => Err(Reason::Overflow),
        }
    }
}

/// Returns the decimal nearest to a double's exact value, times ten to the scale.
pub(super) fn of_double(value: f64, precision: u8, scale: u8) -> Result<i128, Reason> {
    let bits = value.abs().to_bits();
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    // The value is the mantissa times two to the exponent.
    let (mantissa, exponent) = match exponent {
        0 => (fraction, -1_074),
        // At most 2047.
        exponent => (fraction | (1 << 52), exponent as i64 - 1_075),
    };
    let power = i256::from_i128(10).checked_pow(u32::from(scale));
    let scaled = power.and_then(|power| power.checked_mul(i256::from_i128(mantissa.into())));
    let scaled = scaled.ok_or(Reason::Overflow)?;
    let magnitude = match exponent {
        // 53 bits and 38 digits are 180 bits: what is left of them is less than a half.
        ..-200 => i256::ZERO,
        // In these two the number of bits fits.
        -200..0 => {
            let doubled = scaled >> (-exponent - 1) as u8;
            (doubled.wrapping_add(i256::ONE)) >> 1
        }
        0..=127 if scaled == i256::ZERO || scaled.leading_zeros() as i64 > exponent + 1 => {
            scaled << exponent as u8
        }
        _ => return Err(Reason::Overflow),
    };
    let magnitude = magnitude.to_i128().ok_or(Reason::Overflow)?;
    let limit = 10_i128.checked_pow(u32::from(precision)).unwrap_or(0);
    match magnitude < limit {
        true if value < 0.0 => Ok(-magnitude),
        true => Ok(magnitude),
        false => Err(Reason::Overflow),
    }
}
