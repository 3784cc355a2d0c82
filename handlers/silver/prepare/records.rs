//! The records of an event; pure.
//!
//! A dataset opens events here: whatever asks for records asks [`open`], and nobody else knows what an event is made
//! of.

use super::lines::{Event, is_blank};
use crate::silver::cast::reject::Reject;
use crate::silver::line::Outside;
use crate::silver::line::unopened::Unopened;
use crate::silver::open::{Body, Opener};

/// A record of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'r> {
    /// Its number in the event, from 0.
    pub(super) number: u32,
    /// Its text; a blank one is no record.
    pub(super) text: &'r [u8],
    /// Whether that is known to be UTF-8.
    pub(super) is_utf8: bool,
    /// The members of it that should have been opened and could not be.
    pub(super) unopened: Unopened,
    /// What stands in the event beside it.
    pub(super) outside: Outside<'r>,
}

/// Hands the records of an event to `each`, in their order; an empty event has none. What is handed over depends on the
/// event alone.
///
/// # Errors
/// Fails if the event is refused whole; no record of it has been handed over then.
#[inline]
pub(super) fn open(
    event: &Event<'_>,
    opener: &mut Option<Opener>,
    mut each: impl FnMut(Record<'_>),
) -> Result<(), Reject> {
    let Some(opener) = opener else {
        each(Record {
            number: 0,
            text: &event.body,
            is_utf8: event.is_utf8,
            unopened: Unopened::default(),
            outside: Outside::default(),
        });
        return Ok(());
    };
    let opened = opener.open(Body {
        bytes: &event.body,
        is_utf8: event.is_utf8,
        system: event.at.system,
        properties: event.at.properties,
    })?;
    for (number, record) in (0..).zip(opened.records()) {
        each(Record {
            number,
            text: record.text,
            is_utf8: record.is_utf8,
            unopened: record.unopened,
            outside: record.outside,
        });
    }
    Ok(())
}

/// Returns what `of` makes of each record of an event.
///
/// # Errors
/// As [`open`].
pub(super) fn records_of<T>(
    event: &Event<'_>,
    opener: &mut Option<Opener>,
    mut of: impl FnMut(Record<'_>) -> T,
) -> Result<Vec<T>, Reject> {
    let mut records = Vec::new();
    open(event, opener, |record| {
        if !is_blank(record.text) {
            records.push(of(record));
        }
    })?;
    Ok(records)
}
