//! Makes a group's rows and rejected records durable, under names of their own that nothing refers to yet.

mod quarantine;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::RefineError;
use super::cast::keyed_rows::KeyedRow;
use super::dedup::file_keys::FileKeys;
use super::prepare::Prepared;
use super::segments::{MOST_PARTS, Segment, segments, split_outliers};
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::store::object::{Metadata, ObjectPath, ObjectStore};
use crate::table::delta::stats;
use crate::table::log::DataFile;
use crate::table::schema::{arranged, arrow_schema, place_of};
use crate::table::{TableId, parquet};
use quarantine::write_quarantine;

const OUTSIDE: Invariant = Invariant("a segment lies within its rows");

/// How many objects are written at once.
const PARALLEL_WRITES: usize = 8;

/// What files are to be called and to hold.
#[derive(Debug)]
pub(super) struct Name {
    /// The commit's id.
    pub(super) id: String,
    /// The columns, in the order in which they stand.
    pub(super) columns: Vec<String>,
    /// How many chunks of the commit were written before.
    pub(super) chunk: usize,
    /// How many quarantine objects of the commit a source has already.
    pub(super) quarantined: BTreeMap<String, usize>,
}

/// What a commit will name.
#[derive(Debug)]
pub(super) struct Written {
    /// The commit's id, which is in every name.
    pub(super) id: String,
    /// The files of silver.
    pub(super) files: Vec<DataFile>,
    /// The keys of each file; none where rows have none.
    pub(super) keys: Vec<(ObjectPath, FileKeys)>,
    /// The quarantine objects, by source.
    pub(super) quarantine: BTreeMap<String, ObjectPath>,
}

/// Writes one Parquet file for each period of the rows (two where some are far older than the bulk), and one object
/// for each source with rejected records.
///
/// # Errors
/// Fails if the lake does. What was written by then is garbage, which vacuum removes.
pub(super) async fn write(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Arc<Dataset>,
    prepared: &Arc<Prepared>,
    rows: &[KeyedRow],
    name: Name,
) -> Result<Written, RefineError> {
    let table = TableId::of(dataset);
    let quarantine = write_quarantine(
        lake,
        dataset,
        prepared,
        (&name.id, &name.quarantined),
        PARALLEL_WRITES,
    )
    .await?;
    let Name {
        id, columns, chunk, ..
    } = name;
    let columns: Arc<[String]> = columns.into();
    let parts: Vec<(usize, Segment)> = segments(dataset.period, rows)
        .iter()
        .flat_map(|segment| {
            split_outliers(segment, rows)
                .into_iter()
                .flatten()
                .enumerate()
        })
        .collect();

    let writes = parts.into_iter().map(|(part, segment)| {
        let of_segment = rows.get(segment.rows.clone());
        let of_segment = of_segment.ok_or(OUTSIDE)?;
        let part = chunk * MOST_PARTS + part;
        let path = table.file(dataset.period, segment.period, &id, part);
        let rows = (segment, of_segment.to_vec());
        let target = (path, Arc::clone(&columns));
        Ok(write_file(lake, dataset, prepared, rows, target))
    });
    let writes: Vec<_> = writes.collect::<Result<_, Invariant>>()?;
    let written: Vec<(DataFile, Option<FileKeys>)> = stream::iter(writes)
        .buffered(PARALLEL_WRITES)
        .try_collect()
        .await?;

    let (files, sets): (Vec<DataFile>, Vec<Option<FileKeys>>) = written.into_iter().unzip();
    let keys = files.iter().zip(sets);
    let keys = keys
        .filter_map(|(file, set)| Some((file.path.clone(), set?)))
        .collect();
    Ok(Written {
        id,
        files,
        keys,
        quarantine,
    })
}

/// Returns what [`write()`] would have written of rows, whose keys can be looked up in it, and writes nothing.
///
/// # Errors
/// Fails on a defect.
pub(super) fn pretended(
    dataset: &Dataset,
    rows: &[KeyedRow],
    (id, chunk): (&str, usize),
) -> Result<Written, Invariant> {
    let table = TableId::of(dataset);
    let mut written = Written {
        id: id.to_owned(),
        files: Vec::new(),
        keys: Vec::new(),
        quarantine: BTreeMap::new(),
    };
    for segment in segments(dataset.period, rows) {
        let of_segment = rows.get(segment.rows.clone());
        let of_segment = of_segment.ok_or(OUTSIDE)?;
        let path = table.file(dataset.period, segment.period, id, chunk * MOST_PARTS);
        if dataset.key.is_some() {
            let keys = FileKeys::of(of_segment.iter().map(|row| row.key).collect());
            written.keys.push((path.clone(), keys));
        }
        written.files.push(DataFile {
            path,
            period: segment.period,
            rows: of_segment.len() as u64,
            bytes: 0,
            min: segment.min,
            max: segment.max,
            stats: None,
        });
    }
    Ok(written)
}

async fn write_file(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Arc<Dataset>,
    prepared: &Arc<Prepared>,
    (segment, rows): (Segment, Vec<KeyedRow>),
    (path, columns): (ObjectPath, Arc<[String]>),
) -> Result<(DataFile, Option<FileKeys>), RefineError> {
    let (dataset, prepared) = (Arc::clone(dataset), Arc::clone(prepared));
    let count = rows.len() as u64;
    let encode = move || {
        let keys = || FileKeys::of(rows.iter().map(|row| row.key).collect());
        let keys = dataset.key.is_some().then(keys);
        let names: Vec<&str> = prepared.sources.iter().map(|s| s.name.as_str()).collect();
        let rows: Vec<u32> = rows.iter().map(|row| row.row).collect();
        let batch = prepared
            .cast
            .batch(&arrow_schema(&dataset), &names, &rows)?;
        let batch = arranged(&batch, &columns)?;
        let event_time = &dataset.column(dataset.event_time)?.name;
        let content = parquet::encode(&batch, place_of(&batch, event_time)?)?;
        Ok::<_, RefineError>((content, keys, stats::of(&batch)))
    };
    let (content, keys, stats) = tokio::task::spawn_blocking(encode)
        .await
        .map_err(RefineError::Interrupted)??;
    let bytes = content.len() as u64;
    lake.create(&path, content, &Metadata::new()).await?;
    let file = DataFile {
        path,
        period: segment.period,
        rows: count,
        bytes,
        min: segment.min,
        max: segment.max,
        stats: Some(stats),
    };
    Ok((file, keys))
}
