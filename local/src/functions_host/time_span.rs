//! .NET time spans: how host.json and function.json write durations, and how the host prints them.

use std::time::Duration;

/// Parses `[d.]hh:mm[:ss[.fffffff]]` or a bare number of days, as `TimeSpan.Parse` does for what is not negative.
pub(crate) fn parse_time_span(text: &str) -> Option<Duration> {
    let text = text.trim();
    let parts: Vec<&str> = text.split(':').collect();
    let (days, hours, minutes, seconds) = match parts.as_slice() {
        [days] => return Some(Duration::from_secs(digits(days)?.checked_mul(86_400)?)),
        [hours, minutes] => (days_of(hours)?, hours_of(hours), *minutes, "0"),
        [hours, minutes, seconds] => (days_of(hours)?, hours_of(hours), *minutes, *seconds),
        _ => return None,
    };
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let (hours, minutes, whole) = (digits(hours)?, digits(minutes)?, digits(whole)?);
    if hours > 23 || minutes > 59 || whole > 59 || fraction.len() > 7 {
        return None;
    }
    let nanos = if fraction.is_empty() {
        0
    } else {
        u32::try_from(digits(&format!("{fraction:0<9}"))?).ok()?
    };
    let total = days * 86_400 + hours * 3_600 + minutes * 60 + whole;
    Some(Duration::new(total, nanos))
}

/// Writes `hh:mm:ss`, without the parts of a second.
pub(crate) fn format_time_span(span: Duration) -> String {
    let seconds = span.as_secs();
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

fn days_of(hours: &str) -> Option<u64> {
    hours
        .split_once('.')
        .map_or(Some(0), |(days, _)| digits(days))
}

fn hours_of(hours: &str) -> &str {
    hours.split_once('.').map_or(hours, |(_, hours)| hours)
}

fn digits(text: &str) -> Option<u64> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_read_as_dotnet_reads_them() {
        let cases = [
            ("00:00:02", Some(Duration::from_secs(2))),
            ("00:15:00", Some(Duration::from_secs(900))),
            ("01:30", Some(Duration::from_secs(5_400))),
            ("1.00:00:01", Some(Duration::from_secs(86_401))),
            ("00:00:00.25", Some(Duration::from_millis(250))),
            ("3", Some(Duration::from_secs(3 * 86_400))),
            ("24:00:00", None),
            ("00:60:00", None),
            ("0 0 * * *", None),
            ("", None),
            ("-1", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_time_span(text), expected, "{text}");
        }
    }
}
