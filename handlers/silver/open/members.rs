//! Members that hold something, replaced by it.

use std::borrow::Cow;

use super::super::cast::reject::Reject;
use super::budget::Budget;
use super::{not_opened, steps};
use crate::dataset::{NonFinite, OpenMember, Payload};
use crate::value::json::find::find;
use crate::value::json::non_finite;
use crate::value::path::{FieldPath, Segment};

/// Which members of a value could not be opened: a bit for each that the dataset names, which are at most 16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::silver) struct Unopened(u16);

impl Unopened {
    /// Returns whether all could be.
    pub(in crate::silver) fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Returns which of the dataset's members could not be, in their order.
    pub(in crate::silver) fn members(self) -> impl Iterator<Item = usize> {
        (0..16).filter(move |number| self.0 >> number & 1 == 1)
    }

    fn add(&mut self, number: usize) {
        self.0 |= 1 << number;
    }

    /// Refuses the event if a member that could not be opened is above, or at, where a path leads.
    pub(super) fn in_the_way_to(self, path: &FieldPath, payload: &Payload) -> Option<Reject> {
        let mut members = self.members().filter_map(|number| payload.open.get(number));
        let member = members.find(|member| is_at_or_above(member, path, payload.ignore_case))?;
        Some(not_opened(problem(member)))
    }
}

/// Returns whether a path leads to what a member holds, or into it.
pub(in crate::silver) fn is_at_or_above(
    member: &OpenMember,
    path: &FieldPath,
    ignore_case: bool,
) -> bool {
    let is_same = |(one, other): (&Segment, &Segment)| match (one, other) {
        (Segment::Name(one), Segment::Name(other)) if ignore_case => {
            one.eq_ignore_ascii_case(other)
        }
        (one, other) => one == other,
    };
    let (at, path) = (member.at.segments(), path.segments());
    path.len() >= at.len() && at.iter().zip(path).all(is_same)
}

/// Says what is wrong with a member, for people.
pub(in crate::silver) fn problem(member: &OpenMember) -> String {
    let steps: Vec<String> = member.steps.iter().map(ToString::to_string).collect();
    format!(
        "the value at \"{}\" cannot be opened by {}",
        member.at,
        steps.join(", ")
    )
}

/// Returns whether the texts of a dataset's values may be changed before they are read.
pub(super) fn may_change(payload: &Payload) -> bool {
    payload.non_finite == NonFinite::Null || !payload.open.is_empty()
}

/// Replaces what is to be replaced in a text that should be one value; one that is not stays, for a caster to refuse.
pub(super) fn open<'t>(
    payload: &Payload,
    mut text: Cow<'t, [u8]>,
    is_utf8: bool,
    budget: &mut Budget,
) -> Result<(Cow<'t, [u8]>, Unopened), Reject> {
    let mut unopened = Unopened::default();
    if payload.non_finite == NonFinite::Null
        && let Cow::Owned(changed) = non_finite::nulled(&text)
    {
        text = Cow::Owned(changed);
    }
    for (number, member) in payload.open.iter().enumerate() {
        let path = member.at.segments();
        let Ok(token) = find(&text, is_utf8, path, payload.ignore_case) else {
            break;
        };
        if token.is_nothing() {
            continue;
        }
        let value = token.raw(&text);
        let Some(held) = steps::open(value, &member.steps, payload.non_finite, budget)? else {
            unopened.add(number);
            continue;
        };
        let before = text.get(..token.start()).unwrap_or_default();
        let after = text.get(token.start() + value.len()..).unwrap_or_default();
        text = Cow::Owned([before, &held, after].concat());
    }
    Ok((text, unopened))
}
