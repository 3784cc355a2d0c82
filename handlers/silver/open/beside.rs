//! What the records of an event have in common: values beside their array, and what came with the event. Every record that
//! has a column of one repeats it, so that all of them together have a limit too.

use super::refusal::repeated_too_much;
use crate::dataset::{Dataset, Origin, Payload};
use crate::silver::cast::reject::Reject;
use crate::silver::line::LineParser;
use crate::silver::line::members::Members;
use crate::silver::line::unopened::Unopened;
use crate::value::json::token::Token;
use crate::value::path::FieldPath;

/// Reads what the records of an event have in common.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// In the event beside its records.
    outside: Option<EventReader>,
    /// Of properties, and of what the hub says.
    properties: Option<Reader>,
    system: Option<Reader>,
}

/// Reads values at the places of columns.
#[derive(Debug)]
struct Reader {
    parser: LineParser,
    /// The number of each place, in the order of the columns.
    numbers: Vec<usize>,
}

/// Reads them in an event, whose members may have been opened.
#[derive(Debug)]
struct EventReader {
    reader: Reader,
    members: Members,
}

impl Common {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let payload = &dataset.payload;
        let paths = |origin| -> Vec<&FieldPath> {
            let columns = dataset.columns.iter();
            columns.flat_map(|column| column.paths(origin)).collect()
        };
        let reader = |origin| Reader::of(&paths(origin), payload.ignore_case);
        Self {
            outside: EventReader::of(payload, &paths(Origin::Event)),
            properties: reader(Origin::Properties),
            system: reader(Origin::System),
        }
    }

    /// Returns the values of an event that stand beside its records, by the number of their place.
    pub(super) fn read(&mut self, text: &[u8], is_utf8: bool, unopened: Unopened) -> Vec<Token> {
        match &mut self.outside {
            Some(outside) => outside.read(text, is_utf8, unopened),
            None => Vec::new(),
        }
    }

    /// Returns how many bytes columns read of what came with an event: its properties, and what the hub said of it.
    pub(super) fn came(&mut self, properties: &[u8], system: &[u8]) -> usize {
        let length = |reader: &mut Option<Reader>, text: &[u8]| {
            let reader = reader.as_mut().filter(|_| !text.is_empty());
            let tokens = reader.map_or_else(Vec::new, |reader| reader.read(text, false));
            let lengths = tokens.iter().map(|token| token.raw(text).len());
            lengths.sum::<usize>()
        };
        length(&mut self.properties, properties) + length(&mut self.system, system)
    }
}

impl Reader {
    /// Makes a reader; none where there is nothing to read.
    fn of(paths: &[&FieldPath], ignore_case: bool) -> Option<Self> {
        let (parser, numbers) = LineParser::of(paths, ignore_case, false);
        (!paths.is_empty()).then_some(Self { parser, numbers })
    }

    /// Returns the value at each place of an object; none of a text that is none.
    fn read(&mut self, text: &[u8], is_utf8: bool) -> Vec<Token> {
        match self.parser.read(text, is_utf8) {
            Ok(()) => self.tokens(),
            Err(_) => Vec::new(),
        }
    }

    fn tokens(&self) -> Vec<Token> {
        let numbers = self.numbers.iter();
        numbers.map(|number| self.parser.token(*number)).collect()
    }
}

impl EventReader {
    fn of(payload: &Payload, outside: &[&FieldPath]) -> Option<Self> {
        let ignore_case = payload.ignore_case;
        let (members, at) = Members::of(&payload.open, ignore_case, outside);
        let paths: Vec<&FieldPath> = outside.iter().copied().chain(&at).collect();
        let (parser, mut numbers) = LineParser::of(&paths, ignore_case, false);
        let members = members.numbered(&numbers);
        numbers.truncate(outside.len());
        let reader = Reader { parser, numbers };
        (!outside.is_empty()).then_some(Self { reader, members })
    }

    fn read(&mut self, text: &[u8], is_utf8: bool, unopened: Unopened) -> Vec<Token> {
        // It was read before, and is an object: a path that is not that of the array leads into it.
        let tokens = self.reader.read(text, is_utf8);
        if tokens.is_empty() || unopened.is_none() {
            return tokens;
        }
        let parser = &mut self.reader.parser;
        self.members.mark(unopened, text, parser);
        self.reader.tokens()
    }
}

/// Counts what records repeat.
#[derive(Debug, Default)]
pub(super) struct Repeated(usize);

impl Repeated {
    /// Adds values of so many bytes that so many records have.
    pub(super) fn add(&mut self, bytes: usize, records: usize) {
        self.0 = self.0.saturating_add(bytes.saturating_mul(records));
    }

    /// Returns the bytes that all records of an event repeat; what one record has is repeated by nobody.
    ///
    /// # Errors
    /// Fails if they are more than an event may have.
    pub(super) fn checked(&self, records: usize, payload: &Payload) -> Result<usize, Reject> {
        match records {
            0 | 1 => Ok(0),
            _ if self.0 <= payload.max_bytes => Ok(self.0),
            _ => Err(repeated_too_much(self.0, records, payload.max_bytes)),
        }
    }
}
