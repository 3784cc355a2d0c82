//! Members that hold something, replaced by it.

use std::borrow::Cow;

use super::budget::Budget;
use super::refusal::not_opened;
use super::steps;
use crate::dataset::{NonFinite, Payload};
use crate::silver::cast::reject::Reject;
use crate::silver::line::unopened::{Unopened, is_at_or_above};
use crate::value::json::find::find;
use crate::value::json::non_finite;
use crate::value::path::FieldPath;

/// Refuses the event if a member that could not be opened is above, or at, where a path leads.
pub(super) fn in_the_way_to(
    path: &FieldPath,
    unopened: Unopened,
    payload: &Payload,
) -> Option<Reject> {
    let mut members = unopened
        .members()
        .filter_map(|number| payload.open.get(number));
    let member = members.find(|member| is_at_or_above(member, path, payload.ignore_case))?;
    let steps: Vec<&str> = member.steps.iter().map(|step| step.as_str()).collect();
    Some(not_opened(format!(
        "the value at \"{}\" cannot be opened by {}",
        member.at,
        steps.join(", ")
    )))
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
