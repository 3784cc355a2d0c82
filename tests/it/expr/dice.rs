//! What chooses expressions and rows: chance, or bytes.

use std::ops::{Bound, RangeBounds};

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

    pub(super) fn usize(&mut self, range: impl RangeBounds<usize>) -> usize {
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            _ => 0,
        };
        let Bound::Excluded(end) = range.end_bound() else {
            unreachable!("a range ends")
        };
        match self {
            Self::Chance(rng) => rng.usize(start..*end),
            Self::Bytes(bytes) => {
                let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
                *bytes = rest;
                start + usize::from(*first) % (end - start)
            }
        }
    }

    pub(super) fn bool(&mut self) -> bool {
        self.usize(..2) == 1
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
