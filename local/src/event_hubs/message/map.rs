//! Writes a section that is a map: pure.

use super::section::Malformed;

/// A section that is being written.
#[derive(Debug)]
pub(super) struct MapWriter<'to> {
    to: &'to mut Vec<u8>,
    /// Where the size and the count go.
    size_at: usize,
    count: u32,
}

impl<'to> MapWriter<'to> {
    pub(super) fn begin(section: u8, to: &'to mut Vec<u8>) -> Self {
        to.extend_from_slice(&[0x00, 0x53, section, 0xd1]);
        let size_at = to.len();
        to.extend_from_slice(&[0; 8]);
        Self {
            to,
            size_at,
            count: 0,
        }
    }

    /// Takes an entry over as it is.
    pub(super) fn entry(&mut self, key: &[u8], value: &[u8]) {
        self.key(key).to.extend_from_slice(value);
    }

    /// Takes a key over as it is; a value has to follow.
    pub(super) fn key(&mut self, key: &[u8]) -> &mut Self {
        self.count += 2;
        self.to.extend_from_slice(key);
        self
    }

    /// Writes a key that is a symbol; a value has to follow.
    pub(super) fn symbol(&mut self, key: &'static str) -> Result<&mut Self, Malformed> {
        self.count += 2;
        self.text(0xa3, key)?;
        Ok(self)
    }

    pub(super) fn string(&mut self, value: &str) -> Result<(), Malformed> {
        self.text(0xa1, value)
    }

    pub(super) fn long(&mut self, value: i64) {
        self.to.push(0x81);
        self.to.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes a time in milliseconds since 1970.
    pub(super) fn timestamp(&mut self, value: i64) {
        self.to.push(0x83);
        self.to.extend_from_slice(&value.to_be_bytes());
    }

    /// Writes the size and the count.
    ///
    /// # Errors
    /// Fails if it has more than 4 GiB.
    pub(super) fn end(self) -> Result<(), Malformed> {
        let place = self.to.len() - self.size_at - 4;
        let size = u32::try_from(place).map_err(|_| TOO_LONG)?;
        let head = [size.to_be_bytes(), self.count.to_be_bytes()].concat();
        let place = self.to.get_mut(self.size_at..self.size_at + 8);
        place.ok_or(TOO_LONG)?.copy_from_slice(&head);
        Ok(())
    }

    /// Writes a symbol (`0xa3`) or string (`0xa1`), the long form if it must be.
    fn text(&mut self, short_code: u8, text: &str) -> Result<(), Malformed> {
        match u8::try_from(text.len()) {
            Ok(length) => self.to.extend_from_slice(&[short_code, length]),
            Err(_) => {
                self.to.push(short_code | 0x10);
                let length = u32::try_from(text.len()).map_err(|_| TOO_LONG)?;
                self.to.extend_from_slice(&length.to_be_bytes());
            }
        }
        self.to.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

const TOO_LONG: Malformed = Malformed("it is too long");
