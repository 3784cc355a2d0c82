//! Views that come and go with their tables: those that are no longer shown, and what a swap removes and shows; pure.

use super::definition::{Dialect, ViewDefinition};
use super::objects::views;
use crate::error::Invariant;
use crate::warehouse::model::{Progress, Swap};
use crate::warehouse::schema::GoldSchema;

/// Returns the names of views of a table that no table of the dataset file shows any more: one may have gone from one
/// table to another.
pub(super) fn removed<'a>(schema: &GoldSchema, before: &'a Progress) -> Vec<&'a str> {
    let before = before.rankings();
    before.filter(|name| !schema.shows(name)).collect()
}

/// Returns the views that a swap removes, by name, and those that it shows, in this order: what one table loses another may
/// show.
///
/// # Errors
/// Fails if the swap is not of this schema.
pub(in crate::warehouse) fn swapped(
    schema: &GoldSchema,
    swap: &Swap,
    dialect: &dyn Dialect,
) -> Result<(Vec<String>, Vec<ViewDefinition>), Invariant> {
    let (mut gone, mut shown) = (Vec::new(), Vec::new());
    for (index, progress, shadow) in &swap.tables {
        let lost = removed(schema, progress);
        gone.extend(lost.into_iter().map(str::to_owned));
        let physical = shadow.physical.as_deref().unwrap_or_default();
        shown.extend(views(schema, *index, physical, dialect)?);
    }
    for (name, progress) in &swap.retired {
        gone.extend(progress.public_names(name));
    }
    let is_shown = |name: &String| {
        shown
            .iter()
            .any(|view: &ViewDefinition| view.name.eq_ignore_ascii_case(name))
    };
    gone.retain(|name| !is_shown(name));
    Ok((gone, shown))
}
