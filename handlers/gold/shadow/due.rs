//! When a shadow may take the place of the live table; pure. The functions ask for each shadow, and an administrator whose
//! app must not change views gets the batch for just those that the functions have found to be ready.

use crate::table::log::Version;
use crate::warehouse::schema::{GoldSchema, TableIndex, TableSchema};
use crate::warehouse::{Progress, Shadow, Standing};

/// When a shadow may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gold) enum Due {
    /// Now, by itself.
    Alone,
    /// When it stands at the head that is read last, by itself: its log is another one.
    AtHead,
    /// With all others of its generation, once that is whole.
    Together,
    /// Not yet.
    Later,
}

/// Returns when a shadow may be shown; `is_together` is whether it is one of a generation that is being raised.
pub(in crate::gold) fn due(
    (progress, shadow): (&Progress, &Shadow),
    is_together: bool,
    head: Version,
) -> Due {
    if is_together {
        return Due::Together;
    }
    let is_same_log = progress.log.is_none() || progress.log == shadow.log;
    // Versions of two logs are never compared, and one beyond the head is another log's.
    if !is_same_log || progress.version > head {
        return Due::AtHead;
    }
    match shadow.version >= Some(progress.version) {
        true => Due::Alone,
        false => Due::Later,
    }
}

/// The shadows that a run of the functions has found to be ready, and may still be shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// The tables, each with its progress and its shadow.
    pub tables: Vec<(TableIndex, Progress, Shadow)>,
    /// Why others are not shown, by table.
    pub held: Vec<(String, String)>,
}

impl Ready {
    /// Works out which shadows may be shown by what the books say. That a generation is whole, or that a shadow of another
    /// log stands at the head, was seen by the run that noted it; its sources stay in the log.
    #[must_use]
    pub fn of(schema: &GoldSchema, standing: &Standing) -> Self {
        let (mut ready, mut together, mut lacking) = (Self::default(), Vec::new(), Vec::new());
        for (index, table) in schema.indexed_tables() {
            let progress = standing.progress.get(&table.name);
            let progress = progress.filter(|_| !standing.is_unseen(index, table));
            let Some(progress) = progress else { continue };
            let is_older = progress.generation != schema.generation;
            let next = standing.next.get(&table.name);
            let reason = match next {
                Some(next) => held((schema, standing), (index, table), (progress, next)),
                None => is_older.then(|| "no table is made beside it".to_owned()),
            };
            match (reason, next) {
                (Some(reason), _) => {
                    ready.held.push((table.name.clone(), reason));
                    if is_older {
                        lacking.push(table.name.clone());
                    }
                }
                (None, Some(next)) if is_older => {
                    together.push((index, progress.clone(), next.clone()));
                }
                (None, Some(next)) => ready.tables.push((index, progress.clone(), next.clone())),
                (None, None) => {}
            }
        }
        if lacking.is_empty() && is_of_one(&together) {
            ready.tables.extend(together);
            ready.tables.sort_by_key(|(index, ..)| *index);
            return ready;
        }
        let reason = match lacking.is_empty() {
            true => {
                "the tables of its generation do not stand at one version of one log".to_owned()
            }
            false => format!(
                "the tables of its generation are shown together, and {} cannot be yet",
                lacking.join(", ")
            ),
        };
        let names = together
            .iter()
            .filter_map(|(index, ..)| schema.table_at(*index).ok());
        ready
            .held
            .extend(names.map(|table| (table.name.clone(), reason.clone())));
        ready
    }
}

/// Returns whether shadows stand at one version of one log.
fn is_of_one(shadows: &[(TableIndex, Progress, Shadow)]) -> bool {
    let at = |shadow: &Shadow| (shadow.log.clone(), shadow.version);
    let mut all = shadows.iter().map(|(_, _, shadow)| at(shadow));
    match all.next() {
        Some(first) => all.all(|other| other == first),
        None => true,
    }
}

/// Returns why a shadow cannot be shown, if so.
fn held(
    (schema, standing): (&GoldSchema, &Standing),
    (index, table): (TableIndex, &TableSchema),
    (progress, next): (&Progress, &Shadow),
) -> Option<String> {
    let log = next.log.as_deref();
    if !next.is_for(log, schema.generation, &table.definition) {
        return Some(
            "the table beside it is of another definition or generation than the dataset file says"
                .to_owned(),
        );
    }
    let unfit = standing.unfit.get(&index);
    if let Some(error) = unfit.filter(|error| error.keeps_from_showing()) {
        return Some(error.to_string());
    }
    if standing.lost.contains(&table.name) {
        return Some("the table beside it is gone".to_owned());
    }
    match &next.note {
        Some(note) if note.is_blocked => return Some(note.reason.clone()),
        Some(_) => {}
        None => return Some("the table beside it is still being made".to_owned()),
    }
    let (Some(version), Some(_), Some(_)) = (next.version, log, &next.physical) else {
        return Some("nothing has filled the table beside it".to_owned());
    };
    let is_older = progress.generation != schema.generation;
    // Nobody reads the head here, so nothing is taken to be beyond it.
    match due((progress, next), is_older, version.max(progress.version)) {
        Due::Together | Due::Alone => None,
        Due::AtHead if next.is_asked => None,
        Due::AtHead => Some(
            "the table beside it follows another pipeline, and nobody has asked for that with `sluice rebuild gold`"
                .to_owned(),
        ),
        Due::Later => Some(format!(
            "the table beside it stands at version {version}, and the one that is shown at {}",
            progress.version
        )),
    }
}

#[cfg(test)]
mod tests;
