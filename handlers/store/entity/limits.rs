//! What Table storage does not take, refused before anything is sent and alike by every store.

use std::collections::HashSet;

use thiserror::Error;

use super::keys::escape;
use super::{
    Entity, MAX_PROPERTY_BYTES, MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ENTITIES, Operation,
    PartitionKey, Value,
};
use crate::store::{ErrorKind, StorageError};

/// Most bytes that one entity may hold, by the service's way of counting.
pub const MAX_ENTITY_BYTES: usize = 1024 * 1024;
/// Most properties that one entity may have beside its keys and time.
pub const MAX_PROPERTIES: usize = 252;
/// Most UTF-16 units that a key may have, escaped.
pub const MAX_KEY_UNITS: usize = 512;

/// An upper bound of what a step adds to a transaction's body beside its keys and its entity.
const STEP_BYTES: usize = 640;

/// Why a transaction cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("it has {0} entities, more than {MAX_TRANSACTION_ENTITIES}")]
    TooManyEntities(usize),
    #[error(
        "it has {bytes} bytes, more than {MAX_TRANSACTION_BYTES}; the largest entity is {largest:?}"
    )]
    TooLarge { bytes: usize, largest: String },
    #[error("entity {0:?} occurs twice")]
    TwiceTheSame(String),
    #[error("key {0:?} is longer than {MAX_KEY_UNITS} characters")]
    KeyTooLong(String),
    #[error("entity {row:?} has {bytes} bytes, more than {MAX_ENTITY_BYTES}")]
    EntityTooLarge { row: String, bytes: usize },
    #[error("entity {row:?} has {count} properties, more than {MAX_PROPERTIES}")]
    TooManyProperties { row: String, count: usize },
    #[error(
        "property {name:?} of entity {row:?} has {bytes} bytes, more than {MAX_PROPERTY_BYTES}"
    )]
    PropertyTooLarge {
        row: String,
        name: String,
        bytes: usize,
    },
    #[error("property {name:?} of entity {row:?} has no name that the service takes")]
    PropertyName { row: String, name: String },
}

impl Refusal {
    /// Makes it the failure of a transaction in `partition`.
    pub(super) fn of(self, partition: &PartitionKey) -> StorageError {
        StorageError {
            operation: "send transaction to partition",
            object: partition.to_string(),
            kind: ErrorKind::Permanent,
            source: Box::new(self),
        }
    }
}

/// Checks a transaction against every limit of the service.
pub(super) fn check(partition: &PartitionKey, operations: &[Operation]) -> Result<(), Refusal> {
    if operations.len() > MAX_TRANSACTION_ENTITIES {
        return Err(Refusal::TooManyEntities(operations.len()));
    }
    check_key(&partition.0)?;

    let mut rows = HashSet::new();
    for operation in operations {
        if !rows.insert(operation.row()) {
            return Err(Refusal::TwiceTheSame(operation.row().to_owned()));
        }
        check_key(operation.row())?;
        if let Some(entity) = entity_of(operation) {
            check_entity(partition, entity)?;
        }
    }
    check_payload(partition, operations)
}

fn check_key(key: &str) -> Result<(), Refusal> {
    if escape(key).encode_utf16().count() > MAX_KEY_UNITS {
        return Err(Refusal::KeyTooLong(key.to_owned()));
    }
    Ok(())
}

fn check_entity(partition: &PartitionKey, entity: &Entity) -> Result<(), Refusal> {
    let row = || entity.row.clone();
    if entity.properties.len() > MAX_PROPERTIES {
        return Err(Refusal::TooManyProperties {
            row: row(),
            count: entity.properties.len(),
        });
    }

    let mut bytes = 4 + 2 * (units(&escape(&partition.0)) + units(&escape(&entity.row)));
    for (name, value) in &entity.properties {
        if !is_property_name(name) {
            return Err(Refusal::PropertyName {
                row: row(),
                name: name.clone(),
            });
        }
        let size = value_bytes(value);
        if size > MAX_PROPERTY_BYTES {
            return Err(Refusal::PropertyTooLarge {
                row: row(),
                name: name.clone(),
                bytes: size,
            });
        }
        let length_field = if value.as_str().is_some() { 4 } else { 0 };
        bytes += 8 + 2 * units(name) + length_field + size;
    }
    if bytes > MAX_ENTITY_BYTES {
        return Err(Refusal::EntityTooLarge { row: row(), bytes });
    }
    Ok(())
}

/// Returns how many bytes of [`MAX_TRANSACTION_BYTES`] the steps take, counted generously, for callers that share a
/// transaction out.
#[must_use]
pub fn transaction_bytes(partition: &PartitionKey, operations: &[Operation]) -> usize {
    operations
        .iter()
        .map(|operation| payload_bytes(partition, operation))
        .sum()
}

fn check_payload(partition: &PartitionKey, operations: &[Operation]) -> Result<(), Refusal> {
    let bytes = transaction_bytes(partition, operations);
    if bytes <= MAX_TRANSACTION_BYTES {
        return Ok(());
    }
    let largest = operations
        .iter()
        .max_by_key(|operation| payload_bytes(partition, operation))
        .map(|operation| operation.row().to_owned())
        .unwrap_or_default();
    Err(Refusal::TooLarge { bytes, largest })
}

/// An upper bound of what the step adds to the transaction's body.
fn payload_bytes(partition: &PartitionKey, operation: &Operation) -> usize {
    // The keys are in the address, where a byte may take three, and in the entity.
    let keys = 4 * (2 * partition.0.len() + 2 * operation.row().len());
    let properties = entity_of(operation).map_or(0, |entity| {
        entity
            .properties
            .iter()
            .map(|(name, value)| 2 * name.len() + json_bytes(value) + 32)
            .sum()
    });
    STEP_BYTES + keys + properties
}

fn json_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => text
            .bytes()
            .map(|byte| match byte {
                0..=0x1f => 6,
                b'"' | b'\\' => 2,
                _ => 1,
            })
            .sum(),
        Value::Int64(_) => 20,
        Value::Bool(_) => 5,
    }
}

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::String(text) => 2 * units(text),
        Value::Int64(_) => 8,
        Value::Bool(_) => 1,
    }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn entity_of(operation: &Operation) -> Option<&Entity> {
    match operation {
        Operation::Insert(entity)
        | Operation::Upsert(entity)
        | Operation::Update { entity, .. } => Some(entity),
        Operation::Delete { .. } => None,
    }
}

fn is_property_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let starts_well = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    starts_well
        && name.len() <= 255
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !["PartitionKey", "RowKey", "Timestamp"].contains(&name)
}
