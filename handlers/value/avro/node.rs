//! What a schema is made of.

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
