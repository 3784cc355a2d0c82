//! What chooses expressions and rows: chance, or bytes.

use fastrand::Rng;

/// Chooses numbers.
#[derive(Clone, Debug)]
pub(super) enum Dice<'b> {
    /// By chance.
    Chance(Rng),
    /// By one byte each; where they end, always the lowest, which is the simplest.
    Bytes(&'b [u8]),
}

impl Dice<'_> {
    pub(super) fn of_seed(seed: u64) -> Self {
        Self::Chance(Rng::with_seed(seed))
    }

    /// Chooses a number from zero up to one below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        match self {
            Self::Chance(rng) => rng.usize(..end),
            Self::Bytes(bytes) => {
                let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
                *bytes = rest;
                usize::from(*first) % end
            }
        }
    }

    pub(super) fn bool(&mut self) -> bool {
        self.below(2) == 1
    }

    /// Chooses any number.
    pub(super) fn u64(&mut self) -> u64 {
        match self {
            Self::Chance(rng) => rng.u64(..),
            Self::Bytes(bytes) => {
                let (first, rest) = bytes.split_at(bytes.len().min(8));
                *bytes = rest;
                first
                    .iter()
                    .fold(0, |number, byte| number << 8 | u64::from(*byte))
            }
        }
    }
}
