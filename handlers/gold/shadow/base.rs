//! The files that silver consisted of at the version that a shadow was begun at, whatever has been compacted since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::event::EventTime;
use crate::store::StorageError;
use crate::store::object::{ObjectPath, ObjectStore};
use crate::table::log::{CommitKind, CommitLog, DataFile, Head, LogError, Version};

/// How many files are looked for at once.
const PARALLEL: usize = 16;

/// The files of a version, in the order of their paths.
type Files = Arc<Vec<DataFile>>;

/// Finds the files, and remembers those that it found last: a saving only.
#[derive(Debug, Default)]
pub(in crate::gold) struct Bases(Mutex<Option<(Option<String>, Version, Files)>>);

impl Bases {
    /// Returns the live files at `base`, in the order of their paths; nothing if they are no longer known or there.
    ///
    /// # Errors
    /// Fails if a store does, or if `head` is out of date.
    pub(in crate::gold) async fn at(
        &self,
        (log, lake): (&CommitLog, &Arc<dyn ObjectStore>),
        head: &Head,
        base: Version,
    ) -> Result<Option<Files>, LogError> {
        {
            let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((id, version, files)) = known.as_ref()
                && (id, *version) == (&head.log, base)
            {
                return Ok(Some(Arc::clone(files)));
            }
        }
        let Some(files) = find(log, lake, head, base).await? else {
            return Ok(None);
        };
        let files = Arc::new(files);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some((head.log.clone(), base, Arc::clone(&files)));
        Ok(Some(files))
    }
}

async fn find(
    log: &CommitLog,
    lake: &Arc<dyn ObjectStore>,
    head: &Head,
    base: Version,
) -> Result<Option<Vec<DataFile>>, LogError> {
    // In a map, and so in the order of paths.
    if let Some(snapshot) = log.load_at(head, base).await? {
        let files = snapshot.files.into_values();
        return Ok(Some(files.map(|live| live.file).collect()));
    }
    // The snapshot is a later one: what came since is taken back.
    let commits = match log.commits(base, head.version).await {
        Err(LogError::Gap { .. } | LogError::ManifestGone { .. }) => return Ok(None),
        commits => commits?,
    };
    let added = commits.iter().flat_map(|commit| &commit.files);
    let added: BTreeSet<&ObjectPath> = added.map(|file| &file.path).collect();
    let replaced = commits.iter().flat_map(|commit| match &commit.kind {
        CommitKind::Compact { replaces } => replaces.as_slice(),
        CommitKind::Append | CommitKind::Schema(_) => &[],
    });
    let replaced = replaced.filter(|path| !added.contains(path)).cloned();
    let replaced: BTreeSet<ObjectPath> = replaced.collect();
    let live = log.load(head).await?.files.into_values();
    let live = live.map(|live| (live.file.path.clone(), live.file));
    let mut files: BTreeMap<ObjectPath, DataFile> =
        live.filter(|(path, _)| !added.contains(path)).collect();
    let looks = replaced.into_iter().map(|path| described(lake, path));
    let mut looks = stream::iter(looks.collect::<Vec<_>>()).buffered(PARALLEL);
    while let Some(found) = looks.try_next().await? {
        let Some(file) = found else {
            return Ok(None);
        };
        files.insert(file.path.clone(), file);
    }
    Ok(Some(files.into_values().collect()))
}

/// Describes a file that was replaced, as far as reading it needs; nothing if it is gone.
async fn described(
    lake: &Arc<dyn ObjectStore>,
    path: ObjectPath,
) -> Result<Option<DataFile>, StorageError> {
    let found = lake.head(&path).await?;
    Ok(found.map(|found| DataFile {
        path,
        period: EventTime(0),
        // Not known.
        rows: 0,
        bytes: found.size,
        min: EventTime(0),
        max: EventTime(0),
        stats: None,
    }))
}
