//! Computations of decimals: exact in 256 bits, rounded once, half away from zero. Pure.

use arrow_buffer::i256;

use super::input::Chunk;
use super::reason::Reason;
use super::vector::{State, Values, Vector, result};
use crate::error::Invariant;
use crate::expr::tree::Arithmetic;
use crate::expr::typed::{Exact, Step, Typed};
use crate::expr::types::Type;

/// A value: the numerator over the denominator, times ten to minus the scale of its step.
#[derive(Clone, Copy)]
struct Fraction {
    numerator: i256,
    /// Above zero.
    denominator: i256,
}

/// A step with its values in place.
enum Ready<'a> {
    Whole(Vector<'a>),
    Decimal(Vector<'a>),
    Negate(Box<Ready<'a>>),
    Combine {
        operator: Arithmetic,
        left: Box<Ready<'a>>,
        right: Box<Ready<'a>>,
        /// What the operands are multiplied by to have one scale.
        raise: (i256, i256),
    },
}

/// Returns ten to a power of at most 76.
fn power(exponent: u32) -> Result<i256, Invariant> {
    let power = i256::from_i128(10).checked_pow(exponent);
    power.ok_or(Invariant("a computation has at most 76 digits"))
}

impl<'a> Chunk<'a, '_> {
    /// Computes decimals and rounds them to the type.
    pub(super) fn exact(&self, exact: &'a Exact, kind: Type) -> Result<Vector<'a>, Invariant> {
        let Type::Decimal { precision, scale } = kind else {
            return Err(Invariant("a computation of decimals gives a decimal"));
        };
        let ready = self.ready(exact)?;
        let (scale, has) = (u32::from(scale), exact.size.scale);
        let rounding = Rounding {
            raise: power(scale.saturating_sub(has))?,
            lower: power(has.saturating_sub(scale))?,
            // It is at most 38.
            limit: 10_i128.checked_pow(u32::from(precision)),
        };
        let rows = (0..self.rows).map(|row| match ready.value(row) {
            Ok(fraction) => result(rounding.apply(fraction)),
            Err(state) => (0, state),
        });
        let (values, states) = rows.unzip();
        Ok(Vector {
            values: Values::Decimal(values),
            states,
        })
    }

    fn ready(&self, exact: &'a Exact) -> Result<Ready<'a>, Invariant> {
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

    fn ready_value(&self, value: &'a Typed) -> Result<Ready<'a>, Invariant> {
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

impl Ready<'_> {
    /// Computes a row, or returns why it has no value.
    ///
    /// Nothing can overflow: the sizes were added up when the expression was read.
    fn value(&self, row: usize) -> Result<Fraction, State> {
        let whole = |numerator: i128| Fraction {
            numerator: i256::from_i128(numerator),
            denominator: i256::ONE,
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
                value.numerator = value.numerator.wrapping_neg();
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
                            |found: Result<Fraction, State>| found.err().unwrap_or(State::Value);
                        return Err(state(left).and(state(right)));
                    }
                };
                combine(*operator, left, right, *raise)
            }
        }
    }
}

fn combine(
    operator: Arithmetic,
    left: Fraction,
    right: Fraction,
    raise: (i256, i256),
) -> Result<Fraction, State> {
    let times = |one: i256, two: i256| match (one == i256::ONE, two == i256::ONE) {
        (true, _) => two,
        (_, true) => one,
        _ => one.wrapping_mul(two),
    };
    let one = times(left.numerator, raise.0);
    Ok(match operator {
        Arithmetic::Add | Arithmetic::Subtract => {
            let one = times(one, right.denominator);
            let two = times(times(right.numerator, raise.1), left.denominator);
            let numerator = match operator {
                Arithmetic::Add => one.wrapping_add(two),
                _ => one.wrapping_sub(two),
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
            if right.numerator == i256::ZERO {
                return Err(State::Invalid(Reason::DivisionByZero));
            }
            let numerator = times(one, right.denominator);
            let denominator = times(left.denominator, right.numerator);
            match denominator.is_negative() {
                true => Fraction {
                    numerator: numerator.wrapping_neg(),
                    denominator: denominator.wrapping_neg(),
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
struct Rounding {
    raise: i256,
    lower: i256,
    /// What the absolute value is below.
    limit: Option<i128>,
}

impl Rounding {
    fn apply(&self, value: Fraction) -> Result<i128, Reason> {
        let mut numerator = value.numerator;
        if self.raise != i256::ONE {
            numerator = numerator.wrapping_mul(self.raise);
        }
        let mut denominator = value.denominator;
        if self.lower != i256::ONE {
            denominator = denominator.wrapping_mul(self.lower);
        }
        let rounded = match denominator == i256::ONE {
            true => numerator.to_i128(),
            false => divide(numerator, denominator),
        };
        let rounded = rounded.ok_or(Reason::Overflow)?;
        let limit = self.limit.map_or(0, i128::unsigned_abs);
        match rounded.unsigned_abs() < limit {
            true => Ok(rounded),
            false => Err(Reason::Overflow),
        }
    }
}

/// Divides and rounds, half away from zero; nothing if the result has more than 128 bits.
fn divide(numerator: i256, denominator: i256) -> Option<i128> {
    if let (Some(numerator), Some(denominator)) = (numerator.to_i128(), denominator.to_i128())
        && denominator < i128::MAX / 2
    {
        let (quotient, rest) = (numerator / denominator, numerator % denominator);
        let up = 2 * rest.unsigned_abs() >= denominator.unsigned_abs();
        return Some(quotient + if up { numerator.signum() } else { 0 });
    }
    let (quotient, rest) = numerator.checked_div_rem(denominator)?;
    let up = rest.wrapping_abs().wrapping_mul(i256::from_i128(2)) >= denominator;
    let step = match (up, numerator.is_negative()) {
        (false, _) => i256::ZERO,
        (true, true) => i256::MINUS_ONE,
        (true, false) => i256::ONE,
    };
    quotient.wrapping_add(step).to_i128()
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
