//! An event of a sample: its text, and what came beside the body.

use bytes::Bytes;
use serde_json::value::RawValue;
use sluice::value::line::Line;

use super::fields::Fields;

/// One JSON value that should be an object: a body, or a record of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Event {
    pub(in super::super) text: Bytes,
    pub(in super::super) beside: Beside,
}

/// What came beside the body: JSON objects, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Beside {
    properties: Bytes,
    system: Bytes,
}

impl Event {
    /// An event that nothing came with.
    #[cfg(test)]
    pub(in super::super) fn plain(text: impl Into<Bytes>) -> Self {
        Self {
            text: text.into(),
            beside: Beside::default(),
        }
    }
}

impl Beside {
    /// Returns what came with the event of a line.
    pub(in super::super) fn of(line: &Bytes) -> Self {
        let parts = Line::read(line);
        let part = |part: &[u8]| match part.is_empty() {
            true => Bytes::new(),
            false => line.slice_ref(part),
        };
        Self {
            properties: part(parts.properties),
            system: part(parts.system),
        }
    }

    /// The application properties.
    pub(super) fn properties(&self) -> Vec<(String, &RawValue)> {
        members(&self.properties)
    }

    /// The annotations.
    pub(super) fn system(&self) -> Vec<(String, &RawValue)> {
        members(&self.system)
    }
}

fn members(object: &[u8]) -> Vec<(String, &RawValue)> {
    // It was taken apart before; of a line put there by hand nothing is taken.
    serde_json::from_slice::<Fields<'_>>(object).map_or_else(|_| Vec::new(), |Fields(all)| all)
}
