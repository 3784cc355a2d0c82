//! Finds out how texts are written that are points in time or days, by what reads them in production; pure.

use sluice::value::time::MICROS_PER_DAY;
use sluice::value::time::notation::{Notation, TimeFormat, Zone};

use super::super::sample::Field;

/// The zone that is guessed where texts name none.
pub(super) const ZONE: &str = "UTC";
/// How RFC 3339 is called.
pub(super) const RFC3339: &str = "rfc3339";
/// How a day is written where a column has no format.
pub(super) const DAY: &str = "%Y-%m-%d";

/// Formats of points in time that are tried, the common ones first; nothing else is written so often.
const TIMES: [&str; 24] = [
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S %z",
    "%Y-%m-%d %H:%M:%S UTC",
    "%Y-%m-%d %H:%M:%S.%f UTC",
    "%Y-%m-%d %H:%M:%S GMT",
    "%Y-%m-%dT%H:%M%z",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y%m%dT%H%M%S%z",
    "%Y%m%dT%H%M%S",
    "%Y%m%d%H%M%S",
    "%Y/%m/%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%d %b %Y %H:%M:%S %z",
    "%d/%b/%Y:%H:%M:%S %z",
];
/// Formats of days.
const DAYS: [&str; 5] = [DAY, "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"];
/// What a format ends in that stands for a zone and is no directive.
const NAMED: [&str; 2] = [" UTC", " GMT"];

/// The format that reads the most texts of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) format: &'static str,
    /// The zone of texts that name none.
    pub(super) zone: Option<&'static str>,
    /// Whether that is a guess.
    pub(super) is_zone_guessed: bool,
    /// Another format that reads as many, to another time.
    pub(super) rival: Option<&'static str>,
    /// How many values it reads, of how many that were tried.
    pub(super) read: u64,
    pub(super) tried: u64,
    /// A text that it does not read.
    pub(super) unread: Option<String>,
    /// The lowest and the highest point in time, in microseconds since 1970.
    pub(super) range: Option<(i64, i64)>,
}

/// Finds the format of points in time.
pub(super) fn time(field: &Field) -> Option<Found> {
    let plain = Notation {
        format: None,
        zone: None,
    };
    let rfc3339 = [(RFC3339, plain), (RFC3339, zoned(None))];
    let formats = TIMES.iter().chain(&[DAY]).filter_map(|text| {
        let format = TimeFormat::parse(text).ok()?;
        let notation = match format.has_offset() {
            true => Notation {
                format: Some(format),
                zone: None,
            },
            false => zoned(Some(format)),
        };
        Some((*text, notation))
    });
    let all = rfc3339.into_iter().chain(formats);
    let read = |notation: &Notation, text: &str| {
        let point = notation.point(text.as_bytes()).ok().flatten()?;
        Some(point.micros)
    };
    best(field, all.collect(), &read)
}

/// Finds the format of days.
pub(super) fn day(field: &Field) -> Option<Found> {
    let formats = DAYS.iter().filter_map(|text| {
        let notation = Notation {
            format: Some(TimeFormat::parse(text).ok()?),
            zone: None,
        };
        Some((*text, notation))
    });
    let read = |notation: &Notation, text: &str| {
        let day = notation.day(text.as_bytes()).ok()?;
        Some(i64::from(day) * MICROS_PER_DAY)
    };
    let found = best(field, formats.collect(), &read)?;
    Some(Found {
        zone: None,
        is_zone_guessed: false,
        ..found
    })
}

fn zoned(format: Option<TimeFormat>) -> Notation {
    Notation {
        format,
        zone: Zone::named(ZONE),
    }
}

fn best(
    field: &Field,
    notations: Vec<(&'static str, Notation)>,
    read: &dyn Fn(&Notation, &str) -> Option<i64>,
) -> Option<Found> {
    let texts: Vec<(&str, u64)> = field
        .texts_seen()
        .filter(|(text, _)| !field.spelled.contains_key(*text))
        .collect();
    let tried: u64 = texts.iter().map(|(_, count)| count).sum();
    let mut best: Option<Found> = None;
    for (format, notation) in notations {
        let points = texts
            .iter()
            .map(|(text, count)| (read(&notation, text), *count));
        let points: Vec<(Option<i64>, u64)> = points.collect();
        let is_read = points.iter().filter(|(point, _)| point.is_some());
        let count: u64 = is_read.map(|(_, count)| count).sum();
        let micros = || points.iter().filter_map(|(point, _)| *point);
        let range = micros().min().zip(micros().max());
        if let Some(best) = &mut best {
            if count == best.read && count > 0 && range != best.range && best.rival.is_none() {
                best.rival = Some(format);
            }
            if count <= best.read {
                continue;
            }
        }
        let unread = texts
            .iter()
            .zip(&points)
            .find(|(_, (point, _))| point.is_none());
        let is_named = NAMED.iter().any(|name| format.ends_with(name));
        best = Some(Found {
            format,
            zone: notation.zone.as_ref().map(|_| ZONE),
            is_zone_guessed: notation.zone.is_some() && !is_named,
            rival: None,
            read: count,
            tried,
            unread: unread.map(|((text, _), _)| (*text).to_owned()),
            range,
        });
    }
    best.filter(|best| best.read > 0)
}
