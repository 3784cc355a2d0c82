//! Names of fields, in the form that is recognised fastest.

/// The bytes that are compared at once.
const WINDOW: usize = size_of::<u128>();

/// A name to be recognised.
#[derive(Debug)]
pub(crate) struct Name {
    /// The name and a quote.
    closed: Box<[u8]>,
    /// The bits that a window has to have where `mask` is set; the mask is empty if the name is longer than a window, or
    /// cannot be recognised by its bytes because it must be written with escapes.
    bits: u128,
    mask: u128,
    needs_escapes: bool,
}

impl Name {
    pub(crate) fn new(name: &str) -> Self {
        let needs_escapes = name
            .bytes()
            .any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        let closed: Box<[u8]> = name.bytes().chain([b'"']).collect();
        let fits = !needs_escapes && closed.len() <= WINDOW;
        let window = |mut bytes: &mut dyn Iterator<Item = u8>| {
            let mut window = [0; WINDOW];
            for (place, byte) in window.iter_mut().zip(&mut bytes) {
                *place = byte;
            }
            u128::from_le_bytes(window)
        };
        let (bits, mask) = match fits {
            true => (
                window(&mut closed.iter().copied()),
                window(&mut closed.iter().map(|_| 0xFF)),
            ),
            false => (0, 0),
        };
        Self {
            closed,
            bits,
            mask,
            needs_escapes,
        }
    }

    /// Returns the name.
    pub(crate) fn bytes(&self) -> &[u8] {
        let (_, name) = self.closed.split_last().unwrap_or((&0, &[]));
        name
    }

    /// Returns the length of the name with its closing quote.
    #[inline]
    pub(crate) fn closed_length(&self) -> usize {
        self.closed.len()
    }

    /// Returns whether `text` starts with the name, written without escapes, and a quote.
    #[inline]
    pub(crate) fn is_closed_at(&self, text: &[u8]) -> bool {
        match text.first_chunk::<WINDOW>() {
            Some(window) if self.mask != 0 => u128::from_le_bytes(*window) & self.mask == self.bits,
            _ => !self.needs_escapes && text.starts_with(&self.closed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_recognised_with_its_quote_whatever_its_length_and_what_follows() {
        for name in [
            "",
            "a",
            "fourteen_bytes",
            "fifteen__bytes_",
            "sixteen__bytes__",
            "é",
            "a name of many more bytes",
        ] {
            let wanted = Name::new(name);
            for tail in ["", ":1", ":  a long tail of many bytes"] {
                let text = format!("{name}\"{tail}");
                assert!(wanted.is_closed_at(text.as_bytes()), "{text}");
                let longer = format!("{name}_\"{tail}");
                assert!(!wanted.is_closed_at(longer.as_bytes()), "{longer}");
                let open = format!("{name}{tail}");
                assert!(!wanted.is_closed_at(open.as_bytes()), "{open}");
            }
        }
    }

    #[test]
    fn a_name_that_needs_escapes_is_never_recognised_by_its_bytes() {
        assert!(!Name::new("a\"").is_closed_at(b"a\"\":1"));
        assert_eq!(Name::new("a\"").bytes(), b"a\"");
    }
}
