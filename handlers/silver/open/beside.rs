//! What the records of an event have in common: values beside their array, and what came with the event. Every record that
//! has a column of one repeats it, so that all of them together have a limit too.

use super::refusal::repeated_too_much;
use crate::dataset::{Dataset, Origin, Payload};
use crate::silver::cast::reject::Reject;
use crate::silver::line::LineParser;
use crate::silver::line::members::Members;
use crate::silver::line::unopened::Unopened;
use crate::value::json::find::find;
use crate::value::json::token::Token;
use crate::value::path::FieldPath;

/// Reads what the records of an event have in common.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Nothing where no column reads in the event beside its records.
    outside: Option<Reader>,
    /// What columns read of properties, and of what the hub says.
    properties: Vec<FieldPath>,
    system: Vec<FieldPath>,
}

/// Reads values in an event.
#[derive(Debug)]
struct Reader {
    parser: LineParser,
    /// The number of each place, in the order of the columns.
    numbers: Vec<usize>,
    members: Members,
}

impl Beside {
    pub(super) fn of(dataset: &Dataset) -> Self {
        let paths = |origin| dataset.columns.iter().flat_map(move |c| c.paths(origin));
        let owned = |origin| paths(origin).cloned().collect();
        let outside: Vec<&FieldPath> = paths(Origin::Event).collect();
        Self {
            outside: (!outside.is_empty()).then(|| Reader::of(&dataset.payload, &outside)),
            properties: owned(Origin::Properties),
            system: owned(Origin::System),
        }
    }

    /// Returns the values of an event that stand beside its records, by the number of their place.
    pub(super) fn read(&mut self, text: &[u8], is_utf8: bool, unopened: Unopened) -> Vec<Token> {
        match &mut self.outside {
            Some(reader) => reader.read(text, is_utf8, unopened),
            None => Vec::new(),
        }
    }

    /// Returns how many bytes columns read of what came with an event: its properties, and what the hub said of it.
    pub(super) fn came(&self, properties: &[u8], system: &[u8], ignore_case: bool) -> usize {
        let lengths = |paths: &[FieldPath], text: &[u8]| {
            let found = paths
                .iter()
                .filter_map(|path| find(text, false, path.segments(), ignore_case).ok());
            found.map(|token| token.raw(text).len()).sum::<usize>()
        };
        lengths(&self.properties, properties) + lengths(&self.system, system)
    }
}

impl Reader {
    fn of(payload: &Payload, outside: &[&FieldPath]) -> Self {
        let ignore_case = payload.ignore_case;
        let (members, at) = Members::of(&payload.open, ignore_case, outside);
        let paths: Vec<&FieldPath> = outside.iter().copied().chain(&at).collect();
        let (parser, mut numbers) = LineParser::of(&paths, ignore_case, false);
        let members = members.numbered(&numbers);
        numbers.truncate(outside.len());
        Self {
            parser,
            numbers,
            members,
        }
    }

    fn read(&mut self, text: &[u8], is_utf8: bool, unopened: Unopened) -> Vec<Token> {
        // It was read before, and is an object: a path that is not that of the array leads into it.
        if self.parser.read(text, is_utf8).is_err() {
            return Vec::new();
        }
        if !unopened.is_none() {
            self.members.mark(unopened, text, &mut self.parser);
        }
        let numbers = self.numbers.iter();
        numbers.map(|number| self.parser.token(*number)).collect()
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
