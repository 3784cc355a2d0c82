//! Whole numbers that computations of decimals are made in. Pure.

use arrow_buffer::i256;

/// A whole number of so many bits; nothing is said of a result that has more.
pub(super) trait Whole: Copy + PartialEq {
    const ZERO: Self;
    const ONE: Self;
    /// Numbers of so many digits fit, and twice that.
    const DIGITS: u32;

    fn of(value: i128) -> Self;
    fn power_of_ten(exponent: u32) -> Option<Self>;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    fn negated(self) -> Self;
    fn is_negative(self) -> bool;
    /// Returns nothing if it has more than 128 bits.
    fn narrowed(self) -> Option<i128>;
    /// Divides by a number above zero and rounds, half away from zero; nothing if the result has more than 128 bits.
    fn divided(self, by: Self) -> Option<i128>;
}

impl Whole for i128 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
    const DIGITS: u32 = 37;

    #[inline]
    fn of(value: i128) -> Self {
        value
    }

    fn power_of_ten(exponent: u32) -> Option<Self> {
        10_i128.checked_pow(exponent)
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    #[inline]
    fn negated(self) -> Self {
        self.wrapping_neg()
    }

    #[inline]
    fn is_negative(self) -> bool {
        self < 0
    }

    #[inline]
    fn narrowed(self) -> Option<i128> {
        Some(self)
    }

    #[inline]
    fn divided(self, by: Self) -> Option<i128> {
        let (quotient, rest) = match (i64::try_from(self), i64::try_from(by)) {
            // Most are so small, and a division of 128 bits takes many times as long.
            (Ok(one), Ok(two)) => {
                let (quotient, rest) = (one.checked_div(two)?, one.checked_rem(two)?);
                (quotient.into(), rest.into())
            }
            _ => (self.checked_div(by)?, self.checked_rem(by)?),
        };
        let up = rest.unsigned_abs() >= by.unsigned_abs().div_ceil(2);
        quotient.checked_add(if up { self.signum() } else { 0 })
    }
}

impl Whole for i256 {
    const ZERO: Self = i256::ZERO;
    const ONE: Self = i256::ONE;
    const DIGITS: u32 = 76;

    fn of(value: i128) -> Self {
        Self::from_i128(value)
    }

    fn power_of_ten(exponent: u32) -> Option<Self> {
        Self::from_i128(10).checked_pow(exponent)
    }

    fn plus(self, other: Self) -> Self {
        self.wrapping_add(other)
    }

    fn times(self, other: Self) -> Self {
        self.wrapping_mul(other)
    }

    fn negated(self) -> Self {
        self.wrapping_neg()
    }

    fn is_negative(self) -> bool {
        i256::is_negative(self)
    }

    fn narrowed(self) -> Option<i128> {
        self.to_i128()
    }

    fn divided(self, by: Self) -> Option<i128> {
        if let (Some(small), Some(by)) = (self.to_i128(), by.to_i128()) {
            return small.divided(by);
        }
        let (quotient, rest) = self.checked_div_rem(by)?;
        let up = rest.wrapping_abs().wrapping_mul(Self::from_i128(2)) >= by;
        let step = match (up, self.is_negative()) {
            (false, _) => Self::ZERO,
            (true, true) => Self::MINUS_ONE,
            (true, false) => Self::ONE,
        };
        quotient.wrapping_add(step).to_i128()
    }
}

#[cfg(test)]
mod tests;
