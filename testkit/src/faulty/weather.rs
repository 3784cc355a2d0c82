//! Faults that chance decides on, from a seed: the same seed, the same faults.

use std::time::Duration;

use super::fault::{FAULTS, How, When};

/// The longest that a transaction which was taken for timed out is still on its way.
pub const LATEST: Duration = Duration::from_secs(10 * 60);

/// Chance that a seed decides.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Begins with a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns any number (SplitMix64).
    pub fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Returns a number from 0 up to one below `end`, which is above 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.any() % end
    }

    /// Returns an index of something that has `len` parts, which is above 0.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }
}

/// What the calls of a process meet by chance.
#[derive(Debug)]
pub(super) struct Weather {
    dice: Dice,
    /// One call in so many fails.
    rate: u64,
}

impl Weather {
    pub(super) fn of(seed: u64, rate: u64) -> Self {
        Self {
            dice: Dice::of(seed),
            rate,
        }
    }

    /// Decides how the next call fails, if it does.
    pub(super) fn fault(&mut self) -> Option<(When, How)> {
        let is_struck = self.dice.below(self.rate) == 0;
        is_struck.then(|| FAULTS[self.dice.index(FAULTS.len())])
    }

    /// Decides how late the next transaction takes effect, if it is late.
    pub(super) fn lateness(&mut self) -> Option<Duration> {
        let is_late = self.dice.below(self.rate * 2) == 0;
        is_late.then(|| Duration::from_millis(self.dice.below(LATEST.as_millis() as u64)))
    }
}
