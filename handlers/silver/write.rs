//! Makes a group's rows and rejected lines durable, under names of their own that nothing refers to yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::RefineError;
use super::cast::hide::Hider;
use super::cast::keyed_rows::KeyedRow;
use super::dedup::key_set::KeySet;
use super::prepare::{Prepared, Rejected, SourceFacts};
use super::segments::{Segment, segments, split_outliers};
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::store::object::{Metadata, ObjectPath, ObjectStore};
use crate::table::delta::stats;
use crate::table::log::DataFile;
use crate::table::schema::arrow_schema;
use crate::table::{TableId, parquet};

/// How many objects are written at once.
const PARALLEL_WRITES: usize = 8;

/// What a commit will name.
#[derive(Debug)]
pub(super) struct Written {
    /// The commit's id, which is in every name.
    pub(super) id: String,
    /// The files of silver.
    pub(super) files: Vec<DataFile>,
    /// The keys of each file.
    pub(super) keys: Vec<(ObjectPath, KeySet)>,
    /// The quarantine objects, by source.
    pub(super) quarantine: BTreeMap<String, ObjectPath>,
}

/// Writes one Parquet file for each period of the rows (two where some are far older than the bulk), and one object
/// for each source with rejected lines.
///
/// # Errors
/// Fails if the lake does. What was written by then is garbage, which vacuum removes.
pub(super) async fn write(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Arc<Dataset>,
    prepared: &Arc<Prepared>,
    rows: &[KeyedRow],
    id: String,
) -> Result<Written, RefineError> {
    let table = TableId::of(dataset);
    let quarantine = write_quarantine(lake, dataset, prepared, &id).await?;
    let parts: Vec<(usize, Segment)> = segments(dataset.period, rows)
        .iter()
        .flat_map(|segment| split_outliers(segment, rows).into_iter().enumerate())
        .collect();

    let writes = parts.into_iter().map(|(part, segment)| {
        let of_segment = rows.get(segment.rows.clone());
        let of_segment = of_segment.ok_or(Invariant("a segment lies within its rows"))?;
        let path = table.file(dataset.period, segment.period, &id, part);
        let rows = of_segment.to_vec();
        Ok(write_file(lake, dataset, prepared, segment, rows, path))
    });
    let writes: Vec<_> = writes.collect::<Result<_, Invariant>>()?;
    let written: Vec<(DataFile, KeySet)> = stream::iter(writes)
        .buffered(PARALLEL_WRITES)
        .try_collect()
        .await?;

    let (files, sets): (Vec<DataFile>, Vec<KeySet>) = written.into_iter().unzip();
    let keys = files
        .iter()
        .map(|file| file.path.clone())
        .zip(sets)
        .collect();
    Ok(Written {
        id,
        files,
        keys,
        quarantine,
    })
}

async fn write_file(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Arc<Dataset>,
    prepared: &Arc<Prepared>,
    segment: Segment,
    rows: Vec<KeyedRow>,
    path: ObjectPath,
) -> Result<(DataFile, KeySet), RefineError> {
    let (dataset, prepared) = (Arc::clone(dataset), Arc::clone(prepared));
    let count = rows.len() as u64;
    let encode = move || {
        let keys = KeySet::of(rows.iter().map(|row| row.key));
        let names: Vec<&str> = prepared.sources.iter().map(|s| s.name.as_str()).collect();
        let rows: Vec<u32> = rows.iter().map(|row| row.row).collect();
        let batch = prepared
            .cast
            .batch(&arrow_schema(&dataset), &names, &rows)?;
        let content = parquet::encode(&batch, dataset.event_time)?;
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

async fn write_quarantine(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    prepared: &Prepared,
    id: &str,
) -> Result<BTreeMap<String, ObjectPath>, RefineError> {
    let table = TableId::of(dataset);
    let with_rejects = prepared
        .sources
        .iter()
        .filter(|source| !source.rejected.is_empty());
    let writes: Vec<_> = with_rejects
        .map(|source| {
            let path = table.quarantine(&source.name, id);
            write_rejected_lines(lake, dataset, source, path)
        })
        .collect();
    stream::iter(writes)
        .buffer_unordered(PARALLEL_WRITES)
        .try_collect()
        .await
}

async fn write_rejected_lines(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    source: &SourceFacts,
    path: ObjectPath,
) -> Result<(String, ObjectPath), RefineError> {
    let lines = quarantine_lines(dataset, source)?;
    lake.create(&path, lines, &Metadata::new()).await?;
    Ok((source.name.clone(), path))
}

/// A line of a quarantine object.
#[derive(Serialize)]
struct RejectedLine<'a> {
    source: &'a str,
    line: u64,
    sequence_number: Option<i64>,
    enqueued_time: String,
    reason: &'a str,
    column: Option<&'a str>,
    position: usize,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// Whether the bytes are left out, because what a mask hides could not be found in them. Bronze has them.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    withheld: bool,
}

/// Writes rejected lines as JSON lines: where each came from, why it was rejected, and its bytes.
fn quarantine_lines(dataset: &Dataset, source: &SourceFacts) -> Result<Bytes, RefineError> {
    let mut content = Vec::new();
    let hider = Hider::of(dataset);
    for rejected in &source.rejected {
        let Rejected {
            line,
            enqueued_time,
            reject,
            body,
        } = rejected;
        let sequence_number = source.range.map(|range| {
            range
                .first
                .0
                .saturating_add(i64::try_from(*line).unwrap_or(i64::MAX))
        });
        let column = reject
            .column
            .map(|index| dataset.column(index))
            .transpose()?;
        let (body, position) = hidden(hider.as_ref(), body, reject.position);
        let text = body.as_deref().map(std::str::from_utf8);
        let bytes = body.as_deref().filter(|_| matches!(text, Some(Err(_))));
        let record = RejectedLine {
            source: &source.name,
            line: *line,
            sequence_number,
            enqueued_time: enqueued_time.to_string(),
            reason: reject.reason.as_str(),
            column: column.map(|column| column.name.as_str()),
            position,
            detail: &reject.detail,
            body: text.and_then(Result::ok),
            body_base64: bytes.map(|bytes| STANDARD.encode(bytes)),
            withheld: body.is_none(),
        };
        serde_json::to_writer(&mut content, &record).map_err(RefineError::Quarantine)?;
        content.push(b'\n');
    }
    Ok(Bytes::from(content))
}

/// Returns a body as it may be shown, and a position in it; nothing of one in which what is masked cannot be found.
fn hidden<'b>(
    hider: Option<&Hider<'_>>,
    body: &'b [u8],
    position: usize,
) -> (Option<Cow<'b, [u8]>>, usize) {
    let Some(hider) = hider else {
        return (Some(Cow::Borrowed(body)), position);
    };
    match hider.hide(body, position) {
        Some((shown, position)) => (Some(Cow::Owned(shown)), position),
        None => (None, position),
    }
}
