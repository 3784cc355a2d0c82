//! Numbers as people read them.

use std::collections::BTreeMap;
use std::fmt::Display;

use indicatif::{DecimalBytes, HumanCount};

/// Writes a number with commas.
pub(crate) fn thousands(number: u64) -> String {
    HumanCount(number).to_string()
}

/// Writes a number of things, such as `1 file` or `2,000 files`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", HumanCount(number))
}

/// Writes each reason with its number, such as `missing_field 51`.
pub(crate) fn by_reason<R: Display>(numbers: &BTreeMap<R, u64>) -> Vec<String> {
    let numbers = numbers.iter();
    let texts = numbers.map(|(reason, number)| format!("{reason} {}", thousands(*number)));
    texts.collect()
}

/// Writes a number of duplicates, and how many of them are conflicts where there are any.
pub(crate) fn duplicates(duplicates: u64, conflicts: u64) -> String {
    let text = count(duplicates, "duplicate");
    match conflicts {
        0 => text,
        conflicts => format!("{text} ({})", count(conflicts, "conflict")),
    }
}

/// Writes the end of a balance: how many values became null, where there are any.
pub(crate) fn nulled(values: u64) -> String {
    match values {
        0 => String::new(),
        values => format!("; {} nulled", count(values, "value")),
    }
}

/// Writes a number of bytes, such as `76.11 kB`.
pub(crate) fn size(bytes: u64) -> String {
    DecimalBytes(bytes).to_string()
}

/// Writes a number of seconds in the unit that suits it, rounded down.
pub(crate) fn span(seconds: i64) -> String {
    match seconds {
        i64::MIN..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        172_800.. => format!("{} days", HumanCount((seconds / 86_400).unsigned_abs())),
    }
}

/// For how many seconds nothing may come before that is worth a word.
const QUIET: i64 = 120;

/// Says how far event time is behind, given in seconds: behind the newest event's arrival where that is known, for events
/// that were old when they came are no delay of the pipeline; and since when nothing has come, where that is long.
pub(crate) fn ages(behind_now: i64, behind_arrival: Option<i64>) -> Vec<String> {
    let Some(behind_arrival) = behind_arrival else {
        return vec![format!("{} behind now", span(behind_now))];
    };
    let mut phrases = vec![match behind_arrival {
        ..1 => "events come within a second".to_owned(),
        age => format!("events are {} old when they come", span(age)),
    }];
    let since = behind_now.saturating_sub(behind_arrival);
    if since >= QUIET {
        phrases.push(format!("the last came {} ago", span(since)));
    }
    phrases
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas_and_things_a_plural() {
        let numbers = [0, 7, 999, 1_000, 69_659, 1_234_567].map(thousands);
        assert_eq!(numbers, ["0", "7", "999", "1,000", "69,659", "1,234,567"]);
        let counts = [0, 1, 2, 2_000].map(|number| count(number, "file"));
        assert_eq!(counts, ["0 files", "1 file", "2 files", "2,000 files"]);
    }

    #[test]
    fn reasons_stand_before_their_numbers() {
        let numbers = [("late", 1_200), ("empty", 1)].into();
        assert_eq!(by_reason(&numbers), ["empty 1", "late 1,200"]);
    }

    #[test]
    fn conflicts_are_named_among_the_duplicates() {
        assert_eq!(duplicates(1_200, 0), "1,200 duplicates");
        assert_eq!(duplicates(1_200, 1), "1,200 duplicates (1 conflict)");
        assert_eq!(duplicates(1, 0), "1 duplicate");
    }

    #[test]
    fn values_that_became_null_end_a_balance_where_there_are_any() {
        assert_eq!(
            [0, 1, 2_000].map(nulled),
            ["", "; 1 value nulled", "; 2,000 values nulled"]
        );
    }

    #[test]
    fn sizes_have_decimal_units() {
        let sizes = [0, 999, 1_000, 1_234_567, 5_000_000_000_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.00 kB", "1.23 MB", "5.00 PB"]);
    }

    #[test]
    fn old_events_are_told_from_events_that_no_longer_come() {
        let old = "events are 9 h old when they come";
        assert_eq!(ages(32_403, Some(32_400)), [old]);
        let quiet = [old, "the last came 3 h ago"];
        assert_eq!(ages(43_200, Some(32_400)), quiet);
        let ahead = "events come within a second";
        assert_eq!(ages(-58, Some(-60)), [ahead], "a clock that is ahead");
        assert_eq!(ages(125, None), ["2 min behind now"]);
    }

    #[test]
    fn spans_change_their_unit_at_two_of_the_next() {
        let spans = [-5, 3, 119, 120, 7_200, 172_800, 900_000_000].map(span);
        assert_eq!(
            spans,
            [
                "-5 s",
                "3 s",
                "119 s",
                "2 min",
                "2 h",
                "2 days",
                "10,416 days"
            ]
        );
    }
}
