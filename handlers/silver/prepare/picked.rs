//! The events of a source that are to be refined: all of them, or those with records that are taken up again. Pure.

use std::collections::btree_map::Range;
use std::iter::Peekable;

use super::lines::{Event, Events};
use crate::error::Invariant;
use crate::silver::RefineError;
use crate::store::object::{Pick, Source};

/// The events, from a line on.
pub(super) struct PickedEvents<'a> {
    events: Events<'a>,
    picks: Option<Peekable<Range<'a, u32, Pick>>>,
}

impl<'a> PickedEvents<'a> {
    /// Reads the events of a source, which is the one of this number in its group.
    ///
    /// # Errors
    /// As [`Events::of`], and if the source has no such line.
    pub(super) fn from(source: &'a Source, index: u32, line: u32) -> Result<Self, RefineError> {
        let mut events = Events::of(source, index)?;
        events.skip_to(line)?;
        let picks = source.only.as_deref();
        let picks = picks.map(|only| only.0.range(line..).peekable());
        Ok(Self { events, picks })
    }

    /// Returns the next event, and which of its records are meant if not all are; nothing at the end.
    ///
    /// # Errors
    /// As [`Events::next`], and if the source lacks the line of a record.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(&Event<'a>, Option<&'a Pick>)>, RefineError> {
        let Some(picks) = &mut self.picks else {
            return Ok(self.events.next()?.map(|event| (event, None)));
        };
        let Some((line, pick)) = picks.next() else {
            return Ok(None);
        };
        self.events.skip_to(*line)?;
        let event = self.events.next()?;
        let event = event.ok_or(Invariant("a record that was rejected is in its source"))?;
        Ok(Some((event, Some(pick))))
    }

    /// Returns the line of the next event, if there is one.
    pub(super) fn upcoming(&mut self) -> Option<u32> {
        match &mut self.picks {
            None => self.events.upcoming(),
            Some(picks) => picks.peek().map(|(line, _)| **line),
        }
    }

    /// As [`Events::counts_blank_lines`].
    pub(super) fn counts_blank_lines(&self) -> bool {
        self.events.counts_blank_lines()
    }
}
