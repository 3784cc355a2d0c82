//! The work on a group of sources, which survives the attempts to commit it.

use std::sync::Arc;

use crate::dataset::Dataset;
use crate::silver::RefineError;
use crate::silver::cast::keyed_rows::KeyedRow;
use crate::silver::dedup::conflicts::Conflicts;
use crate::silver::prepare::Prepared;
use crate::silver::sources::SortedSources;
use crate::silver::write::Written;
use crate::table::log::Version;

/// The work on the sources that are not finished yet.
pub(super) struct Work {
    pub(super) prepared: Arc<Prepared>,
    /// The rows that no live file holds at `checked`, by event time.
    pub(super) rows: Vec<KeyedRow>,
    /// The duplicates that are known to differ from the row that stays.
    pub(super) conflicts: Conflicts,
    pub(super) checked: Version,
    pub(super) written: Option<Arc<Written>>,
}

impl Work {
    /// Casts the sources.
    ///
    /// # Errors
    /// Fails if the sources are too many for one group; rejected lines are no failure.
    pub(super) async fn prepare(
        dataset: &Arc<Dataset>,
        sources: SortedSources,
    ) -> Result<Self, RefineError> {
        let dataset = Arc::clone(dataset);
        let prepare = move || Prepared::of(&dataset, &sources);
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let prepared = Arc::new(prepared.map_err(RefineError::Interrupted)??);
        Ok(Self {
            rows: prepared.distinct.clone(),
            conflicts: prepared.conflicts.clone(),
            prepared,
            checked: Version(0),
            written: None,
        })
    }

    /// Returns whether this is the work on the first of these sources, as it would be prepared again.
    pub(super) fn is_on(&self, sources: &SortedSources) -> bool {
        let names = self.prepared.sources.iter().map(|source| &source.name);
        let mut wanted = sources.iter().map(|source| &source.name);
        names.into_iter().all(|name| wanted.next() == Some(name))
    }
}
