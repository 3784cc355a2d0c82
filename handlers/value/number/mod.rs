//! Numbers in text, exactly: no digit passes through a floating-point number on its way to an integer or a decimal. Pure.

mod exact;
mod plain;

pub use exact::{Excess, NumberProblem};
use exact::{MAX_DIGITS, POWERS_OF_TEN};
pub use plain::PlainNumber;

/// A JSON number, taken apart.
struct Parts<'a> {
    negative: bool,
    integer: &'a [u8],
    fraction: &'a [u8],
    /// Saturated: beyond a few hundred it only matters that it is large.
    exponent: i64,
}

impl<'a> Parts<'a> {
    /// Takes `text` apart, or refuses what RFC 8259 would not call a number.
    #[inline]
    fn split(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, text),
        };
        let (integer, rest) = split_digits(rest);
        let leading_zero = integer.len() > 1 && integer.first() == Some(&b'0');
        if integer.is_empty() || leading_zero {
            return None;
        }
        let (fraction, rest) = match rest.split_first() {
            Some((b'.', rest)) => {
                let (fraction, rest) = split_digits(rest);
                if fraction.is_empty() {
                    return None;
                }
                (fraction, rest)
            }
            _ => (&[][..], rest),
        };
        let exponent = match rest.split_first() {
            None => 0,
            Some((b'e' | b'E', rest)) => parse_exponent(rest)?,
            Some(_) => return None,
        };
        Some(Self {
            negative,
            integer,
            fraction,
            exponent,
        })
    }

    fn digit(&self, at: usize) -> u8 {
        let digit = match at.checked_sub(self.integer.len()) {
            None => self.integer.get(at),
            Some(at) => self.fraction.get(at),
        };
        digit.map_or(0, |digit| digit - b'0')
    }

    /// Returns the absolute value times ten to `scale` without what lies beyond, and the digits beyond: first, and whether any is not zero.
    fn scaled(&self, scale: u8) -> Option<(u128, u8, bool)> {
        let scale = usize::from(scale);
        let length = self.integer.len() + self.fraction.len();
        let point = i64::try_from(self.integer.len() + scale)
            .ok()?
            .saturating_add(self.exponent);
        let Some(zeros) = (0..length).position(|at| self.digit(at) != 0) else {
            return Some((0, 0, false));
        };
        if point.saturating_sub(i64::try_from(zeros).ok()?) > MAX_DIGITS {
            return None;
        }
        let Ok(point) = usize::try_from(point) else {
            return Some((0, 0, true));
        };
        let value =
            (zeros..point).fold(0_u128, |value, at| value * 10 + u128::from(self.digit(at)));
        let any_beyond = (point.max(zeros)..length).any(|at| self.digit(at) != 0);
        Some((value, self.digit(point), any_beyond))
    }
}

#[inline]
fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = digits.iter().fold(0_i64, |value, digit| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    Some(if negative { -magnitude } else { magnitude })
}

/// A number in text.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    text: &'a [u8],
    /// What has been read of it already, if it is a plain one.
    plain: Option<PlainNumber>,
}

impl<'a> Number<'a> {
    /// Takes `text` for a number.
    #[inline]
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        let scanned = PlainNumber::scan(text).filter(|(_, length)| *length == text.len());
        let plain = scanned.map(|(number, _)| number);
        Self { text, plain }
    }

    /// Takes `text` for a number that has been read before, if `plain` has a value.
    #[inline]
    #[must_use]
    pub fn scanned(text: &'a [u8], plain: Option<PlainNumber>) -> Self {
        Self { text, plain }
    }

    /// Returns the number times ten to `scale`.
    ///
    /// # Errors
    /// Fails if the text is not a JSON number, needs more than 38 digits, or has digits that `excess` refuses.
    #[inline]
    pub fn scaled(self, scale: u8, excess: Excess) -> Result<i128, NumberProblem> {
        match self.plain {
            Some(number) => number.scaled(scale, excess),
            None => scaled(self.text, scale, excess),
        }
    }

    /// Returns the number as a decimal of `precision` digits, `scale` of them after the point, times ten to `scale`.
    ///
    /// # Errors
    /// As [`Self::scaled`], and if the number has more than `precision` digits once it is rounded.
    #[inline]
    pub fn decimal(self, precision: u8, scale: u8, excess: Excess) -> Result<i128, NumberProblem> {
        let value = self.scaled(scale, excess)?;
        let limit = POWERS_OF_TEN.get(usize::from(precision)).copied();
        if value.unsigned_abs() >= limit.unwrap_or(0) {
            return Err(NumberProblem::Overflow);
        }
        Ok(value)
    }

    /// Returns the number if it is a 64-bit integer, however it is written: `12`, `12.0`, `1.2e1`.
    ///
    /// # Errors
    /// Fails if the text is not a JSON number, has a fraction, or is out of range.
    #[inline]
    pub fn int64(self) -> Result<i64, NumberProblem> {
        let value = self.scaled(0, Excess::Refuse)?;
        i64::try_from(value).map_err(|_| NumberProblem::Overflow)
    }

    /// Returns the double nearest to the number.
    ///
    /// # Errors
    /// Fails if the text is not a JSON number or no finite double is near it.
    #[inline]
    pub fn double(self) -> Result<f64, NumberProblem> {
        let plain = self.plain.and_then(PlainNumber::as_double);
        plain.map_or_else(|| double(self.text), Ok)
    }
}

fn scaled(text: &[u8], scale: u8, excess: Excess) -> Result<i128, NumberProblem> {
    let parts = Parts::split(text).ok_or(NumberProblem::Syntax)?;
    let (value, first_beyond, any_beyond) = parts.scaled(scale).ok_or(NumberProblem::Overflow)?;
    let grows = match excess {
        Excess::Round => first_beyond >= 5,
        Excess::Floor => parts.negative && any_beyond,
        Excess::Refuse if any_beyond => return Err(NumberProblem::Inexact),
        Excess::Refuse => false,
    };
    // At most ten to the 38th, which an i128 holds.
    let magnitude =
        i128::try_from(value + u128::from(grows)).map_err(|_| NumberProblem::Overflow)?;
    Ok(if parts.negative {
        -magnitude
    } else {
        magnitude
    })
}

fn double(text: &[u8]) -> Result<f64, NumberProblem> {
    Parts::split(text).ok_or(NumberProblem::Syntax)?;
    let text = std::str::from_utf8(text).map_err(|_| NumberProblem::Syntax)?;
    let value: f64 = text.parse().map_err(|_| NumberProblem::Syntax)?;
    if !value.is_finite() {
        return Err(NumberProblem::Overflow);
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
