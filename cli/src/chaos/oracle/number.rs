//! Decimal numbers as JSON writes them, scaled to whole ones; pure.

/// More digits than any number has that fits.
const MOST_DIGITS: usize = 38;

/// What is left of the digits that do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The nearest, half away from zero.
    Round,
    /// The next one below.
    Below,
}

/// Returns `text` times ten to the power of `scale` as a whole number; nothing if it is no number of JSON, or if it has
/// more digits than can be.
pub(super) fn scaled(text: &str, scale: i64, cut: Cut) -> Option<i128> {
    let (is_negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (rest.get(..at)?, exponent(rest.get(at + 1..)?)?),
        None => (rest, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let is_plain = are_digits(whole) && (whole.len() == 1 || !whole.starts_with('0'));
    if !is_plain || !fraction.is_none_or(are_digits) {
        return None;
    }
    let fraction = fraction.unwrap_or_default();
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    // Where the point stands in the digits once they are scaled.
    let point = i64::try_from(whole.len()).ok()?;
    let point = point.saturating_add(exponent).saturating_add(scale);
    let magnitude = whole_part(&digits, leading, point)?;
    let is_half = digit(&digits, point) >= 5;
    let has_rest = digits
        .iter()
        .enumerate()
        .any(|(place, digit)| *digit != b'0' && i64::try_from(place).is_ok_and(|it| it >= point));
    let away = match cut {
        Cut::Round => is_half,
        Cut::Below => is_negative && has_rest,
    };
    let magnitude = magnitude + i128::from(away);
    Some(if is_negative { -magnitude } else { magnitude })
}

/// The digits before the point, with zeros where there are none.
fn whole_part(digits: &[u8], leading: usize, point: i64) -> Option<i128> {
    if leading == digits.len() || point <= 0 {
        return Some(0);
    }
    let leading = i64::try_from(leading).ok()?;
    if point.saturating_sub(leading) > i64::try_from(MOST_DIGITS).ok()? {
        return None;
    }
    let mut value = 0i128;
    for place in leading.min(point)..point {
        value = value
            .checked_mul(10)?
            .checked_add(i128::from(digit(digits, place)))?;
    }
    Some(value)
}

/// The digit at a place, 0 beyond them.
fn digit(digits: &[u8], place: i64) -> u8 {
    let place = usize::try_from(place).ok();
    let found = place.and_then(|place| digits.get(place));
    found.map_or(0, |digit| digit - b'0')
}

/// An exponent, as far as it matters.
fn exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, text.get(1..)?),
        b'+' => (1, text.get(1..)?),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    Some(sign * digits.parse::<i64>().unwrap_or(1 << 40).min(1 << 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_scaled_exactly() {
        for (text, scale, rounded, below) in [
            (
                "1763120674.343",
                6,
                1_763_120_674_343_000,
                1_763_120_674_343_000,
            ),
            ("450", 2, 45_000, 45_000),
            ("0.005", 2, 1, 0),
            ("0.0049", 2, 0, 0),
            ("-0.005", 2, -1, -1),
            ("-1.001", 2, -100, -101),
            ("1e3", 2, 100_000, 100_000),
            ("12.5E-1", 2, 125, 125),
            ("1.0000000009", 6, 1_000_000, 1_000_000),
            ("0e99999999999999999999", 2, 0, 0),
            ("1e-99999999999999999999", 2, 0, 0),
            ("-1e-9", 2, 0, -1),
            ("0.995", 2, 100, 99),
        ] {
            assert_eq!(scaled(text, scale, Cut::Round), Some(rounded), "{text}");
            assert_eq!(scaled(text, scale, Cut::Below), Some(below), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_long_is_none() {
        for text in [
            "",
            "-",
            "01",
            "1.",
            ".5",
            "+1",
            "0x10",
            "NaN",
            "1e",
            "1e+",
            "1 ",
            "\"1\"",
            "true",
            "1e99999999999999999999",
            &"9".repeat(39),
        ] {
            assert_eq!(scaled(text, 0, Cut::Round), None, "{text}");
        }
    }
}
