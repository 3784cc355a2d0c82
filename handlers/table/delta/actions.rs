//! The actions of the Delta protocol, as JSON; pure.

use serde_json::{Map, Value, json};
use xxhash_rust::xxh3::xxh3_128;

use super::schema::{partition_columns, schema_string};
use super::{DeltaError, stats};
use crate::event::UnixMillis;
use crate::store::object::ObjectPath;
use crate::table::TableId;
use crate::table::evolution::SchemaRecord;
use crate::table::log::{Commit, CommitKind, DataFile};

/// The oldest protocol that knows append-only tables: any reader of Delta can read the table.
pub(super) fn protocol() -> Value {
    json!({ "protocol": { "minReaderVersion": 1, "minWriterVersion": 2 } })
}

/// Says what a commit did, for people who look at the table's history.
pub(super) fn commit_info(commit: &Commit) -> Value {
    let (operation, parameters) = match &commit.kind {
        CommitKind::Schema(_) if commit.version.0 == 0 => ("CREATE TABLE", json!({})),
        CommitKind::Schema(_) => ("CHANGE COLUMN", json!({})),
        CommitKind::Append => ("WRITE", json!({ "mode": "Append" })),
        CommitKind::Compact { .. } => ("OPTIMIZE", json!({})),
    };
    let removed = match &commit.kind {
        CommitKind::Compact { replaces } => replaces.len(),
        CommitKind::Schema(_) | CommitKind::Append => 0,
    };
    let rows: u64 = commit.files.iter().map(|file| file.rows).sum();
    let bytes: u64 = commit.files.iter().map(|file| file.bytes).sum();
    json!({ "commitInfo": {
        "timestamp": commit.committed.0,
        "operation": operation,
        "operationParameters": parameters,
        "operationMetrics": {
            "numFiles": commit.files.len().to_string(),
            "numRemovedFiles": removed.to_string(),
            "numOutputRows": rows.to_string(),
            "numOutputBytes": bytes.to_string(),
        },
        "isBlindAppend": false,
        "engineInfo": "sluice",
        "txnId": commit.id,
    }})
}

/// Reads what the log records of the columns.
pub(super) fn recorded(text: &str) -> Result<SchemaRecord, DeltaError> {
    serde_json::from_str(text).map_err(|error| DeltaError::Schema(error.to_string()))
}

/// Describes the table: its columns, and how it is to be treated.
pub(super) fn metadata(
    table: &TableId,
    recorded: &SchemaRecord,
    created: UnixMillis,
) -> Result<Value, DeltaError> {
    let columns = partition_columns(&recorded.period)?;
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut configuration = json!({
        "delta.appendOnly": "true",
        "delta.deletedFileRetentionDuration": "interval 7 days",
        "delta.logRetentionDuration": "interval 7 days",
    });
    if recorded.bounded {
        // Readers use the statistics of these columns and of no others.
        let columns = stats::always_bounded(recorded).join(",");
        configuration["delta.dataSkippingStatsColumns"] = Value::String(columns);
    }
    Ok(json!({ "metaData": {
        "id": id(table),
        "name": table.dataset,
        "description": format!(
            "Silver of the dataset {}, generation {}. Written by sluice only: read it, do not write to it.",
            table.dataset, table.generation
        ),
        "format": { "provider": "parquet", "options": {} },
        "schemaString": schema_string(recorded)?,
        "partitionColumns": names,
        "configuration": configuration,
        "createdTime": created.0,
    }}))
}

/// Adds a file to the table.
pub(super) fn add(
    table: &TableId,
    file: &DataFile,
    committed: UnixMillis,
    is_change: bool,
) -> Result<Value, DeltaError> {
    let path = relative(table, &file.path)?;
    let unrecorded = || format!("{{\"numRecords\":{}}}", file.rows);
    Ok(json!({ "add": {
        "path": path,
        "partitionValues": partition_values(path),
        "size": file.bytes,
        "modificationTime": committed.0,
        "dataChange": is_change,
        "stats": file.stats.clone().unwrap_or_else(unrecorded),
    }}))
}

/// Takes a file out of the table; its rows are in another one.
pub(super) fn remove(
    table: &TableId,
    path: &ObjectPath,
    committed: UnixMillis,
) -> Result<Value, DeltaError> {
    let path = relative(table, path)?;
    Ok(json!({ "remove": {
        "path": path,
        "deletionTimestamp": committed.0,
        "dataChange": false,
        "extendedFileMetadata": true,
        "partitionValues": partition_values(path),
    }}))
}

/// Returns the path below the table's root, which is what Delta names files by.
fn relative<'a>(table: &TableId, path: &'a ObjectPath) -> Result<&'a str, DeltaError> {
    let root = table.root();
    let name = path.as_str().strip_prefix(root.as_str());
    name.ok_or_else(|| DeltaError::ForeignFile(path.clone()))
}

/// Reads the directories `column=value`. An hour is a number, which `07` is not in every reader.
fn partition_values(path: &str) -> Value {
    let directories = path
        .split('/')
        .filter_map(|directory| directory.split_once('='));
    let values = directories.map(|(column, value)| {
        let number = value.parse::<u32>().map(|number| number.to_string());
        (
            column.to_owned(),
            Value::String(number.unwrap_or_else(|_| value.to_owned())),
        )
    });
    Value::Object(values.collect::<Map<_, _>>())
}

/// Returns the table's id, in the form of a UUID: the same in every entry that describes the table.
fn id(table: &TableId) -> String {
    let hash = xxh3_128(format!("{}@{}", table.dataset, table.generation).as_bytes());
    uuid::Builder::from_custom_bytes(hash.to_be_bytes())
        .into_uuid()
        .to_string()
}
