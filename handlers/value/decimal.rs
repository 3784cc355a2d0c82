//! Exact decimals as text: the digits, a point, and as many digits after it as the scale says. Pure.
//!
//! The text of a value is unique: no leading zeros, no `+`, no `-0`.

/// The most digits of a decimal, those of SQL Server's and of Arrow's 128-bit one.
pub const MAX_PRECISION: u8 = 38;

/// The first number that has more than 38 digits.
const TOO_LARGE: u128 = 10_u128.pow(MAX_PRECISION as u32);

/// Returns whether `unscaled` has at most 38 digits.
#[must_use]
pub fn fits(unscaled: i128) -> bool {
    unscaled.unsigned_abs() < TOO_LARGE
}

/// Reads what [`format()`] wrote: the unscaled number and the scale.
#[must_use]
pub fn parse(text: &str) -> Option<(i128, u8)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut unscaled: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        unscaled = unscaled
            .checked_mul(10)?
            .checked_add(i128::from(digit - b'0'))?;
    }
    let scale = u8::try_from(fraction.len()).ok()?;
    (!whole.is_empty() && fits(unscaled)).then_some((sign * unscaled, scale))
}

/// Writes `value`, which is a number times ten to `scale`, with its point.
#[must_use]
pub fn format(value: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale + 1);
    let sign = if value < 0 { "-" } else { "" };
    match digits.split_at_checked(digits.len() - scale) {
        Some((integer, fraction)) if scale > 0 => format!("{sign}{integer}.{fraction}"),
        _ => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_decimal_keeps_its_zeros_and_its_sign() {
        for (unscaled, scale, text) in [
            (0, 2, "0.00"),
            (-5, 2, "-0.05"),
            (1250, 2, "12.50"),
            (-1250, 0, "-1250"),
            (7, 38, "0.00000000000000000000000000000000000007"),
            (
                10_i128.pow(38) - 1,
                0,
                "99999999999999999999999999999999999999",
            ),
        ] {
            assert_eq!(format(unscaled, scale), text);
            assert_eq!(parse(text), Some((unscaled, scale)));
        }
    }

    #[test]
    fn what_is_no_decimal_of_38_digits_is_not_read() {
        for text in [
            "",
            "-",
            ".5",
            "1e3",
            "+1",
            "1.2.3",
            "100000000000000000000000000000000000000",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_restores_the_number(unscaled in -(10_i128.pow(38) - 1)..10_i128.pow(38), scale in 0u8..=38) {
            prop_assert_eq!(parse(&format(unscaled, scale)), Some((unscaled, scale)));
        }
    }
}
