//! What a gold table says of its periods beside their length: `every`, for windows that overlap, `zone` and `keep`.

use std::time::Duration;

use crate::dataset::reader::Keys;
use crate::expr::find_zone;
use crate::value::Grain;
use crate::value::time::notation::Zone;
use crate::value::time::parse_duration;
use crate::wording::quoted;

/// The most windows that an event lies in.
const MOST_WINDOWS: i64 = 12;
const MINUTES: &str = "whole minutes, such as \"5m\"";

const KEPT: &str = "a duration of at most ten years, such as \"36h\" or \"30d\"";

/// What it says.
pub(super) struct Said {
    pub(super) every: Option<u8>,
    pub(super) zone: Option<Zone>,
    pub(super) keep: Option<Duration>,
}

/// Reads it; what does not go with the grain is reported.
pub(super) fn read_steps(keys: &Keys<'_>, grain: Option<Grain>) -> Said {
    Said {
        every: read_every(keys, grain),
        zone: read_zone(keys, grain),
        keep: read_keep(keys, grain),
    }
}

fn read_keep(keys: &Keys<'_>, grain: Option<Grain>) -> Option<Duration> {
    let at = keys.value("keep")?.at;
    let keep = keys.parsed("keep", KEPT, parse_duration)?;
    if grain == Some(Grain::All) {
        let message = "a table for all time has no periods that could be too old";
        keys.report("keep", at, message);
    }
    if keep.is_zero() {
        keys.report(
            "keep",
            at,
            "nothing would be kept: leave it out for all of time",
        );
    }
    Some(keep)
}

fn read_every(keys: &Keys<'_>, grain: Option<Grain>) -> Option<u8> {
    let text = keys.string("every")?;
    let every = keys.parsed("every", MINUTES, parse_minutes)?;
    // Without a grain a problem was reported.
    let grain = grain?;
    let Some(length) = grain.window_minutes() else {
        let message = format!(
            "only windows overlap, of \"5m\", \"10m\", \"15m\", \"20m\" or \"30m\"; grain is {}",
            quoted(grain.as_str())
        );
        keys.report("every", text.at, message);
        return None;
    };
    let minutes = i64::from(every);
    let fits = |minutes: &i64| length % minutes == 0 && length / minutes <= MOST_WINDOWS;
    if minutes >= length || !fits(&minutes) {
        let allowed = (1..length).filter(fits);
        let allowed: Vec<String> = allowed.map(|minutes| format!("\"{minutes}m\"")).collect();
        let message = format!(
            "windows of {} may begin every {}: a part of their length, so that an event lies in at most {MOST_WINDOWS}",
            quoted(grain.as_str()),
            allowed.join(", ")
        );
        keys.report("every", text.at, message);
        return None;
    }
    Some(every)
}

fn parse_minutes(text: &str) -> Option<u8> {
    let minutes = text.strip_suffix('m')?;
    let is_plain = minutes.bytes().all(|digit| digit.is_ascii_digit());
    let minutes: u8 = minutes.parse().ok().filter(|_| is_plain)?;
    (minutes > 0).then_some(minutes)
}

fn read_zone(keys: &Keys<'_>, grain: Option<Grain>) -> Option<Zone> {
    let name = keys.string("zone")?;
    let report = |message| keys.report("zone", name.at, message);
    let zone = find_zone(name.value).map_err(report).ok()?;
    let message = match grain? {
        Grain::Day | Grain::Week | Grain::Month => return Some(zone),
        Grain::All => "a table for all time has no periods, and so no zone",
        _ => {
            "only a day, a week or a month has a zone: hours and windows are those of UTC, since clocks that are set back show some hours twice"
        }
    };
    keys.report("zone", name.at, message);
    None
}
