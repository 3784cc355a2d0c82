//! The sections that a message consists of: pure.

use crate::event_hubs::encoding::{self, Entry};

/// The codes of sections, in the order in which sections come.
pub(super) const HEADER: u8 = 0x70;
pub(super) const DELIVERY_ANNOTATIONS: u8 = 0x71;
pub(super) const MESSAGE_ANNOTATIONS: u8 = 0x72;
pub(super) const PROPERTIES: u8 = 0x73;
pub(super) const APPLICATION_PROPERTIES: u8 = 0x74;
pub(super) const DATA: u8 = 0x75;
pub(super) const SEQUENCE: u8 = 0x76;
pub(super) const VALUE: u8 = 0x77;
pub(super) const FOOTER: u8 = 0x78;

/// Bytes that are not an AMQP message, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an AMQP message: {0}")]
pub(in crate::event_hubs) struct Malformed(pub(super) &'static str);

/// A section of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section<'a> {
    pub(super) code: u8,
    /// All of it, its descriptor included.
    pub(super) bytes: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> Section<'a> {
    /// Splits the section at the front off; none at the end of the message.
    ///
    /// # Errors
    /// Fails if there is something else than a section.
    pub(super) fn split(bytes: &'a [u8]) -> Result<Option<(Self, &'a [u8])>, Malformed> {
        let (code, descriptor) = match bytes {
            [] => return Ok(None),
            [0x00, 0x53, code, ..] => (*code, 3),
            [0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, code, ..] => (*code, 10),
            _ => return Err(Malformed("there is something else than a section in it")),
        };
        if !(HEADER..=FOOTER).contains(&code) {
            return Err(Malformed("it has a section that AMQP does not know"));
        }
        let Some((bytes, rest)) = encoding::split(bytes) else {
            return Err(Malformed("a section is cut short or is no AMQP value"));
        };
        // The descriptor is in front of every value that was split off.
        let value = bytes.get(descriptor..).unwrap_or_default();
        Ok(Some((Self { code, bytes, value }, rest)))
    }

    /// Cuts a message into its sections.
    ///
    /// # Errors
    /// Fails if there is something else than sections.
    pub(super) fn all(mut message: &'a [u8]) -> Result<Vec<Self>, Malformed> {
        let mut sections = Vec::with_capacity(4);
        while let Some((section, rest)) = Self::split(message)? {
            sections.push(section);
            message = rest;
        }
        Ok(sections)
    }

    /// The keys and values of a section that is a map.
    ///
    /// # Errors
    /// Fails if it is none.
    pub(super) fn entries(&self) -> Result<Vec<Entry<'a>>, Malformed> {
        encoding::entries(self.value).ok_or(Malformed("a section that is to be a map is none"))
    }
}
