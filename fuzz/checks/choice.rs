//! Bytes as choices.

/// Bytes that decide; where they end, everything is the first of its kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'d>(pub(super) &'d [u8]);

impl<'d> Choice<'d> {
    pub(super) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// Chooses one of several.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::from(self.byte()) % of.len()]
    }

    /// Chooses yes or no for each of eight questions.
    pub(super) fn flags(&mut self) -> impl Iterator<Item = bool> + use<> {
        let byte = self.byte();
        (0..8).map(move |bit| byte >> bit & 1 == 1)
    }

    /// Returns what is left, up to a byte that ends it, which is passed over.
    pub(super) fn until(&mut self, end: u8) -> &'d [u8] {
        let place = self.0.iter().position(|byte| *byte == end);
        let (found, rest) = self.0.split_at(place.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        found
    }
}
