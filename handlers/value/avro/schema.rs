//! A schema, with its names resolved.

use super::fingerprint::fingerprint;
use super::parse;

/// What a value was written by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// All types; they name each other by their place here, for they may be recursive.
    nodes: Vec<Node>,
    root: usize,
    fingerprint: u64,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Null,
    Boolean,
    Int(Meaning),
    Long(Meaning),
    Float,
    Double,
    Bytes(Meaning),
    String,
    Array(usize),
    Map(usize),
    Union(Vec<usize>),
    Record(Vec<Field>),
    /// The symbols as JSON strings.
    Enum(Vec<Vec<u8>>),
    Fixed(usize, Meaning),
}

/// A field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its name as a JSON string, and a colon.
    pub(super) prefix: Vec<u8>,
    pub(super) node: usize,
}

/// What a number or bytes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Itself,
    /// A number with so many digits after the point.
    Decimal(usize),
    Date,
    /// A time of day in a unit.
    Time(Unit),
    /// A point in time.
    Timestamp(Unit),
    /// What clocks show somewhere.
    LocalTimestamp(Unit),
    Uuid,
}

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

/// Why text is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SchemaProblem(pub(super) String);

impl Schema {
    /// Reads the JSON text of a schema.
    ///
    /// # Errors
    /// Fails if it is none: broken JSON, a type that is not defined or lacks what it must have.
    pub fn parse(text: &str) -> Result<Self, SchemaProblem> {
        let parse::Parsed {
            nodes,
            root,
            canonical,
        } = parse::parse(text)?;
        Ok(Self {
            nodes,
            root,
            fingerprint: fingerprint(canonical.as_bytes()),
        })
    }

    /// Returns the fingerprint of the schema's canonical form by CRC-64-AVRO, which single-object encoding names it by.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(super) fn root(&self) -> usize {
        self.root
    }

    pub(super) fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }
}
