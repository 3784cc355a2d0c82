//! What came with an event beside its body: the properties that its producer gave it, and what the hub says of it. Pure.

use super::LineParser;
use crate::dataset::{Dataset, Origin};
use crate::event::{PartitionId, UnixMillis};
use crate::value::json::SyntaxError;
use crate::value::json::escape::encode;
use crate::value::json::token::Token;
use crate::value::path::FieldPath;

/// What is there of an event that nothing came with.
const NOTHING: &[u8] = b"{}";

/// What is known of an event beside its body.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::silver) struct Came<'a> {
    /// The object of its annotations; nothing on a plain line.
    pub(in crate::silver) system: &'a [u8],
    /// The object of its properties; nothing on a plain line.
    pub(in crate::silver) properties: &'a [u8],
    pub(in crate::silver) partition: Option<&'a PartitionId>,
    pub(in crate::silver) sequence_number: Option<i64>,
    pub(in crate::silver) enqueued_time: UnixMillis,
}

/// Finds the values of columns that are read beside the body, in event after event.
#[derive(Debug)]
pub(in crate::silver) struct Beside {
    properties: LineParser,
    system: LineParser,
    /// What the hub says of the event that was read last, as one object.
    said: Vec<u8>,
    /// Whether the event was read that the records are of.
    is_read: bool,
}

impl Beside {
    /// Makes a reader for a dataset, unless it reads nothing beside the body; and tells by which number the places of each
    /// origin are known, in the order of the columns.
    pub(in crate::silver) fn of(dataset: &Dataset) -> (Option<Self>, [Vec<usize>; 2]) {
        let parser = |origin| {
            let columns = dataset.columns.iter();
            let paths = columns.flat_map(|column| column.paths(origin));
            let paths: Vec<&FieldPath> = paths.collect();
            LineParser::of(&paths, dataset.payload.ignore_case, false)
        };
        let (properties, of_properties) = parser(Origin::Properties);
        let (system, of_system) = parser(Origin::System);
        let is_needed = !of_properties.is_empty() || !of_system.is_empty();
        let beside = is_needed.then(|| Self {
            properties,
            system,
            said: Vec::new(),
            is_read: false,
        });
        (beside, [of_properties, of_system])
    }

    /// Says that the records that follow are of another event.
    pub(in crate::silver) fn begin_event(&mut self) {
        self.is_read = false;
    }

    /// Reads what came with an event, once for all of its records.
    ///
    /// # Errors
    /// Fails if that is no JSON, which only an object put there by hand can hold.
    pub(in crate::silver) fn read(&mut self, came: Came<'_>) -> Result<(), SyntaxError> {
        if self.is_read {
            return Ok(());
        }
        self.properties.read(properties(came.properties), false)?;
        self.say(came);
        self.system.read(&self.said, false)?;
        self.is_read = true;
        Ok(())
    }

    /// Writes what the hub says as one object. What it says of the event's place comes last, and so counts.
    fn say(&mut self, came: Came<'_>) {
        let said = &mut self.said;
        said.clear();
        match came.system.strip_suffix(b"}") {
            Some(members) => said.extend_from_slice(members),
            None => said.push(b'{'),
        }
        if !matches!(said.trim_ascii(), b"{") {
            said.push(b',');
        }
        said.extend_from_slice(b"\"enqueued_time\":");
        said.extend_from_slice(came.enqueued_time.0.to_string().as_bytes());
        if let Some(number) = came.sequence_number {
            said.extend_from_slice(b",\"sequence_number\":");
            said.extend_from_slice(number.to_string().as_bytes());
        }
        if let Some(partition) = came.partition {
            said.extend_from_slice(b",\"partition\":");
            encode(partition.0.as_bytes(), said);
        }
        said.push(b'}');
    }

    /// Returns a value that was read, by its number.
    pub(in crate::silver) fn at(&self, origin: Origin, number: usize) -> &Token {
        match origin {
            Origin::System => self.system.at(number),
            Origin::Record | Origin::Event | Origin::Properties => self.properties.at(number),
        }
    }

    /// Returns what the values of an origin were read in; `came` are the properties of the event that was read last.
    pub(in crate::silver) fn text<'t>(&'t self, origin: Origin, came: &'t [u8]) -> &'t [u8] {
        match origin {
            Origin::System => &self.said,
            Origin::Record | Origin::Event | Origin::Properties => properties(came),
        }
    }
}

/// Returns an object of the properties that came with an event.
fn properties(came: &[u8]) -> &[u8] {
    match came {
        [] => NOTHING,
        properties => properties,
    }
}
