//! Checkpoints: the whole table at one version in one Parquet file, so that a reader need not read every entry.
//!
//! A checkpoint holds what the table consists of. Removed files are not listed: only other writers would need them.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use serde_json::{Value, json};

use super::{DeltaError, actions};
use crate::table::TableId;
use crate::table::log::{Snapshot, Version};

/// Actions that are laid out at a time.
const BATCH: usize = 4_096;

/// An encoded checkpoint.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Its version.
    pub version: Version,
    /// The Parquet file.
    pub content: Bytes,
    /// How many actions it holds.
    pub actions: usize,
    /// How many files the table has.
    pub files: usize,
}

/// Encodes the table as it is at the snapshot's version.
///
/// # Errors
/// Fails if the snapshot is of another table.
pub fn encode(table: &TableId, snapshot: &Snapshot) -> Result<Checkpoint, DeltaError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| DeltaError::Encode(error);
    let schema = schema();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut content = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut content, Arc::clone(&schema), Some(properties))
        .map_err(|error| failed(error.into()))?;

    let recorded = actions::recorded(&snapshot.schema)?;
    let described = recorded.described.unwrap_or(snapshot.schema_committed);
    let mut pending = vec![
        actions::protocol(),
        actions::metadata(table, &recorded, described)?,
    ];
    let mut count = 0;
    for file in snapshot.files.values() {
        pending.push(actions::add(table, &file.file, file.committed, true)?);
        if pending.len() >= BATCH {
            count += pending.len();
            let batch = lay_out(&schema, &pending).map_err(failed)?;
            writer.write(&batch).map_err(|error| failed(error.into()))?;
            pending.clear();
        }
    }
    if !pending.is_empty() {
        count += pending.len();
        let batch = lay_out(&schema, &pending).map_err(failed)?;
        writer.write(&batch).map_err(|error| failed(error.into()))?;
    }
    writer.close().map_err(|error| failed(error.into()))?;
    Ok(Checkpoint {
        version: snapshot.version,
        content: Bytes::from(content),
        actions: count,
        files: snapshot.files.len(),
    })
}

/// Returns what `_last_checkpoint` says about a checkpoint.
#[must_use]
pub fn pointer(checkpoint: &Checkpoint) -> Bytes {
    let pointer = json!({
        "version": checkpoint.version.0,
        "size": checkpoint.actions,
        "sizeInBytes": checkpoint.content.len(),
        "numOfAddFiles": checkpoint.files,
    });
    Bytes::from(pointer.to_string())
}

fn lay_out(
    schema: &SchemaRef,
    actions: &[Value],
) -> Result<RecordBatch, Box<dyn std::error::Error + Send + Sync>> {
    let mut decoder = ReaderBuilder::new(Arc::clone(schema))
        .with_batch_size(actions.len())
        .build_decoder()?;
    decoder.serialize(actions)?;
    Ok(decoder.flush()?.ok_or("there are no actions")?)
}

/// The columns of a checkpoint, one for each kind of action, with the names that Parquet prescribes inside of them.
fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let long = |name: &str| Field::new(name, DataType::Int64, true);
    let int = |name: &str| Field::new(name, DataType::Int32, true);
    let flag = |name: &str| Field::new(name, DataType::Boolean, true);
    let action = |name: &str, fields: Vec<Field>| {
        Field::new(name, DataType::Struct(Fields::from(fields)), true)
    };
    let format = vec![text("provider"), map("options")];
    let element = Field::new("element", DataType::Utf8, true);
    Arc::new(Schema::new(vec![
        action(
            "txn",
            vec![text("appId"), long("version"), long("lastUpdated")],
        ),
        action(
            "add",
            vec![
                text("path"),
                map("partitionValues"),
                long("size"),
                long("modificationTime"),
                flag("dataChange"),
                text("stats"),
                map("tags"),
            ],
        ),
        action(
            "remove",
            vec![text("path"), long("deletionTimestamp"), flag("dataChange")],
        ),
        action(
            "metaData",
            vec![
                text("id"),
                text("name"),
                text("description"),
                action("format", format),
                text("schemaString"),
                Field::new("partitionColumns", DataType::List(Arc::new(element)), true),
                map("configuration"),
                long("createdTime"),
            ],
        ),
        action(
            "protocol",
            vec![int("minReaderVersion"), int("minWriterVersion")],
        ),
    ]))
}

fn map(name: &str) -> Field {
    let entry = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    let entries = Field::new("key_value", DataType::Struct(entry), false);
    Field::new(name, DataType::Map(Arc::new(entries), false), true)
}
