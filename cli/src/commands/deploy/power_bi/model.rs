//! What a semantic model consists of, as far as gold needs it; pure.

use sluice::warehouse::schema::ValueType;

/// Digits after the point that the type for exact numbers has.
const FIXED_SCALE: u8 = 4;

/// A semantic model.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) tables: Vec<Table>,
    pub(super) relationships: Vec<Relationship>,
}

/// A table of a model.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    /// What it holds, in one line.
    pub(super) about: String,
    pub(super) measures: Vec<Measure>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Rows,
}

/// Where the rows of a table come from.
#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// From the database, by this query of Power Query.
    Imported(String),
    /// From other tables, by this expression of DAX: days, of which dates are known.
    Days(String),
}

/// A number that is computed of the rows that a report looks at.
#[derive(Clone, Debug)]
pub(super) struct Measure {
    /// Its name, of which a model has no two.
    pub(super) name: String,
    pub(super) about: String,
    /// In DAX.
    pub(super) expression: String,
    pub(super) format: Option<String>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) kind: Kind,
    /// Whether reports use a measure in its place.
    pub(super) is_hidden: bool,
    /// Whether it tells the rows of its table apart.
    pub(super) is_key: bool,
    /// The column by which it is sorted, if not by itself.
    pub(super) sorted_by: Option<&'static str>,
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Whole,
    /// A number with so many digits after the point, at most four, and 19 in all, which adds up exactly.
    Fixed(u8),
    /// A number of 15 digits, so many of them after the point, if that is known.
    Floating(Option<u8>),
    Text,
    Flag,
    Time,
    Date,
}

/// Rows of a table that have a day of another.
#[derive(Clone, Debug)]
pub(super) struct Relationship {
    pub(super) name: String,
    /// The table and its column.
    pub(super) from: (String, String),
    /// The table that has each value once, and its column.
    pub(super) to: (String, String),
}

impl Column {
    /// A column that reports use.
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            about: None,
            kind,
            is_hidden: false,
            is_key: false,
            sorted_by: None,
        }
    }

    /// One that reports use a measure in place of.
    pub(super) fn hidden(name: &str, kind: Kind) -> Self {
        Self {
            is_hidden: true,
            ..Self::new(name, kind)
        }
    }

    /// The same, with what it is.
    pub(super) fn about(self, about: &str) -> Self {
        Self {
            about: Some(about.to_owned()),
            ..self
        }
    }
}

impl From<ValueType> for Kind {
    fn from(kind: ValueType) -> Self {
        match kind {
            ValueType::Int64 => Self::Whole,
            ValueType::Double => Self::Floating(None),
            ValueType::Decimal { scale, .. } if scale <= FIXED_SCALE => Self::Fixed(scale),
            ValueType::Decimal { scale, .. } => Self::Floating(Some(scale)),
            ValueType::Text => Self::Text,
            ValueType::Bool => Self::Flag,
            ValueType::Timestamp => Self::Time,
            ValueType::Date => Self::Date,
        }
    }
}

impl Kind {
    /// Returns how its values are written in a report; nothing where Power BI's own way will do.
    pub(super) fn format(self) -> Option<String> {
        let text = match self {
            Self::Whole => "#,0".to_owned(),
            Self::Fixed(0) | Self::Floating(Some(0)) => "#,0".to_owned(),
            Self::Fixed(scale) => format!("#,0.{}", "0".repeat(usize::from(scale))),
            Self::Floating(Some(scale)) => format!("#,0.{}", "#".repeat(usize::from(scale))),
            Self::Time => "yyyy-mm-dd hh:nn:ss".to_owned(),
            Self::Date => "yyyy-mm-dd".to_owned(),
            Self::Floating(None) | Self::Text | Self::Flag => return None,
        };
        Some(text)
    }
}
