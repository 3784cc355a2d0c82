//! How many records of a run may be rejected; pure.

use std::fmt;

use crate::output::{count, thousands};

/// A hundred percent.
const WHOLE: u64 = 1_000_000;
/// One percent.
const PERCENT: u64 = WHOLE / 100;
/// Digits after the point of a percentage.
const DIGITS: usize = 4;

/// The most records of a run that may be rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MaxQuarantined {
    /// So many.
    Records(u64),
    /// So many of a million that came.
    Share(u64),
}

impl MaxQuarantined {
    /// Reads a number of records, or a percentage.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let found = match text.strip_suffix('%') {
            Some(percent) => share(percent.trim_end()).map(Self::Share),
            None => text.parse().ok().map(Self::Records),
        };
        found.ok_or_else(|| {
            "it is a number of records such as 0 or 20, or a share of them from 0% to 100%, such as 0.5%".to_owned()
        })
    }

    /// Says that a run had more than that, if it had.
    pub(super) fn exceeded(self, quarantined: u64, records: u64) -> Option<String> {
        let is_over = match self {
            Self::Records(most) => quarantined > most,
            Self::Share(most) => {
                u128::from(quarantined) * u128::from(WHOLE) > u128::from(most) * u128::from(records)
            }
        };
        is_over.then(|| {
            format!(
                "{} of this run's {} are in quarantine, and --max-quarantined allows {self}; what became rows stays. The reasons are above; mend the dataset file, deploy it, and take them up with `sluice redrive`",
                thousands(quarantined),
                count(records, "record")
            )
        })
    }
}

impl fmt::Display for MaxQuarantined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(most) => f.write_str(&thousands(*most)),
            Self::Share(most) => {
                let rest = format!("{:0DIGITS$}", most % PERCENT);
                let rest = rest.trim_end_matches('0');
                let point = if rest.is_empty() { "" } else { "." };
                write!(f, "{}{point}{rest}%", most / PERCENT)
            }
        }
    }
}

/// Reads a percentage as parts of a million.
fn share(percent: &str) -> Option<u64> {
    let (whole, rest) = percent.split_once('.').unwrap_or((percent, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || rest.len() > DIGITS || !is_number(whole) || !is_number(rest) {
        return None;
    }
    let rest: u64 = format!("{rest:0<DIGITS$}").parse().ok()?;
    let share = whole.parse::<u64>().ok()?.checked_mul(PERCENT)?;
    share.checked_add(rest).filter(|share| *share <= WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_a_share_is_taken_and_said_again() {
        for (text, said) in [
            ("0", "0"),
            ("2000", "2,000"),
            ("0.5%", "0.5%"),
            ("5 %", "5%"),
            ("100%", "100%"),
            ("0.0001%", "0.0001%"),
            ("12.50%", "12.5%"),
        ] {
            assert_eq!(MaxQuarantined::parse(text).unwrap().to_string(), said);
        }
        for wrong in [
            "", "%", "-1", "1.5", "100.1%", ".5%", "0.00001%", "x%", "1e2%",
        ] {
            let error = MaxQuarantined::parse(wrong).unwrap_err();
            assert!(error.contains("such as 0.5%"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_run_may_have_as_many_as_are_allowed_and_no_more() {
        let is_over = |text: &str, quarantined, records| {
            let most = MaxQuarantined::parse(text).unwrap();
            most.exceeded(quarantined, records).is_some()
        };
        assert!(!is_over("0", 0, 10) && is_over("0", 1, 10));
        assert!(!is_over("3", 3, 3) && is_over("3", 4, 1_000));
        assert!(!is_over("0.5%", 5, 1_000) && is_over("0.5%", 6, 1_000));
        assert!(!is_over("0%", 0, 0), "a run without records has none");
        assert!(!is_over("100%", u64::MAX, u64::MAX));
        let said = MaxQuarantined::Share(5_000).exceeded(40, 1_000).unwrap();
        assert!(
            said.starts_with("40 of this run's 1,000 records are in quarantine, and --max-quarantined allows 0.5%;"),
            "{said}"
        );
    }
}
