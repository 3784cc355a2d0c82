//! The lines of a source that hold events, and when the hub took them; pure.

use std::borrow::Cow;

use crate::error::Invariant;
use crate::event::UnixMillis;
use crate::silver::RefineError;
use crate::silver::cast::LineContext;
use crate::store::object::{ObjectFormat, Source};
use crate::value::json::{self, BYTE_ORDER_MARK};
use crate::value::line::Line;
use crate::value::line::times::Times;

/// How many events are read at once: whoever looks at one just after it was written waits for the processor's own stores.
const BLOCK: usize = 32;

/// The bytes of a source that its number of events is estimated from.
const SAMPLE: usize = 8 * 1024;
/// Events are taken to have so many bytes in the mean at least.
const SHORT_EVENT: usize = 32;

/// The events of a source, one after the other.
pub(super) struct Events<'a> {
    source: &'a Source,
    rest: &'a [u8],
    /// Nothing where one time counts for all.
    times: Option<Times<'a>>,
    is_utf8: bool,
    /// Whether bronze wrote the lines: each of them is an event then, also a blank one.
    is_of_bronze: bool,
    /// The number of the source in its group.
    index: u32,
    /// The number of the line that `rest` begins with.
    next: u32,
    /// Events that were read, and how many of them were returned.
    block: Vec<Event<'a>>,
    taken: usize,
}

/// An event, as its line holds it.
pub(super) struct Event<'a> {
    /// What its producer sent.
    pub(super) body: Cow<'a, [u8]>,
    /// Whether the body is known to be UTF-8.
    pub(super) is_utf8: bool,
    /// Where its first record stands.
    pub(super) at: LineContext<'a>,
}

impl<'a> Events<'a> {
    /// Reads the events of a source, which is the one of this number in its group.
    ///
    /// # Errors
    /// Fails if the format of the source is not that of this build, or its times are not there.
    pub(super) fn of(source: &'a Source, index: u32) -> Result<Self, RefineError> {
        let (lines, times) = Times::split(&source.content);
        let times = match &source.format {
            // A copy that lost its metadata: the times are no event, and say nothing of this object.
            ObjectFormat::Lines => None,
            ObjectFormat::LinesAndTimes => Some(times.ok_or_else(|| no_times(source))?),
            ObjectFormat::Unknown(format) => {
                return Err(RefineError::Format {
                    source_name: source.name.clone(),
                    format: format.clone(),
                });
            }
        };
        Ok(Self {
            source,
            rest: lines,
            is_of_bronze: source.range.is_some() || times.is_some(),
            times,
            is_utf8: simdutf8::basic::from_utf8(&source.content).is_ok(),
            index,
            next: 0,
            block: Vec::with_capacity(BLOCK),
            taken: 0,
        })
    }

    /// Returns the next event; nothing at the end.
    ///
    /// # Errors
    /// Fails if the source does not say when the hub took each event.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<&Event<'a>>, RefineError> {
        if self.taken == self.block.len() {
            self.read_block()?;
        }
        let event = self.block.get(self.taken);
        self.taken += usize::from(event.is_some());
        Ok(event)
    }

    /// Reads the next events, none at the end.
    fn read_block(&mut self) -> Result<(), RefineError> {
        self.block.clear();
        self.taken = 0;
        while self.block.len() < BLOCK
            && let Some(event) = self.read()?
        {
            self.block.push(event);
        }
        Ok(())
    }

    #[inline]
    fn read(&mut self) -> Result<Option<Event<'a>>, RefineError> {
        let Some(text) = next_line(&mut self.rest) else {
            return self.end().map(|()| None);
        };
        let number = self.next;
        let next = number.checked_add(1);
        self.next = next.ok_or(Invariant("lines are counted in 32 bits"))?;
        let enqueued_time = match &mut self.times {
            None => self.source.enqueued_time,
            Some(times) => times.next().ok_or_else(|| no_times(self.source))?,
        };
        let first = self.source.range.map(|range| range.first.0);
        let line = Line::read(text);
        Ok(Some(Event {
            is_utf8: self.is_utf8 && matches!(line.body, Cow::Borrowed(_)),
            at: LineContext {
                source: self.index,
                partition: self.source.partition.as_ref(),
                line: number,
                record: 0,
                sequence_number: first.map(|first| first.saturating_add(i64::from(number))),
                enqueued_time,
                system: line.system,
                properties: line.properties,
            },
            body: line.body,
        }))
    }

    /// Goes on to the event of a line that was not read yet.
    ///
    /// # Errors
    /// Fails if there is no such line, or if its event was read before.
    pub(super) fn skip_to(&mut self, line: u32) -> Result<(), RefineError> {
        while self
            .block
            .get(self.taken)
            .is_some_and(|event| event.at.line < line)
        {
            self.taken += 1;
        }
        while self.next < line {
            let skipped = next_line(&mut self.rest);
            skipped.ok_or(Invariant("a source that is read again has the same lines"))?;
            if let Some(times) = &mut self.times {
                times.next().ok_or_else(|| no_times(self.source))?;
            }
            self.next += 1;
        }
        match self.upcoming().is_some_and(|next| next > line) {
            true => Err(Invariant("events are read in the order of their lines").into()),
            false => Ok(()),
        }
    }

    /// Returns the number of the next line, if there is one.
    pub(super) fn upcoming(&self) -> Option<u32> {
        match self.block.get(self.taken) {
            Some(event) => Some(event.at.line),
            None => (!self.rest.is_empty()).then_some(self.next),
        }
    }

    /// Returns whether a line without text is an event; in an object that was put there by hand it is none.
    pub(super) fn counts_blank_lines(&self) -> bool {
        self.is_of_bronze
    }

    /// Fails if there are times of more events.
    fn end(&self) -> Result<(), RefineError> {
        match self.times.as_ref().is_none_or(Times::is_at_end) {
            true => Ok(()),
            false => Err(no_times(self.source)),
        }
    }
}

impl<'a> Event<'a> {
    /// Reads a line that is in no source.
    pub(super) fn alone(line: &'a [u8]) -> Self {
        let line = Line::read(line);
        Self {
            is_utf8: false,
            at: LineContext {
                source: 0,
                partition: None,
                line: 0,
                record: 0,
                sequence_number: None,
                enqueued_time: UnixMillis(0),
                system: line.system,
                properties: line.properties,
            },
            body: line.body,
        }
    }

    /// Returns whether its line is blank: nobody wrapped anything.
    pub(super) fn is_blank_line(&self) -> bool {
        let is_plain = self.at.system.is_empty() && matches!(self.body, Cow::Borrowed(_));
        is_plain && is_blank(&self.body)
    }
}

/// Estimates how many events sources have, from how long their first lines are; rather too low than far too high.
pub(super) fn expected_events<'a>(sources: impl IntoIterator<Item = &'a Source>) -> usize {
    let expected = sources.into_iter().map(|source| {
        let sample = source.content.get(..SAMPLE).unwrap_or(&source.content);
        let lines = memchr::memchr_iter(b'\n', sample).count();
        let mean = (sample.len() / lines.max(1)).max(SHORT_EVENT);
        source.content.len() / mean
    });
    expected.sum()
}

/// Returns whether a text holds nothing but what JSON takes for blanks, a byte order mark before them aside.
pub(super) fn is_blank(text: &[u8]) -> bool {
    json::is_blank(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text))
}

/// Takes the next line, without its line feed; what follows the last line feed is a line unless it is empty.
#[inline]
fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let (line, tail) = match memchr::memchr(b'\n', rest) {
        Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
        None => (*rest, &[][..]),
    };
    *rest = tail;
    Some(line)
}

#[cold]
fn no_times(source: &Source) -> RefineError {
    RefineError::Times {
        source_name: source.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_may_lack_its_line_feed() {
        let split = |content: &'static [u8]| {
            let mut rest = content;
            std::iter::from_fn(|| next_line(&mut rest)).collect::<Vec<_>>()
        };
        assert_eq!(split(b"a\nb\n"), [b"a", b"b"]);
        assert_eq!(split(b"a\nb"), [b"a", b"b"]);
        assert_eq!(split(b"\n\nb"), [&b""[..], b"", b"b"]);
        assert_eq!(split(b""), Vec::<&[u8]>::new());
    }

    #[test]
    fn blank_is_what_json_takes_for_blanks() {
        for blank in ["", " ", "\t \r\n", "\u{feff}", "\u{feff} "] {
            assert!(is_blank(blank.as_bytes()), "{blank:?}");
        }
        for text in ["x", "\u{a0}", "\0", " \u{feff}", "\u{b}"] {
            assert!(!is_blank(text.as_bytes()), "{text:?}");
        }
    }
}
