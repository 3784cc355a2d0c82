//! How the text of an event becomes records.

mod open;
pub(super) mod read;
pub(super) mod schemas;

use std::sync::Arc;

use crate::value::avro::schema::Schema;
use crate::value::compression::Codec;
use crate::value::path::FieldPath;

/// How the text of an event becomes records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// How bodies are compressed.
    pub compression: Compression,
    /// What bodies are, once they are unpacked.
    pub format: PayloadFormat,
    /// The array whose elements are the records; nothing where the event is one record, or a line.
    pub records: Option<FieldPath>,
    /// Whether names of columns' places are found whatever the case of their ASCII letters. The places of all columns
    /// are then written alike where they differ in case alone.
    pub ignore_case: bool,
    /// What a NaN or something infinite is.
    pub non_finite: NonFinite,
    /// How many bytes an event may have once it is opened, all layers of it together.
    pub max_bytes: usize,
    /// How many records an event may have.
    pub max_records: usize,
    /// The schemas that Avro values may be written by, beside those of containers.
    pub schemas: Vec<WriterSchema>,
    /// The members that hold something to be opened, in the order in which they are.
    pub open: Vec<OpenMember>,
}

/// The most bytes of an opened event, unless the dataset says otherwise.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most records of an event, likewise.
const MAX_RECORDS: usize = 100_000;

impl Default for Payload {
    fn default() -> Self {
        Self {
            compression: Compression::None,
            format: PayloadFormat::Json,
            records: None,
            ignore_case: false,
            non_finite: NonFinite::Refuse,
            max_bytes: MAX_BYTES,
            max_records: MAX_RECORDS,
            schemas: Vec::new(),
            open: Vec::new(),
        }
    }
}

impl Payload {
    /// Returns whether an event is anything but one record as it stands.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        let plain = Self {
            ignore_case: self.ignore_case,
            ..Self::default()
        };
        *self != plain
    }

    /// Returns the files that the dataset file names, as it names them: relative to the folder that it is in.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.schemas.iter().map(|schema| schema.file.as_str())
    }
}

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// As its first bytes say, if they do.
    Auto,
    /// Always so.
    By(Codec),
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// One JSON value.
    Json,
    /// A JSON value a line.
    JsonLines,
    /// Avro: a container, or one value that says its schema.
    Avro,
}

/// What a NaN or something infinite is, which JSON has no numbers for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonFinite {
    /// No JSON without quotes, and a string with them.
    Refuse,
    /// Null.
    Null,
}

/// A schema that values are written by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterSchema {
    /// What an event's content type calls it.
    pub id: Option<String>,
    /// Its file, as the dataset file names it.
    pub file: String,
    /// What is in the file.
    pub schema: Arc<Schema>,
}

/// A member that holds something to be opened: it is replaced by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenMember {
    /// Where in the event it is; of JSON lines, in a line.
    pub at: FieldPath,
    /// What is done with its value, one after the other.
    pub steps: Vec<OpenStep>,
}

/// A step of opening a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenStep {
    /// Text is decoded to bytes.
    Base64,
    /// Bytes are unpacked.
    Unpack(Codec),
    /// Text is a JSON value.
    Json,
}

impl Compression {
    /// Returns the name in the dataset file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Auto => "auto",
            Self::By(codec) => codec.as_str(),
        }
    }

    /// Returns the one with a name in the dataset file.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = [Self::None, Self::Auto];
        let plain = plain.into_iter().find(|way| way.as_str() == name);
        plain.or_else(|| Codec::named(name).map(Self::By))
    }
}

impl PayloadFormat {
    /// Returns the name in the dataset file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Avro => "avro",
        }
    }

    /// Returns the one with a name in the dataset file.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Json, Self::JsonLines, Self::Avro];
        all.into_iter().find(|format| format.as_str() == name)
    }
}

impl NonFinite {
    /// Returns the name in the dataset file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Null => "null",
        }
    }

    /// Returns the one with a name in the dataset file.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Refuse, Self::Null];
        all.into_iter().find(|way| way.as_str() == name)
    }
}

impl OpenStep {
    /// Returns the name in the dataset file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Unpack(codec) => codec.as_str(),
            Self::Json => "json",
        }
    }

    /// Returns the one with a name in the dataset file.
    pub(super) fn named(name: &str) -> Option<Self> {
        let plain = [Self::Base64, Self::Json];
        let plain = plain.into_iter().find(|step| step.as_str() == name);
        plain.or_else(|| Codec::named(name).map(Self::Unpack))
    }
}
