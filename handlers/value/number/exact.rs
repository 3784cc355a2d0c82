//! What an exact number may be, what is wrong with one, and what happens to digits that have no place. Pure.

use crate::value::decimal::MAX_PRECISION;

/// Ten to the power of the index.
pub(super) const POWERS_OF_TEN: [u128; 39] = {
    let mut powers = [1_u128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// The most digits that an exact number may have: those of an `i128` that are free to take any value.
pub(super) const MAX_DIGITS: i64 = MAX_PRECISION as i64;

/// What the absolute value of an exact number is below.
pub(super) const MAGNITUDES: u128 = 10_u128.pow(MAX_DIGITS as u32);

/// What happens to digits beyond the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// They round, half away from zero.
    Round,
    /// They are cut, towards negative infinity.
    Floor,
    /// They are refused unless all of them are zero.
    Refuse,
}

/// Why text is not a number of the wanted kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberProblem {
    /// It is not written as JSON writes numbers.
    Syntax,
    /// It is larger than the type.
    Overflow,
    /// It has digits beyond the scale.
    Inexact,
}
