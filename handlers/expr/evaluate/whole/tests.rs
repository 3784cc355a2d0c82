use arrow_buffer::i256;
use proptest::prelude::*;

use super::Whole;

/// Numbers of so many digits, small ones and those near the ends among them.
fn of_digits(digits: u32) -> impl Strategy<Value = i128> {
    let most = 10_i128.pow(digits) - 1;
    prop_oneof![
        -most..=most,
        -1_000_i128..=1_000,
        (0..1_000_i128).prop_map(move |below| most - below),
        (0..1_000_i128).prop_map(move |above| above - most),
        any::<i64>().prop_map(i128::from),
    ]
}

fn wide(value: i128) -> i256 {
    <i256 as Whole>::of(value)
}

proptest! {
    #[test]
    fn both_widths_divide_and_round_alike(
        one in of_digits(i128::DIGITS),
        two in of_digits(i128::DIGITS).prop_map(|two| two.abs().max(1)),
    ) {
        let narrow = one.divided(two);
        prop_assert!(narrow.is_some());
        prop_assert_eq!(narrow, wide(one).divided(wide(two)));
    }

    #[test]
    fn a_quotient_is_the_nearest_whole_number_and_of_two_that_farther_from_zero(
        one in of_digits(18),
        two in of_digits(18).prop_map(|two| two.abs().max(1)),
    ) {
        let found = one.divided(two).unwrap();
        let (rest, sign) = (one - found * two, one.signum());
        prop_assert!(2 * rest.abs() <= two);
        // Halfway, it went away from zero: what is left points back.
        prop_assert!(2 * rest.abs() < two || rest.signum() == -sign);
    }

    #[test]
    fn both_widths_add_multiply_and_negate_alike(
        one in of_digits(18),
        two in of_digits(i128::DIGITS - 18),
    ) {
        prop_assert_eq!(Some(one.plus(two)), wide(one).plus(wide(two)).narrowed());
        prop_assert_eq!(Some(one.times(two)), wide(one).times(wide(two)).narrowed());
        prop_assert_eq!(Some(one.negated()), wide(one).negated().narrowed());
        prop_assert_eq!(Whole::is_negative(one), Whole::is_negative(wide(one)));
    }
}

#[test]
fn the_largest_numbers_of_either_width_keep_room_to_be_doubled() {
    let largest = |power: Option<i256>| power.unwrap().plus(i256::MINUS_ONE);
    let narrow = largest(<i256 as Whole>::power_of_ten(i128::DIGITS));
    assert!(narrow.plus(narrow).narrowed().is_some());
    let wide = largest(<i256 as Whole>::power_of_ten(i256::DIGITS));
    assert!(wide.plus(wide) > wide);
}
