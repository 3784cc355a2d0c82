//! A column of a table: its name, and what its values are; pure.

use sluice::warehouse::schema::ValueType;

use crate::output::escape::escaped;

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(super) name: String,
    /// The name as it is shown: no terminal obeys it.
    pub(super) heading: String,
    pub(super) kind: ValueType,
    /// Whether its numbers are names, such as an order's, and not quantities.
    pub(super) is_identifier: bool,
    /// Whether people can do without it where there is no room.
    pub(super) is_spare: bool,
}

impl Column {
    /// Makes a column.
    pub(crate) fn new(name: &str, kind: ValueType) -> Self {
        Self {
            name: name.to_owned(),
            heading: escaped(name).into_owned(),
            kind,
            is_identifier: false,
            is_spare: false,
        }
    }

    /// Numbers of it are names: they are shown without separators.
    #[must_use]
    pub(crate) fn identifier(self) -> Self {
        Self {
            is_identifier: true,
            ..self
        }
    }

    /// It is left out for people where there is no room.
    #[must_use]
    pub(crate) fn spare(self) -> Self {
        Self {
            is_spare: true,
            ..self
        }
    }
}
