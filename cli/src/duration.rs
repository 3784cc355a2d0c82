//! Lengths of time on the command line, written as in a dataset file; pure.

use std::time::Duration;

use sluice::value::time::parse_duration;

/// Reads a duration such as `90s` or `10m`; a bare number is seconds.
pub(crate) fn or_seconds(text: &str) -> Result<Duration, String> {
    read(text, 's')
}

/// Reads a duration such as `90s` or `10m`; a bare number is minutes.
pub(crate) fn or_minutes(text: &str) -> Result<Duration, String> {
    read(text, 'm')
}

fn read(text: &str, unit: char) -> Result<Duration, String> {
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let written = match is_bare {
        true => format!("{text}{unit}"),
        false => text.to_owned(),
    };
    parse_duration(&written).ok_or_else(|| {
        "it is a whole number and a unit, such as 30s, 10m, 2h or 1d, and at most ten years"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_a_unit_and_a_bare_number_that_of_its_flag() {
        let seconds = |text| or_seconds(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("10m"), Ok(600));
        assert_eq!(seconds("600"), Ok(600));
        assert_eq!(seconds("0"), Ok(0));
        assert_eq!(or_minutes("10").unwrap(), Duration::from_secs(600));
        assert_eq!(or_minutes("90s").unwrap(), Duration::from_secs(90));
        for wrong in ["", "soon", "-1", "1.5", "10 m", "1w", "99999d"] {
            let error = seconds(wrong).unwrap_err();
            assert!(error.contains("30s, 10m"), "{wrong}: {error}");
        }
    }
}
