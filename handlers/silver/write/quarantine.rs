//! Keeps what was rejected: one line a record, with its own text; of an event that was rejected whole the start of its
//! body.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::silver::RefineError;
use crate::silver::cast::hide::{Hider, hidden};
use crate::silver::prepare::{Prepared, Rejected, SourceFacts};
use crate::store::object::{Metadata, ObjectPath, ObjectStore};
use crate::table::TableId;

/// Writes one object for each source with rejected records, `at_once` of them at a time, and returns where they are, by
/// source. The names have the commit's id, and follow those of objects that the commit has of a source already.
pub(super) async fn write_quarantine(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    prepared: &Prepared,
    (id, quarantined): (&str, &BTreeMap<String, usize>),
    at_once: usize,
) -> Result<BTreeMap<String, ObjectPath>, RefineError> {
    let table = TableId::of(dataset);
    let with_rejects = prepared
        .sources
        .iter()
        .filter(|source| !source.rejected.is_empty());
    let writes: Vec<_> = with_rejects
        .map(|source| {
            let part = quarantined.get(&source.name).copied().unwrap_or(0);
            let path = table.quarantine_part(&source.name, id, part);
            write_rejected(lake, dataset, source, path)
        })
        .collect();
    stream::iter(writes)
        .buffer_unordered(at_once)
        .try_collect()
        .await
}

async fn write_rejected(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    source: &SourceFacts,
    path: ObjectPath,
) -> Result<(String, ObjectPath), RefineError> {
    let content = lines(dataset, source)?;
    lake.create(&path, content, &Metadata::new()).await?;
    Ok((source.name.clone(), path))
}

/// A line of a quarantine object.
#[derive(Serialize)]
struct RejectedLine<'a> {
    source: &'a str,
    line: u32,
    record: u32,
    #[serde(skip_serializing_if = "is_false")]
    event: bool,
    sequence_number: Option<i64>,
    enqueued_time: String,
    reason: &'a str,
    column: Option<&'a str>,
    position: usize,
    detail: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
    /// Whether the bytes are left out, because what a mask hides could not be found in them, or nobody looked, since the event
    /// was refused whole. Bronze has them.
    #[serde(skip_serializing_if = "is_false")]
    withheld: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Writes rejected records as JSON lines: where each came from, why it was rejected, and its own text.
fn lines(dataset: &Dataset, source: &SourceFacts) -> Result<Bytes, RefineError> {
    let mut content = Vec::new();
    let hider = Hider::of(dataset);
    for rejected in &source.rejected {
        let (whole, position) = (rejected.event, rejected.reject.position);
        let (body, position) = hidden(hider.as_ref(), whole, &rejected.body, position);
        let line = RejectedLine {
            position,
            ..rejected_line(dataset, source, rejected, body.as_deref())?
        };
        serde_json::to_writer(&mut content, &line).map_err(RefineError::Quarantine)?;
        content.push(b'\n');
    }
    Ok(Bytes::from(content))
}

fn rejected_line<'a>(
    dataset: &'a Dataset,
    source: &'a SourceFacts,
    rejected: &'a Rejected,
    body: Option<&'a [u8]>,
) -> Result<RejectedLine<'a>, Invariant> {
    let reject = &rejected.reject;
    let column = reject.column.map(|index| dataset.column(index));
    let column = column.transpose()?;
    let first = source.range.map(|range| range.first.0);
    let text = body.map(std::str::from_utf8);
    let bytes = body.filter(|_| matches!(text, Some(Err(_))));
    Ok(RejectedLine {
        source: &source.name,
        line: rejected.line,
        record: rejected.record,
        event: rejected.event,
        sequence_number: first.map(|first| first.saturating_add(i64::from(rejected.line))),
        enqueued_time: rejected.enqueued_time.to_string(),
        reason: reject.reason.as_str(),
        column: column.map(|column| column.name.as_str()),
        position: reject.position,
        detail: &reject.detail,
        truncated: rejected.truncated,
        body: text.and_then(Result::ok),
        body_base64: bytes.map(|bytes| STANDARD.encode(bytes)),
        withheld: body.is_none(),
    })
}
