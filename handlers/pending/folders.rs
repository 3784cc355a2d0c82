//! Which folders of bronze have to be looked at; pure.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

use crate::event::UnixMillis;
use crate::store::object::ObjectPath;
use crate::value::period::{MILLIS_PER_HOUR, hour_before, hour_of};

const MILLIS_PER_DAY: i64 = 24 * MILLIS_PER_HOUR;

/// Returns folders below a partition's that cover every hour from that of `from` up to that in which `until` has not come yet,
/// and nothing else: whole days as such, and hours around them.
pub(super) fn folders_of_span(from: UnixMillis, until: UnixMillis) -> Vec<String> {
    let mut folders = Vec::new();
    let mut hour = hour_of(from).0;
    while hour < until.0 {
        let Some(time) = DateTime::<Utc>::from_timestamp_millis(hour) else {
            return folders;
        };
        let is_day =
            hour.rem_euclid(MILLIS_PER_DAY) == 0 && hour.saturating_add(MILLIS_PER_DAY) <= until.0;
        let (format, length) = match is_day {
            true => ("%Y/%m/%d/", MILLIS_PER_DAY),
            false => ("%Y/%m/%d/%H/", MILLIS_PER_HOUR),
        };
        folders.push(time.format(format).to_string());
        hour = hour.saturating_add(length);
    }
    folders
}

/// Returns folders below a partition's that cover every hour from that of `from` to that of `until`, and nothing
/// before: hours up to midnight, then days, months and years, so that a long silence takes few listings.
pub(super) fn folders(from: UnixMillis, until: UnixMillis) -> Vec<String> {
    let time = |millis: i64| DateTime::<Utc>::from_timestamp_millis(millis);
    let mut folders = Vec::new();
    let Some(mut hour) = time(hour_of(from).0) else {
        return folders;
    };
    while hour.timestamp_millis() <= until.0 {
        let (format, next) = if hour.hour() != 0 {
            ("%Y/%m/%d/%H/", hour.checked_add_signed(TimeDelta::hours(1)))
        } else if hour.day() != 1 {
            ("%Y/%m/%d/", hour.checked_add_signed(TimeDelta::days(1)))
        } else if hour.month() != 1 {
            let (year, month) = match hour.month() {
                12 => (hour.year() + 1, 1),
                month => (hour.year(), month + 1),
            };
            let next = hour.with_year(year).and_then(|next| next.with_month(month));
            ("%Y/%m/", next)
        } else {
            ("%Y/", hour.with_year(hour.year() + 1))
        };
        folders.push(hour.format(format).to_string());
        let Some(next) = next else { break };
        hour = next;
    }
    folders
}

/// Reads the hour of the folder that bronze put the object into; none for an object that was put there by hand.
pub(super) fn folder_hour(path: &ObjectPath) -> Option<UnixMillis> {
    let mut parts = path.name().rsplit('/').skip(1);
    let mut number = || parts.next()?.parse::<u32>().ok();
    let (hour, day, month, year) = (number()?, number()?, number()?, number()?);
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let start = date.and_hms_opt(hour, 0, 0)?.and_utc();
    Some(UnixMillis(start.timestamp_millis()))
}

/// Returns the hour before which everything is finished: not after the first unfinished object's, and before that of
/// the newest object, because bronze may still fill that folder and the one ahead of it.
pub(super) fn complete_before(
    newest: UnixMillis,
    first_unfinished: Option<UnixMillis>,
) -> UnixMillis {
    let ahead = hour_before(newest);
    first_unfinished.map_or(ahead, |first| first.min(ahead))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixMillis {
        UnixMillis(text.parse::<DateTime<Utc>>().unwrap().timestamp_millis())
    }

    #[test]
    fn a_span_is_whole_days_and_the_hours_around_them() {
        let of = |from, until| folders_of_span(at(from), at(until));
        assert_eq!(
            of("2025-11-14T22:30:00Z", "2025-11-17T01:00:01Z"),
            [
                "2025/11/14/22/",
                "2025/11/14/23/",
                "2025/11/15/",
                "2025/11/16/",
                "2025/11/17/00/",
                "2025/11/17/01/"
            ]
        );
        assert_eq!(
            of("2025-11-14T22:30:00Z", "2025-11-14T23:00:00Z"),
            ["2025/11/14/22/"]
        );
        assert!(of("2025-11-14T22:00:00Z", "2025-11-14T22:00:00Z").is_empty());
        assert!(folders_of_span(UnixMillis(i64::MAX), UnixMillis(i64::MAX)).is_empty());
    }

    #[test]
    fn a_partition_at_work_takes_two_listings() {
        assert_eq!(
            folders(at("2025-11-14T11:40:00Z"), at("2025-11-14T12:10:00Z")),
            ["2025/11/14/11/", "2025/11/14/12/"]
        );
    }

    #[test]
    fn a_long_silence_is_covered_by_coarser_folders() {
        assert_eq!(
            folders(at("2024-11-29T22:00:00Z"), at("2026-02-03T04:00:00Z")),
            [
                "2024/11/29/22/",
                "2024/11/29/23/",
                "2024/11/30/",
                "2024/12/",
                "2025/",
                "2026/"
            ]
        );
    }

    #[test]
    fn the_hour_is_read_from_the_folder_and_an_object_put_by_hand_has_none() {
        let path = |name| ObjectPath::new("bronze", name);
        assert_eq!(
            folder_hour(&path("orders/0/2025/11/14/07/00001-5.jsonl")),
            Some(at("2025-11-14T07:00:00Z"))
        );
        assert_eq!(folder_hour(&path("orders/by-hand.jsonl")), None);
        assert_eq!(folder_hour(&path("orders/0/2025/13/14/07/x.jsonl")), None);
    }

    #[test]
    fn hours_are_complete_up_to_the_one_ahead_of_the_newest_or_the_first_unfinished() {
        let newest = at("2025-11-14T11:00:00Z");
        assert_eq!(complete_before(newest, None), at("2025-11-14T10:00:00Z"));
        let unfinished = at("2025-11-14T03:00:00Z");
        assert_eq!(complete_before(newest, Some(unfinished)), unfinished);
    }
}
