use super::{BASE, problems};
use crate::dataset::Dataset;

/// The file with one more table, of which these keys are.
fn with(keys: &str) -> String {
    format!("{BASE}\n[[gold]]\ntable = \"more\"\nmeasures = {{ n = \"count\" }}\n{keys}\n")
}

fn problem(keys: &str) -> String {
    let found = problems(&with(keys));
    assert_eq!(found.lines().count(), 1, "{found}");
    let (_, message) = found.split_once("gold \"more\".").unwrap();
    message.to_owned()
}

#[test]
fn days_weeks_and_months_have_a_zone_and_windows_overlap() {
    for grain in ["day", "week", "month"] {
        let keys = format!("grain = \"{grain}\"\nzone = \"europe/berlin\"");
        let dataset = Dataset::parse(&with(&keys), "x.toml").unwrap();
        let zone = dataset.gold.last().and_then(|table| table.zone.clone());
        assert_eq!(zone.unwrap().name(), "Europe/Berlin");
    }
    for (grain, every) in [("5m", 1), ("30m", 3), ("30m", 15), ("20m", 2)] {
        let keys = format!("grain = \"{grain}\"\nevery = \"{every}m\"");
        let dataset = Dataset::parse(&with(&keys), "x.toml").unwrap();
        assert_eq!(dataset.gold.last().unwrap().every, Some(every));
    }
}

#[test]
fn periods_are_kept_as_long_as_the_file_says() {
    let dataset = Dataset::parse(&with("grain = \"hour\"\nkeep = \"30d\""), "x.toml").unwrap();
    let keep = dataset.gold.last().unwrap().keep;
    assert_eq!(keep, Some(std::time::Duration::from_secs(30 * 86_400)));
    for (keys, expected) in [
        (
            "grain = \"all\"\nkeep = \"30d\"",
            "keep: a table for all time has no periods that could be too old",
        ),
        (
            "grain = \"day\"\nkeep = \"0d\"",
            "keep: nothing would be kept: leave it out for all of time",
        ),
        (
            "grain = \"day\"\nkeep = \"a month\"",
            "keep: \"a month\" is not a duration of at most ten years, such as \"36h\" or \"30d\"",
        ),
    ] {
        assert_eq!(problem(keys), expected, "{keys}");
    }
}

#[test]
fn a_zone_below_a_day_and_windows_that_do_not_fit_are_refused() {
    for (keys, expected) in [
        (
            "grain = \"hour\"\nzone = \"Europe/Berlin\"",
            "zone: only a day, a week or a month has a zone: hours and windows are those of UTC, since clocks that are set back show some hours twice",
        ),
        (
            "grain = \"all\"\nzone = \"Europe/Berlin\"",
            "zone: a table for all time has no periods, and so no zone",
        ),
        (
            "grain = \"day\"\nzone = \"Europe/Berln\"",
            "zone: there is no time zone \"Europe/Berln\"; did you mean Europe/Berlin?",
        ),
        (
            "grain = \"hour\"\nevery = \"5m\"",
            "every: only windows overlap, of \"5m\", \"10m\", \"15m\", \"20m\" or \"30m\"; grain is \"hour\"",
        ),
        (
            "grain = \"30m\"\nevery = \"2m\"",
            "every: windows of \"30m\" may begin every \"3m\", \"5m\", \"6m\", \"10m\", \"15m\": a part of their length, so that an event lies in at most 12",
        ),
        (
            "grain = \"10m\"\nevery = \"10m\"",
            "every: windows of \"10m\" may begin every \"1m\", \"2m\", \"5m\": a part of their length, so that an event lies in at most 12",
        ),
        (
            "grain = \"10m\"\nevery = \"30s\"",
            "every: \"30s\" is not whole minutes, such as \"5m\"",
        ),
    ] {
        assert_eq!(problem(keys), expected, "{keys}");
    }
}
