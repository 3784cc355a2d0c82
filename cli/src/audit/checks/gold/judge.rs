//! By what a gold table is judged: what is shown is right by the definition, the generation and the version that the books
//! have of it, whatever the dataset file says by now and whatever is being made beside it; pure.

use std::sync::Arc;

use sluice::dataset::Dataset;
use sluice::table::log::Version;
use sluice::warehouse::schema::{GoldSchema, TableIndex, TableSchema};
use sluice::warehouse::{Progress, Shadow, Standing};

/// What becomes of a table.
#[derive(Debug, PartialEq)]
pub(super) enum Judged {
    /// Its rows are compared with silver.
    Live(Live),
    /// There is nothing to compare, and that is as it should be.
    Waits(String),
    /// It is not as it should be.
    Differs(String),
}

/// What the rows of a table are.
#[derive(Debug, PartialEq)]
pub(super) struct Live {
    /// How it lies in the database.
    pub(super) layout: Arc<TableSchema>,
    /// The generation of silver that it shows.
    pub(super) generation: u32,
}

/// What a generation of silver is to those who compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct Silver<'a> {
    /// The id of its log, if it has one.
    pub(super) log: Option<&'a str>,
    /// Its latest version.
    pub(super) version: Version,
    /// Whether its columns are those of the dataset file.
    pub(super) fits: bool,
}

/// The generations of silver that have a log here.
pub(super) trait Generations<'a> {
    /// Returns one of them.
    fn of(&self, generation: u32) -> Option<Silver<'a>>;
}

/// Returns by what a table is judged.
pub(super) fn judge<'a>(
    (dataset, schema): (&Dataset, &GoldSchema),
    standing: &Standing,
    (index, table): (TableIndex, &TableSchema),
    silver: &impl Generations<'a>,
) -> Judged {
    if let Some(reason) = standing.unfit.get(&index) {
        return Judged::Differs(reason.to_string());
    }
    let next = standing.next.get(&table.name);
    let is_missing = standing.missing.contains(&table.name);
    let progress = standing.progress.get(&table.name);
    let progress = progress.filter(|_| !is_missing && !standing.is_unseen(index, table));
    let Some(progress) = progress else {
        return match next {
            Some(next) => Judged::Waits(format!("is {}", beside(next, silver.of(next.generation)))),
            None => Judged::Differs("has not been made yet".to_owned()),
        };
    };
    let generation = progress.generation;
    let Some(of) = silver.of(generation) else {
        return Judged::Differs(format!(
            "was built from generation {generation}, of which there is no log here; the dataset file says {}",
            schema.generation
        ));
    };
    if !progress.follows(of.log) {
        return Judged::Differs("follows another pipeline, so nothing of this one is added to it; if it is to follow this one, run `sluice rebuild gold`".to_owned());
    }
    let layout = layout((dataset, schema), (index, table), progress);
    let blocked = standing.blocked.get(&table.name);
    let is_rebuilding = blocked.is_some_and(|blocked| blocked.is_rebuilding);
    match layout.filter(|_| of.fits) {
        Some(layout) => Judged::Live(Live { layout, generation }),
        None if next.is_some() || is_rebuilding || generation != schema.generation => {
            Judged::Waits(format!(
                "shows generation {generation} by a definition that the dataset file no longer explains, until it is made anew"
            ))
        }
        None => Judged::Differs(
            "was built with other measures or dimensions than the dataset file has now: the next run of gold makes it anew".to_owned(),
        ),
    }
}

/// Returns how a table lies in the database, if that is understood.
fn layout(
    (dataset, schema): (&Dataset, &GoldSchema),
    (index, table): (TableIndex, &TableSchema),
    progress: &Progress,
) -> Option<Arc<TableSchema>> {
    if progress.definition == table.definition {
        return Some(Arc::new(table.clone()));
    }
    let earlier = schema.earlier(dataset, index, progress.text.as_deref()?)?;
    (earlier.definition == progress.definition).then(|| Arc::new(earlier))
}

/// Says how far a table is that is made beside a live one.
pub(super) fn beside(next: &Shadow, silver: Option<Silver<'_>>) -> String {
    if let Some(note) = &next.note {
        let how = match note.is_blocked {
            true => "being made, and cannot go on",
            false => "made, and ready to be shown",
        };
        return format!("{how}: {}", note.reason);
    }
    let of = silver.map_or(0, |silver| silver.version.0);
    match (next.base, next.version) {
        (None, _) => "to be made anew".to_owned(),
        (Some(_), None) => format!(
            "being made (0 of {of} versions, with {} files of the first)",
            next.files_done
        ),
        (Some(_), Some(version)) => format!("being made ({version} of {of} versions)"),
    }
}
