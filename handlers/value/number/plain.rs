//! Numbers as producers mostly write them: up to 18 digits, perhaps with a point, without an exponent.
//!
//! Eight digits are read at a time, so that the length of a number costs no mispredicted branch for each digit.

use super::exact::{Excess, MAGNITUDES, NumberProblem, POWERS_OF_TEN};

/// The most digits that a `u64` holds whatever they are.
const MAX_DIGITS: usize = 18;

const ONES: u64 = 0x0101_0101_0101_0101;

/// A number of at most 18 digits, without an exponent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlainNumber {
    /// All digits, without the point.
    magnitude: u64,
    /// How many digits stand after the point.
    fraction: u8,
    negative: bool,
}

impl PlainNumber {
    /// Reads a JSON number at the start of `text`; returns it with its length in bytes. Nothing is said of what is longer,
    /// has an exponent, or is no number.
    #[inline(always)]
    #[must_use]
    pub fn scan(text: &[u8]) -> Option<(Self, usize)> {
        let negative = text.first() == Some(&b'-');
        let start = usize::from(negative);
        let (mut magnitude, integer) = digits(text.get(start..)?)?;
        let leading_zero = integer > 1 && text.get(start) == Some(&b'0');
        if integer == 0 || leading_zero {
            return None;
        }
        let mut end = start + integer;
        let mut fraction = 0;
        if text.get(end) == Some(&b'.') {
            let (value, count) = digits(text.get(end + 1..)?)?;
            if count == 0 || integer + count > MAX_DIGITS {
                return None;
            }
            magnitude = magnitude * power(count) + value;
            fraction = count;
            end += 1 + count;
        }
        if let Some(b'e' | b'E') = text.get(end) {
            return None;
        }
        let number = Self {
            magnitude,
            fraction: fraction as u8,
            negative,
        };
        Some((number, end))
    }

    /// Returns the number times ten to `scale`.
    ///
    /// # Errors
    /// Fails if that needs more than 38 digits, or if the number has digits that `excess` refuses.
    #[inline]
    pub fn scaled(self, scale: u8, excess: Excess) -> Result<i128, NumberProblem> {
        let value = match scale.checked_sub(self.fraction) {
            Some(missing) => self.with_zeros(missing)?,
            None => self.without(self.fraction - scale, excess)?,
        };
        Ok(if self.negative { -value } else { value })
    }

    #[inline]
    fn with_zeros(self, zeros: u8) -> Result<i128, NumberProblem> {
        let power = POWERS_OF_TEN.get(usize::from(zeros)).copied();
        let value = u128::from(self.magnitude).checked_mul(power.unwrap_or(u128::MAX));
        let value = value.filter(|value| *value < MAGNITUDES);
        let value = value.and_then(|value| i128::try_from(value).ok());
        value.ok_or(NumberProblem::Overflow)
    }

    #[inline]
    fn without(self, excess_digits: u8, excess: Excess) -> Result<i128, NumberProblem> {
        let divisor = power(usize::from(excess_digits));
        let (value, beyond) = (self.magnitude / divisor, self.magnitude % divisor);
        let grows = match excess {
            Excess::Round => beyond * 2 >= divisor,
            Excess::Floor => self.negative && beyond != 0,
            Excess::Refuse if beyond != 0 => return Err(NumberProblem::Inexact),
            Excess::Refuse => false,
        };
        Ok(i128::from(value) + i128::from(grows))
    }

    /// Returns the double nearest to the number, where one exactly rounded division gives it.
    #[inline]
    pub(super) fn as_double(self) -> Option<f64> {
        const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
        if self.magnitude > EXACT {
            return None;
        }
        // Powers of ten up to the 22nd are doubles.
        let value = self.magnitude as f64 / power(usize::from(self.fraction)) as f64;
        Some(if self.negative { -value } else { value })
    }
}

/// Reads the digits at the start of `text`: their value and their number. Nothing if there are more than 18.
#[inline(always)]
fn digits(text: &[u8]) -> Option<(u64, usize)> {
    let (mut value, mut count) = (0_u64, 0);
    loop {
        let word = word_at(text, count);
        let found = leading_digits(word);
        if count + found > MAX_DIGITS {
            return None;
        }
        value = value * power(found) + eight_digits(word, found);
        count += found;
        if found < 8 {
            return Some((value, count));
        }
    }
}

/// Returns eight bytes, the first one lowest; what lies beyond the text is zero.
#[inline]
fn word_at(text: &[u8], at: usize) -> u64 {
    let rest = text.get(at..).unwrap_or_default();
    match rest.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => rest
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// Counts the digits before the first other byte.
#[inline]
fn leading_digits(word: u64) -> usize {
    let values = word ^ (ONES * b'0' as u64);
    // The high bit of a byte is set by what is more than 9; a carry only disturbs the bytes after such a one.
    let others = (values.wrapping_add(ONES * 0x76) | values) & (ONES * 0x80);
    (others.trailing_zeros() / 8) as usize
}

/// Returns the value of the first `count` digits of a word, by adding pairs, then fours, then eights.
#[inline]
fn eight_digits(word: u64, count: usize) -> u64 {
    const EVERY_FOURTH: u64 = 0x0000_00FF_0000_00FF;
    const HUNDREDS: u64 = 100 + (1_000_000 << 32);
    const ONES_OF_PAIRS: u64 = 1 + (10_000 << 32);
    let Some(shift) = 64_u32.checked_sub(8 * count as u32).filter(|s| *s < 64) else {
        return 0;
    };
    let values = (word ^ (ONES * b'0' as u64)) << shift;
    let pairs = values.wrapping_mul(10).wrapping_add(values >> 8);
    let low = (pairs & EVERY_FOURTH).wrapping_mul(HUNDREDS);
    let high = (pairs >> 16 & EVERY_FOURTH).wrapping_mul(ONES_OF_PAIRS);
    low.wrapping_add(high) >> 32
}

/// Returns ten to the power of `exponent`, which is at most 18.
#[inline]
fn power(exponent: usize) -> u64 {
    const POWERS: [u64; MAX_DIGITS + 1] = {
        let mut powers = [1; MAX_DIGITS + 1];
        let mut i = 1;
        while i <= MAX_DIGITS {
            powers[i] = powers[i - 1] * 10;
            i += 1;
        }
        powers
    };
    POWERS.get(exponent).copied().unwrap_or(u64::MAX)
}
