//! The live files of silver, fetched into a folder that goes when it is dropped.

use std::error::Error;
use std::path::{Component, Path, PathBuf};

use futures::stream::{self, StreamExt, TryStreamExt};
use parquet::arrow::ArrowWriter;
use sluice::event::UnixMillis;
use sluice::table::TableId;
use sluice::table::log::{DataFile, Snapshot};
use sluice::table::schema::arrow_schema;
use tempfile::TempDir;

use crate::output::{bar, size};
use crate::target::Stores;

/// How many files are fetched at once.
const AT_ONCE: usize = 16;
/// Most bytes that are fetched. Whoever has more reads the table where it is.
const MOST_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// The file without rows, which has all columns and their types.
const COLUMNS: &str = "columns.parquet";

/// Which files are wanted, by the times of their events.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) from: Option<UnixMillis>,
    pub(super) until: Option<UnixMillis>,
}

impl Span {
    fn has(self, file: &DataFile) -> bool {
        self.from
            .is_none_or(|from| file.max >= from.as_event_time())
            && self
                .until
                .is_none_or(|until| file.min < until.as_event_time())
    }
}

/// Files of silver in a folder.
#[derive(Debug)]
pub(super) struct Files {
    folder: TempDir,
    /// The one without rows, then the others.
    pub(super) paths: Vec<PathBuf>,
}

impl Files {
    /// A place beside the files.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Fetches the live files of a span.
///
/// # Errors
/// Fails if there are none, if they are too many to be fetched, or if a store does.
pub(super) async fn fetch(
    stores: &Stores,
    span: Span,
) -> Result<Files, Box<dyn Error + Send + Sync>> {
    let head = stores.log.head().await?.ok_or("silver has no rows yet")?;
    let snapshot = stores.log.load(&head).await?;
    let wanted = wanted(&snapshot, span)?;
    let folder = tempfile::tempdir()?;
    let table = TableId::of(&stores.dataset).root();
    let (lake, root) = (&stores.lake, table.name());
    let progress = bar("fetch files of silver", Some(wanted.len() as u64));
    let mut paths = Vec::new();
    let reads: Vec<_> = wanted
        .iter()
        .map(|file| async move {
            let content = lake.get(&file.path).await?;
            let content = content.ok_or_else(|| {
                format!(
                    "{} is gone: it was replaced meanwhile; ask again",
                    file.path
                )
            })?;
            let place = place(file, root)?;
            Ok::<_, Box<dyn Error + Send + Sync>>((place, content))
        })
        .collect();
    let mut reads = stream::iter(reads).buffer_unordered(AT_ONCE);
    while let Some((place, content)) = reads.try_next().await? {
        let path = folder.path().join("silver").join(place);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(&path, content)?;
        paths.push(path);
        progress.inc(1);
    }
    progress.finish_and_clear();
    paths.sort();
    // In a folder with the others: all files must have the same columns of folders.
    let beside = paths.first().and_then(|path| path.parent());
    let columns = beside.ok_or(NO_FILES)?.join(COLUMNS);
    let file = std::fs::File::create(&columns)?;
    ArrowWriter::try_new(file, arrow_schema(&stores.dataset), None)?.close()?;
    paths.insert(0, columns);
    Ok(Files { folder, paths })
}

const NO_FILES: &str = "silver has no rows of that time";

fn wanted(snapshot: &Snapshot, span: Span) -> Result<Vec<&DataFile>, String> {
    let files = snapshot.files.values().map(|live| &live.file);
    let files: Vec<&DataFile> = files.filter(|file| span.has(file)).collect();
    let bytes: u64 = files.iter().map(|file| file.bytes).sum();
    if bytes > MOST_BYTES {
        return Err(format!(
            "these files of silver have {}, more than the {} that are fetched; ask for fewer with --from and --to, or read the table where it is: `sluice connect duckdb` says how",
            size(bytes),
            size(MOST_BYTES)
        ));
    }
    match files.is_empty() {
        true => Err(NO_FILES.to_owned()),
        false => Ok(files),
    }
}

/// Returns the place of a file below the root of the table: its folders are columns.
fn place(file: &DataFile, root: &str) -> Result<PathBuf, String> {
    let name = file.path.name();
    let place = Path::new(name.strip_prefix(root).unwrap_or(name));
    let is_plain = place
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    match is_plain {
        true => Ok(place.to_owned()),
        false => Err(format!("{} is no file of silver", file.path)),
    }
}

#[cfg(test)]
mod tests {
    use sluice::event::EventTime;

    use super::*;
    use crate::target::in_memory::Pipeline;

    #[tokio::test]
    async fn live_files_lie_in_their_folders_behind_one_with_all_columns() {
        let pipeline = Pipeline::new();
        let none = fetch(&pipeline.stores, Span::default()).await.unwrap_err();
        assert_eq!(none.to_string(), "silver has no rows yet");
        pipeline.ingest(0, &[1, 2]).await;
        pipeline.refine().await;
        let files = fetch(&pipeline.stores, Span::default()).await.unwrap();
        assert_eq!(files.paths.len(), 2);
        let folder = "silver/event_date=2025-11-14/event_hour=11";
        for path in &files.paths {
            assert_eq!(path.parent(), Some(files.beside(folder).as_path()));
            assert!(path.is_file());
        }
        assert!(files.paths[0].ends_with(COLUMNS));
        let later = Span {
            from: Some(UnixMillis(1_763_130_000_000)),
            until: None,
        };
        let none = fetch(&pipeline.stores, later).await.unwrap_err();
        assert_eq!(none.to_string(), NO_FILES);
    }

    #[test]
    fn a_file_is_of_a_span_that_it_touches() {
        let file = DataFile {
            path: sluice::store::object::ObjectPath::new("silver", "orders/g1/../x.parquet"),
            period: EventTime(0),
            rows: 1,
            bytes: 1,
            min: EventTime(10_000),
            max: EventTime(20_000),
            stats: None,
        };
        let has = |from: Option<i64>, until: Option<i64>| {
            let span = Span {
                from: from.map(UnixMillis),
                until: until.map(UnixMillis),
            };
            span.has(&file)
        };
        assert!(has(None, None) && has(Some(20), None) && has(None, Some(11)));
        assert!(!has(Some(21), None) && !has(None, Some(10)));
        assert!(place(&file, "orders/g1/").is_err(), "it leads elsewhere");
    }
}
