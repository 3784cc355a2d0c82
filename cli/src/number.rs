//! Whole numbers on the command line; pure.

/// Reads a whole number of `least` or more.
pub(crate) fn from<T>(least: u64) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: TryFrom<u64>,
{
    between(least, u64::MAX)
}

/// Reads a whole number from `least` to `most`.
pub(crate) fn between<T>(least: u64, most: u64) -> impl Fn(&str) -> Result<T, String> + Clone
where
    T: TryFrom<u64>,
{
    move |text| {
        let number = text.parse().ok();
        let number = number.filter(|number| (least..=most).contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| match most {
            u64::MAX => format!("it is a whole number of {least} or more, such as 20"),
            most => format!("it is a whole number from {least} to {most}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_of_those_that_are_accepted_and_otherwise_they_are_named() {
        let any = from::<u64>(0);
        assert_eq!(any("0"), Ok(0));
        assert_eq!(any("18446744073709551615"), Ok(u64::MAX));
        let some = from::<u64>(1);
        assert_eq!(some("1"), Ok(1));
        for wrong in ["", "x", "-1", "1.5", "1e3", "1_000", "99999999999999999999"] {
            let error = any(wrong).unwrap_err();
            assert!(error.contains("whole number of 0 or more"), "{error}");
        }
        let error = some("0").unwrap_err();
        assert!(error.contains("whole number of 1 or more"), "{error}");
        let few = between::<u16>(1, 32);
        assert_eq!(few("32"), Ok(32));
        for wrong in ["0", "33", "x"] {
            let error = few(wrong).unwrap_err();
            assert!(error.contains("from 1 to 32"), "{error}");
        }
    }
}
