//! Members of an event that should have been opened and could not be; pure.

use std::cmp::Ordering;

use crate::dataset::OpenMember;
use crate::value::path::FieldPath;

/// Which members of an event could not be opened: a bit for each that the dataset names, which are at most 16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::silver) struct Unopened(u16);

impl Unopened {
    /// Returns whether all could be.
    #[inline]
    pub(in crate::silver) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Returns which of the dataset's members could not be, in their order.
    pub(in crate::silver) fn members(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |number| self.0 >> number & 1 == 1)
    }

    /// Adds the member of this number.
    pub(in crate::silver) fn add(&mut self, number: usize) {
        // Of a number that no dataset has, there is no bit.
        let bit = u32::try_from(number)
            .ok()
            .and_then(|n| 1_u16.checked_shl(n));
        self.0 |= bit.unwrap_or(0);
    }
}

/// Returns whether a path leads to what a member holds, or into it.
pub(in crate::silver) fn is_at_or_above(
    member: &OpenMember,
    path: &FieldPath,
    ignore_case: bool,
) -> bool {
    path.lies_to(&member.at, ignore_case)
        .is_some_and(Ordering::is_ge)
}
