use proptest::prelude::*;

use super::*;
use crate::value::decimal;

#[test]
fn integers_are_read_however_they_are_written() {
    let cases: &[(&str, Result<i64, NumberProblem>)] = &[
        ("0", Ok(0)),
        ("-0", Ok(0)),
        ("12", Ok(12)),
        ("12.0", Ok(12)),
        ("1.2e1", Ok(12)),
        ("1200E-2", Ok(12)),
        ("0e999999999999999999999", Ok(0)),
        ("9223372036854775807", Ok(i64::MAX)),
        ("-9223372036854775808", Ok(i64::MIN)),
        ("9223372036854775807.000000000000000000000", Ok(i64::MAX)),
        ("9223372036854775808", Err(NumberProblem::Overflow)),
        ("1e999999999", Err(NumberProblem::Overflow)),
        ("1e99999999999999999999999999", Err(NumberProblem::Overflow)),
        ("1e-999999999", Err(NumberProblem::Inexact)),
        ("1e-99999999999999999999999999", Err(NumberProblem::Inexact)),
        ("12.5", Err(NumberProblem::Inexact)),
        (
            "12.000000000000000000000000000000000000000001",
            Err(NumberProblem::Inexact),
        ),
        ("", Err(NumberProblem::Syntax)),
        ("-", Err(NumberProblem::Syntax)),
        ("+1", Err(NumberProblem::Syntax)),
        ("01", Err(NumberProblem::Syntax)),
        (" 1", Err(NumberProblem::Syntax)),
        ("1.", Err(NumberProblem::Syntax)),
        (".5", Err(NumberProblem::Syntax)),
        ("1e", Err(NumberProblem::Syntax)),
        ("1e+", Err(NumberProblem::Syntax)),
        ("1_000", Err(NumberProblem::Syntax)),
        ("0x10", Err(NumberProblem::Syntax)),
        ("NaN", Err(NumberProblem::Syntax)),
    ];
    for (text, expected) in cases {
        assert_eq!(Number::new(text.as_bytes()).int64(), *expected, "{text}");
    }
}

#[test]
fn decimals_round_half_away_from_zero_and_keep_their_precision() {
    let cases: &[(&str, u8, u8, Result<i128, NumberProblem>)] = &[
        ("11.77", 18, 2, Ok(1177)),
        ("450", 18, 2, Ok(45000)),
        ("1.005", 18, 2, Ok(101)),
        ("-1.005", 18, 2, Ok(-101)),
        ("1.0049999999999999999999999", 18, 2, Ok(100)),
        ("0.5", 1, 0, Ok(1)),
        ("-0.5", 1, 0, Ok(-1)),
        ("5e-1", 1, 0, Ok(1)),
        ("5e-2", 1, 0, Ok(0)),
        ("9.5", 1, 0, Err(NumberProblem::Overflow)),
        ("9.4", 1, 0, Ok(9)),
        (
            "99999999999999999999999999999999999999",
            38,
            0,
            Ok(10_i128.pow(38) - 1),
        ),
        (
            "99999999999999999999999999999999999999.4",
            38,
            0,
            Ok(10_i128.pow(38) - 1),
        ),
        (
            "99999999999999999999999999999999999999.5",
            38,
            0,
            Err(NumberProblem::Overflow),
        ),
        (
            "0.99999999999999999999999999999999999999",
            38,
            38,
            Ok(10_i128.pow(38) - 1),
        ),
        ("1", 38, 38, Err(NumberProblem::Overflow)),
        ("1e37", 38, 0, Ok(10_i128.pow(37))),
        ("1e38", 38, 0, Err(NumberProblem::Overflow)),
        (
            "0.0000000000000000000000000000000000000000000001e46",
            38,
            0,
            Ok(1),
        ),
        ("1e-999999999", 38, 10, Ok(0)),
    ];
    for (text, precision, scale, expected) in cases {
        let actual = Number::new(text.as_bytes()).decimal(*precision, *scale, Excess::Round);
        assert_eq!(actual, *expected, "{text} as decimal({precision},{scale})");
    }
}

#[test]
fn cutting_goes_towards_the_past_on_both_sides_of_zero() {
    let cases: &[(&str, i128)] = &[
        ("0.0000009", 0),
        ("-0.0000009", -1),
        ("-0.0000010", -1),
        ("-1.5", -1_500_000),
        ("1763120674.3439999", 1_763_120_674_343_999),
        ("-1e-400", -1),
    ];
    for (text, expected) in cases {
        let actual = Number::new(text.as_bytes()).scaled(6, Excess::Floor);
        assert_eq!(actual, Ok(*expected), "{text}");
    }
}

#[test]
fn doubles_are_finite() {
    assert_eq!(
        Number::new(b"10.357019999999999").double(),
        Ok(10.357_019_999_999_999)
    );
    assert_eq!(Number::new(b"1e-999").double(), Ok(0.0));
    assert_eq!(Number::new(b"1e999").double(), Err(NumberProblem::Overflow));
    assert_eq!(Number::new(b"inf").double(), Err(NumberProblem::Syntax));
}

#[test]
fn scaled_numbers_are_written_with_their_point() {
    assert_eq!(decimal::format(-5, 2), "-0.05");
    assert_eq!(decimal::format(1177, 2), "11.77");
    assert_eq!(decimal::format(7, 0), "7");
}

proptest! {
    #[test]
    fn decimals_agree_with_integer_arithmetic(value in -(10_i128.pow(30))..10_i128.pow(30), written in 0_u8..12, scale in 0_u8..8) {
        let text = decimal::format(value, written);
        let expected = if scale >= written {
            value * 10_i128.pow(u32::from(scale - written))
        } else {
            let unit = 10_i128.pow(u32::from(written - scale));
            (value + value.signum() * unit / 2) / unit
        };
        prop_assert_eq!(Number::new(text.as_bytes()).scaled(scale, Excess::Round), Ok(expected));
        let shifted = format!("{text}e-3");
        prop_assert_eq!(Number::new(shifted.as_bytes()).scaled(scale + 3, Excess::Round), Ok(expected));
    }

    #[test]
    fn any_text_is_a_number_exactly_if_json_says_so(text in "[-+]?[0-9.eE+-]{0,12}") {
        let json = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok_and(|raw| raw.get() == text);
        prop_assert_eq!(Number::new(text.as_bytes()).scaled(2, Excess::Round) != Err(NumberProblem::Syntax), json);
    }
}

proptest! {
    #[test]
    fn a_plain_number_is_what_the_digits_one_by_one_say(
        text in "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?",
        scale in 0_u8..=38,
        tail in "[,}: ]?",
    ) {
        for excess in [Excess::Round, Excess::Floor, Excess::Refuse] {
            let slow = Number::scanned(text.as_bytes(), None);
            prop_assert_eq!(Number::new(text.as_bytes()).scaled(scale, excess), slow.scaled(scale, excess));
            prop_assert_eq!(Number::new(text.as_bytes()).double(), slow.double());
        }
        // What follows a number does not change it.
        let longer = format!("{text}{tail}");
        if let Some((number, length)) = PlainNumber::scan(longer.as_bytes()) {
            prop_assert_eq!(length, text.len());
            prop_assert_eq!(Some((number, length)), PlainNumber::scan(text.as_bytes()));
        }
    }
}
