//! That nothing shows what a mask hides: who else reads at its place.

use std::cmp::Ordering;

use super::draft::Draft;
use crate::dataset::reader::Keys;
use crate::dataset::rules::{Mask, Masking, Rules};
use crate::dataset::types::ColumnType;
use crate::expr::Expression;
use crate::value::path::FieldPath;
use crate::wording::quoted;

/// Reads the mask of a column whose values are of type `kind`.
pub(super) fn read(keys: &Keys<'_>, kind: ColumnType, required: bool) -> Option<Mask> {
    let masking = keys.parsed("mask", "\"sha256\", \"last4\" or \"drop\"", Masking::named)?;
    let problem = match masking {
        Masking::Drop if required => Some(
            "a required column is never null, and \"drop\" makes it null always: leave required out",
        ),
        Masking::Sha256 | Masking::Last4 if kind == ColumnType::Json => Some(
            "a value of type json has no text of its own, in which blanks and the order of names would not count: take \"drop\"",
        ),
        Masking::Sha256 | Masking::Last4 if kind == ColumnType::Double => {
            Some("a double has no text of its own: make it a decimal, or take \"drop\"")
        }
        _ => None,
    };
    if let (Some(problem), Some(value)) = (problem, keys.value("mask")) {
        keys.report("mask", value.at, problem);
    }
    Some(Mask {
        how: masking,
        of: kind,
    })
}

/// Returns the type that a column has in silver, whose values are of type `kind`.
pub(super) fn kind_in_silver(kind: ColumnType, rules: &Rules) -> ColumnType {
    match rules.mask.map(|mask| mask.how) {
        Some(Masking::Sha256 | Masking::Last4) => ColumnType::String,
        Some(Masking::Drop) | None => kind,
    }
}

/// Reports an expression that names a masked column of those before it.
pub(super) fn check_expression(keys: &Keys<'_>, expression: Option<&Expression>, before: &[Draft]) {
    let named = expression.map(Expression::columns).unwrap_or_default();
    let masked = named
        .iter()
        .filter_map(|place| before.get(*place))
        .find(|column| column.rules.mask.is_some());
    if let (Some(masked), Some(value)) = (masked, keys.value("expr")) {
        let message = format!(
            "names column {}, which is masked: what is computed of it could show what the mask hides",
            quoted(&masked.name)
        );
        keys.report("expr", value.at, message);
    }
}

/// Reports columns that read what another one masks, or what it lies in, or what lies in it.
pub(super) fn check_places(drafts: &[Draft], keys: &[Keys<'_>], ignore_case: bool) {
    for (place, masked) in drafts.iter().enumerate() {
        if masked.rules.mask.is_none() {
            continue;
        }
        let others = drafts.iter().zip(keys).enumerate();
        for (_, (other, keys)) in others.filter(|(number, _)| *number != place) {
            let pairs = masked.from.iter().flat_map(|hidden| {
                let places = other.from.iter();
                let places = places.filter(|place| place.origin == hidden.origin);
                places.map(move |place| (hidden, place))
            });
            let mut found = pairs.filter_map(|(hidden, place)| {
                let word = meet(&hidden.path, &place.path, ignore_case)?;
                Some((hidden, place, word))
            });
            let Some((hidden, place, word)) = found.next() else {
                continue;
            };
            let key = place.origin.key();
            let at = keys.at_value(key);
            let message = format!(
                "{} is {word} {}, which column {} masks: no other column may read there, or it would show what is hidden",
                quoted(&place.path.to_string()),
                quoted(&hidden.path.to_string()),
                quoted(&masked.name)
            );
            keys.report(key, at, message);
        }
    }
}

/// Says how a path lies to what is hidden, if one leads through the other.
fn meet(hidden: &FieldPath, path: &FieldPath, ignore_case: bool) -> Option<&'static str> {
    Some(match path.lies_to(hidden, ignore_case)? {
        Ordering::Less => "above",
        Ordering::Equal => "at",
        Ordering::Greater => "below",
    })
}
