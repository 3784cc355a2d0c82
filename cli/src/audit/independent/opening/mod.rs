//! Opens events as the dataset file says, to find how many records are in them.
//!
//! With `serde_json`, `flate2` and `zstd` alone: silver's scanner, its opening and its casting have no part in it. What it
//! shares with silver are the dataset file as it was read, and these crates.

mod members;
mod repeated;
mod room;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use sluice::dataset::{Compression, Dataset, Payload, PayloadFormat};
use sluice::value::compression::Codec;

use super::json::{MARK, are_blanks, at, elements, is_blank, value};
use super::object::Event;
use repeated::Repeated;
use room::{Refused, Room};

/// A record of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'e> {
    /// Its number in its event, from 0.
    pub(crate) number: usize,
    /// Its text; as a rule that of a JSON value.
    pub(crate) text: Cow<'e, [u8]>,
    /// The places of the members in the dataset file that should have been opened and could not be.
    pub(crate) unopened: Vec<usize>,
}

/// Returns the records of an event whose body is not Avro; none of an event that is empty.
///
/// # Errors
/// Fails if the event is refused as a whole.
pub(crate) fn open<'e>(
    dataset: &Dataset,
    event: &'e Event<'_>,
) -> Result<Vec<Record<'e>>, Refused> {
    let (payload, body) = (&dataset.payload, event.body.as_ref());
    if !payload.is_opened() {
        let record = Record {
            number: 0,
            text: Cow::Borrowed(body),
            unopened: Vec::new(),
        };
        return Ok(match is_blank(body) {
            true => Vec::new(),
            false => vec![record],
        });
    }
    if are_blanks(body) {
        return Ok(Vec::new());
    }
    let mut opening = Opening {
        payload,
        room: Room::of(payload),
        repeated: Repeated::of(dataset),
        records: Vec::new(),
    };
    opening.body(body)?;
    let mut records = opening.records;
    opening.repeated.check(event, records.len())?;
    // A byte order mark alone is a line, and no record.
    records.retain(|record| !is_blank(&record.text));
    Ok(records)
}

/// An event while it is opened.
struct Opening<'p, 'e> {
    payload: &'p Payload,
    room: Room,
    repeated: Repeated<'p>,
    records: Vec<Record<'e>>,
}

impl<'e> Opening<'_, 'e> {
    fn body(&mut self, body: &'e [u8]) -> Result<(), Refused> {
        let text = match self.codec(body) {
            None => {
                self.room.take(body.len())?;
                Cow::Borrowed(body)
            }
            Some(codec) => Cow::Owned(self.room.unpack(codec, body)?.ok_or(Refused)?),
        };
        let text = match text.strip_prefix(MARK) {
            Some(rest) => Cow::Owned(rest.to_vec()),
            None => text,
        };
        if self.payload.format != PayloadFormat::JsonLines {
            return match are_blanks(&text) {
                true => Ok(()),
                false => self.value(text),
            };
        }
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !are_blanks(line) {
                self.value(Cow::Owned(line.to_vec()))?;
            }
        }
        Ok(())
    }

    fn codec(&self, body: &[u8]) -> Option<Codec> {
        match (self.payload.compression, body) {
            (Compression::None, _) => None,
            (Compression::By(codec), _) => Some(codec),
            (Compression::Auto, [0x1F, 0x8B, ..]) => Some(Codec::Gzip),
            (Compression::Auto, [0x28, 0xB5, 0x2F, 0xFD, ..]) => Some(Codec::Zstd),
            // Deflate, with a window of at most 32 KiB, checked by the five lowest bits, without a dictionary.
            (Compression::Auto, [method, check, ..]) => {
                let header = u16::from_be_bytes([*method, *check]);
                let is_zlib = method % 16 == 8 && method / 16 < 8 && header % 31 == 0;
                (is_zlib && header & 0x20 == 0).then_some(Codec::Zlib)
            }
            (Compression::Auto, _) => None,
        }
    }

    /// Takes the records of a text that should be one value.
    fn value(&mut self, text: Cow<'e, [u8]>) -> Result<(), Refused> {
        let (text, unopened) = members::open(self.payload, text, &mut self.room)?;
        let Some(path) = &self.payload.records else {
            return self.add(text, unopened);
        };
        let whole = value(&text).ok_or(Refused)?;
        let array = at(whole, path.segments(), self.payload.ignore_case);
        let array = array.filter(|array| array.starts_with('['));
        let elements = array.and_then(elements).ok_or(Refused)?;
        self.repeated.add_beside(whole, &unopened, elements.len());
        for element in elements {
            let element = Cow::Owned(element.as_bytes().to_vec());
            self.add(element, unopened.clone())?;
        }
        Ok(())
    }

    fn add(&mut self, text: Cow<'e, [u8]>, unopened: Vec<usize>) -> Result<(), Refused> {
        if self.records.len() >= self.payload.max_records {
            return Err(Refused);
        }
        self.records.push(Record {
            number: self.records.len(),
            text,
            unopened,
        });
        Ok(())
    }
}
