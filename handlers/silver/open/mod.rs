//! Opens an event: of its body come its records, each the text of one JSON value. Pure.
//!
//! - In this order: the body is unpacked, read by its format, members that hold something are replaced by it, and the
//!   array of the records is taken apart.
//! - An event is refused as a whole, or all of its records are found; whether a record is a row is for others to say.
//! - What is opened has a limit that counts all layers together, and depends on no other event.
//! - What need not be changed is not copied.

mod avro;
mod beside;
mod budget;
mod members;
mod refusal;
mod steps;

use std::borrow::Cow;

use super::cast::reject::Reject;
use super::line::Outside;
use super::line::unopened::Unopened;
use crate::dataset::{Compression, Dataset, Payload, PayloadFormat};
use crate::event::RejectReason;
use crate::value::compression::Codec;
use crate::value::json::find::{elements, find};
use crate::value::json::token::{Kind, Token};
use crate::value::json::{BYTE_ORDER_MARK, is_blank};
use avro::Schemas;
use beside::{Common, Repeated};
use budget::Budget;
use refusal::{not_opened, too_many};

/// Opens the events of one dataset.
#[derive(Debug)]
pub(super) struct Opener {
    payload: Payload,
    schemas: Schemas,
    common: Common,
    /// How many bytes were opened so far.
    taken: usize,
}

/// The body of an event, and what came with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body<'e> {
    pub(super) bytes: &'e [u8],
    /// Whether the body is known to be UTF-8.
    pub(super) is_utf8: bool,
    /// What the hub said of it: a JSON object, or nothing.
    pub(super) system: &'e [u8],
    /// What its producer said of it, likewise.
    pub(super) properties: &'e [u8],
}

/// An event that was opened.
#[derive(Clone, Debug)]
pub(super) struct Opened<'e> {
    /// The text that the records are in.
    text: Cow<'e, [u8]>,
    is_utf8: bool,
    places: Vec<Place>,
    /// The values that have an array of records each; none where no array is taken apart.
    values: Vec<Value>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug)]
struct Place {
    record: Span,
    unopened: Unopened,
    /// The number of the value that it is in.
    value: u32,
}

/// A value with records in it.
#[derive(Clone, Debug)]
struct Value {
    span: Span,
    unopened: Unopened,
    records: usize,
    /// What stands beside the records.
    outside: Vec<Token>,
}

/// A part of a text, which is shorter than 4 GiB.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
}

/// A record of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'o> {
    /// Its text; one JSON value, unless the format is JSON lines or the event is the record.
    pub(super) text: &'o [u8],
    /// Whether that is known to be UTF-8.
    pub(super) is_utf8: bool,
    /// The members of it, or beside it, that should have been opened and could not be.
    pub(super) unopened: Unopened,
    pub(super) outside: Outside<'o>,
}

impl Opened<'_> {
    /// Returns the records in their order; none of an event that is empty.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.places.iter().map(|place| Record {
            text: place.record.of(&self.text),
            is_utf8: self.is_utf8,
            unopened: place.unopened,
            outside: self.outside(place),
        })
    }

    fn outside(&self, place: &Place) -> Outside<'_> {
        let value = self.values.get(place.value as usize);
        value.map_or_else(Outside::default, |value| Outside {
            text: value.span.of(&self.text),
            tokens: &value.outside,
        })
    }
}

impl Span {
    fn new(start: usize, end: usize) -> Self {
        // A scanner takes no longer text.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    fn of(self, text: &[u8]) -> &[u8] {
        // Places are in the text that they were found in.
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl Opener {
    /// Makes what opens a dataset's events; nothing where each is one record as it stands.
    pub(super) fn of(dataset: &Dataset) -> Option<Self> {
        Self::with(&dataset.payload, || Common::of(dataset))
    }

    /// Makes what opens events of which nothing is read but their records.
    pub(super) fn of_records(payload: &Payload) -> Option<Self> {
        Self::with(payload, Common::default)
    }

    fn with(payload: &Payload, common: impl FnOnce() -> Common) -> Option<Self> {
        payload.is_opened().then(|| Self {
            payload: payload.clone(),
            schemas: Schemas::of(payload),
            common: common(),
            taken: 0,
        })
    }

    /// Returns how many bytes were opened so far, those of events that were refused among them.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Opens an event.
    ///
    /// # Errors
    /// Fails if the event is refused as a whole.
    pub(super) fn open<'e>(&mut self, body: Body<'e>) -> Result<Opened<'e>, Reject> {
        let mut budget = Budget::of(&self.payload);
        let is_avro = self.payload.format == PayloadFormat::Avro;
        let is_empty = match is_avro {
            true => body.bytes.is_empty(),
            false => is_blank(body.bytes),
        };
        if is_empty {
            return Ok(Opened::of(Cow::Borrowed(body.bytes), true));
        }
        let opened = self.open_body(body, &mut budget);
        self.taken = self.taken.saturating_add(budget.taken());
        let mut opened = opened?;
        let repeated = self.read_beside(body, &mut opened)?;
        self.taken = self.taken.saturating_add(repeated);
        Ok(opened)
    }

    /// Reads what the records have in common, and returns how many bytes of it they repeat.
    fn read_beside(&mut self, body: Body<'_>, opened: &mut Opened<'_>) -> Result<usize, Reject> {
        let records = opened.places.len();
        let mut repeated = Repeated::default();
        if records > 1 {
            let Body {
                properties, system, ..
            } = body;
            repeated.add(self.common.came(properties, system), records);
        }
        let (text, is_utf8) = (&opened.text, opened.is_utf8);
        for value in opened.values.iter_mut().filter(|value| value.records > 0) {
            let text = value.span.of(text);
            value.outside = self.common.read(text, is_utf8, value.unopened);
            let lengths = value.outside.iter().map(|token| token.raw(text).len());
            repeated.add(lengths.sum(), value.records);
        }
        repeated.checked(records, &self.payload)
    }

    fn open_body<'e>(&mut self, body: Body<'e>, budget: &mut Budget) -> Result<Opened<'e>, Reject> {
        let (unpacked, is_utf8) = self.unpack(body, budget)?;
        match self.payload.format {
            PayloadFormat::Json => self.value(unpacked, is_utf8, budget),
            PayloadFormat::JsonLines => self.lines(unpacked, is_utf8, budget),
            PayloadFormat::Avro => self.avro(&unpacked, body.system, budget),
        }
    }

    /// Unpacks a body, and tells whether it is known to be UTF-8.
    fn unpack<'e>(
        &self,
        body: Body<'e>,
        budget: &mut Budget,
    ) -> Result<(Cow<'e, [u8]>, bool), Reject> {
        let codec = match self.payload.compression {
            Compression::None => None,
            Compression::Auto => Codec::of(body.bytes),
            Compression::By(codec) => Some(codec),
        };
        let Some(codec) = codec else {
            // Of Avro, it is the text that counts.
            if self.payload.format != PayloadFormat::Avro {
                budget.take(body.bytes.len())?;
            }
            return Ok((Cow::Borrowed(body.bytes), body.is_utf8));
        };
        let unpacked = budget.unpack(codec, body.bytes)?;
        let unpacked = unpacked.map_err(|problem| not_opened(format!("the body {problem}")))?;
        Ok((Cow::Owned(unpacked), false))
    }

    /// Opens a text that is one value.
    fn value<'e>(
        &self,
        text: Cow<'e, [u8]>,
        is_utf8: bool,
        budget: &mut Budget,
    ) -> Result<Opened<'e>, Reject> {
        let is_utf8 = is_utf8 || std::str::from_utf8(&text).is_ok();
        let text = without_mark(text);
        if is_blank(&text) {
            return Ok(Opened::of(text, is_utf8));
        }
        let (text, unopened) = members::open(&self.payload, text, is_utf8, budget)?;
        let mut opened = Opened::of(text, is_utf8);
        let all = Span::new(0, opened.text.len());
        opened.add_records(&self.payload, all, unopened)?;
        Ok(opened)
    }

    /// Opens lines, each of which is a record.
    fn lines<'e>(
        &self,
        text: Cow<'e, [u8]>,
        is_utf8: bool,
        budget: &mut Budget,
    ) -> Result<Opened<'e>, Reject> {
        let is_utf8 = is_utf8 || std::str::from_utf8(&text).is_ok();
        let text = without_mark(text);
        if !members::may_change(&self.payload) {
            let mut opened = Opened::of(text, is_utf8);
            for line in lines(&opened.text).collect::<Vec<_>>() {
                opened.add_records(&self.payload, line, Unopened::default())?;
            }
            return Ok(opened);
        }
        let mut opened = Opened::of(Cow::Owned(Vec::with_capacity(text.len())), is_utf8);
        for line in lines(&text) {
            let line = Cow::Borrowed(line.of(&text));
            let (line, unopened) = members::open(&self.payload, line, is_utf8, budget)?;
            let line = opened.append(&line);
            opened.add_records(&self.payload, line, unopened)?;
        }
        Ok(opened)
    }

    /// Opens Avro, whose values are opened one by one.
    fn avro(
        &mut self,
        bytes: &[u8],
        system: &[u8],
        budget: &mut Budget,
    ) -> Result<Opened<'static>, Reject> {
        let Self {
            payload, schemas, ..
        } = self;
        let mut opened = Opened::of(Cow::Owned(Vec::new()), true);
        schemas.read(bytes, system, budget, |text, budget| {
            let (text, unopened) = members::open(payload, Cow::Borrowed(text), true, budget)?;
            let value = opened.append(&text);
            opened.add_records(payload, value, unopened)
        })?;
        Ok(opened)
    }
}

impl<'e> Opened<'e> {
    /// Makes an event without records, so far.
    fn of(text: Cow<'e, [u8]>, is_utf8: bool) -> Self {
        Self {
            text,
            is_utf8,
            places: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Appends a value to the text, and returns where it is.
    fn append(&mut self, value: &[u8]) -> Span {
        let text = self.text.to_mut();
        let start = text.len();
        text.extend_from_slice(value);
        Span::new(start, text.len())
    }

    /// Adds the records of a value in the text.
    fn add_records(
        &mut self,
        payload: &Payload,
        value: Span,
        unopened: Unopened,
    ) -> Result<(), Reject> {
        let most = payload.max_records;
        let (before, number) = (self.places.len(), self.values.len() as u32);
        let places = &mut self.places;
        let mut add = |record: Span| {
            if places.len() >= most {
                return Err(too_many(most));
            }
            places.push(Place {
                record,
                unopened,
                value: number,
            });
            Ok(())
        };
        let Some(path) = &payload.records else {
            return add(value);
        };
        let text = value.of(&self.text);
        let array = find(text, self.is_utf8, path.segments(), payload.ignore_case)?;
        if array.raw(text).first() != Some(&b'[') {
            return Err(
                members::in_the_way_to(path, unopened, payload).unwrap_or(Reject {
                    reason: RejectReason::NoRecords,
                    column: None,
                    position: array.start(),
                    detail: match array.kind {
                        Kind::Absent => format!("the array of the records, {path}, is absent"),
                        Kind::Null => format!("the array of the records, {path}, is null"),
                        _ => format!("what should be the array of the records, {path}, is none"),
                    },
                }),
            );
        }
        let from = value.start as usize;
        elements(text, array, |element| {
            let start = from + element.start();
            add(Span::new(start, start + element.raw(text).len()))
        })?;
        self.values.push(Value {
            span: value,
            unopened,
            records: self.places.len() - before,
            outside: Vec::new(),
        });
        Ok(())
    }
}

/// Returns what follows the byte order mark.
fn without_mark(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)),
        Cow::Owned(mut text) => {
            if text.starts_with(BYTE_ORDER_MARK) {
                text.drain(..BYTE_ORDER_MARK.len());
            }
            Cow::Owned(text)
        }
    }
}

/// Returns the lines that are not blank, without their ends: a line feed, or a carriage return and a line feed.
fn lines(text: &[u8]) -> impl Iterator<Item = Span> {
    let mut start = 0;
    text.split(|byte| *byte == b'\n').filter_map(move |line| {
        let from = start;
        start += line.len() + 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        (!is_blank(line)).then(|| Span::new(from, from + line.len()))
    })
}

#[cfg(test)]
mod tests;
