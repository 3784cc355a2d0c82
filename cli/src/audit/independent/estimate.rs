//! How far the estimate of a number of different values may be from the number.

/// Five standard deviations, each 1.04 of the root of 4,096.
const ERROR: f64 = 5.0 * 1.04 / 64.0;
/// Few values are off by one where two of them share a register.
const FEW: f64 = 2.0;

/// Returns whether an estimate is as near to the number as its stated error allows; what does not estimate at all is further off.
#[expect(
    clippy::cast_precision_loss,
    reason = "the error is of parts of a hundred"
)]
pub(super) fn is_near(estimate: i64, number: usize) -> bool {
    let (estimate, number) = (estimate as f64, number as f64);
    match number > 0.0 {
        true => estimate >= 1.0 && (estimate - number).abs() <= FEW + ERROR * number,
        false => estimate == 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_right_within_its_error() {
        for (estimate, number) in [
            (0, 0),
            (1, 1),
            (3, 1),
            (10, 10),
            (1_080, 1_000),
            (920, 1_000),
        ] {
            assert!(is_near(estimate, number), "{estimate} of {number}");
        }
        for (estimate, number) in [(1, 0), (0, 1), (4, 1), (1_084, 1_000), (916, 1_000)] {
            assert!(!is_near(estimate, number), "{estimate} of {number}");
        }
    }
}
