//! How many events of a sample are enough; pure.

/// How many of the events must have a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Coverage {
    /// Nearly all: [`nearly`].
    Nearly,
    /// At least half.
    Half,
}

impl Coverage {
    /// Returns whether so many of the events are enough.
    pub(super) fn is_enough(self, present: u64, events: u64) -> bool {
        match self {
            Self::Nearly => nearly(present, events),
            Self::Half => present * 2 >= events,
        }
    }
}

/// Returns whether so many are nearly all: one in ten may be broken, and one of five at any rate.
pub(super) fn nearly(present: u64, events: u64) -> bool {
    let broken = events.saturating_sub(present);
    broken * 10 <= events || (broken == 1 && events >= 5)
}
