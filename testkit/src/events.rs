//! Events of the datasets that tests use, and the time at which they happen.

use bytes::Bytes;
use sluice::event::{SequenceNumber, SourceEvent, UnixMillis};

/// What the clock of a world shows at first, and when the first hour of events begins: 2025-11-14T11:00:00Z.
pub const START: i64 = 1_763_118_000_000;
/// The beginning of that day.
pub const MIDNIGHT: i64 = START - 11 * HOUR;
/// A minute, in milliseconds like all of these.
pub const MINUTE: i64 = 60_000;
/// An hour.
pub const HOUR: i64 = 60 * MINUTE;
/// A day.
pub const DAY: i64 = 24 * HOUR;

/// Returns an event of [`crate::datasets::THINGS`], `minute` minutes after the start.
#[must_use]
pub fn thing(id: i64, minute: i64, cents: i64) -> Bytes {
    let at = START + minute * MINUTE;
    let (whole, rest, who) = (cents / 100, cents % 100, id % 3);
    Bytes::from(format!(
        r#"{{"id":{id},"at":{at},"amount":{whole}.{rest:02},"who":"w{who}","extra":{id}}}"#
    ))
}

/// Returns an event of `datasets/orders.toml` that happens at `now`, some microseconds more for each id.
#[must_use]
pub fn order(id: i64, now: UnixMillis) -> Bytes {
    let (seconds, millis) = (now.0.div_euclid(1_000), now.0.rem_euclid(1_000));
    let time = format!("{seconds}.{millis:03}{:03}", id % 1_000);
    Bytes::from(format!(
        "{{\"order_id\": {id}, \"amount\": {id}.5, \"timestamp\": {time}}}"
    ))
}

/// Returns an event as the hub delivers it, enqueued `minute` minutes after the start.
#[must_use]
pub fn event(sequence: i64, minute: i64, body: Bytes) -> SourceEvent {
    SourceEvent::plain(
        body,
        SequenceNumber(sequence),
        UnixMillis(START + minute * MINUTE),
    )
}
