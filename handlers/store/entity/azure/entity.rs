//! Entities as the service's JSON.

use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::store::entity::keys::{ForeignKey, escape, unescape};
use crate::store::entity::{ETag, Entity, PartitionKey, Properties, Stored, Value};
use crate::store::{ErrorKind, StorageError};

/// Why what was read is no entity of ours.
#[derive(Debug, Error)]
pub(super) enum Problem {
    #[error("the answer is not the JSON of entities")]
    Json(#[source] serde_json::Error),
    #[error("the answer has no {0}")]
    Missing(&'static str),
    #[error("row key")]
    Key(#[source] ForeignKey),
    #[error("property {name:?} of entity {row:?} has a type that is not used here")]
    Type { row: String, name: String },
}

impl Problem {
    pub(super) fn of(self, operation: &'static str, partition: &PartitionKey) -> StorageError {
        StorageError {
            operation,
            object: partition.to_string(),
            kind: ErrorKind::Permanent,
            source: Box::new(self),
        }
    }
}

/// Writes an entity on one line.
pub(super) fn encode(partition: &PartitionKey, entity: &Entity) -> String {
    let mut fields = Map::new();
    fields.insert("PartitionKey".to_owned(), escape(&partition.0).into());
    fields.insert("RowKey".to_owned(), escape(&entity.row).into());
    for (name, value) in &entity.properties {
        let json = match value {
            Value::String(text) => Json::from(text.as_str()),
            // JSON numbers are doubles to the service.
            Value::Int64(number) => Json::from(number.to_string()),
            Value::Bool(yes) => Json::from(*yes),
        };
        fields.insert(name.clone(), json);
        if value.as_i64().is_some() {
            fields.insert(format!("{name}@odata.type"), "Edm.Int64".into());
        }
    }
    // Azurite takes these two for the end of the line.
    Json::Object(fields)
        .to_string()
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

pub(super) fn decode_one(body: &[u8]) -> Result<Stored, Problem> {
    stored(serde_json::from_slice(body).map_err(Problem::Json)?)
}

pub(super) fn decode_page(body: &[u8]) -> Result<Vec<Stored>, Problem> {
    let mut page: Map<String, Json> = serde_json::from_slice(body).map_err(Problem::Json)?;
    let Some(Json::Array(items)) = page.remove("value") else {
        return Err(Problem::Missing("value"));
    };
    items
        .into_iter()
        .map(|item| match item {
            Json::Object(fields) => stored(fields),
            _ => Err(Problem::Missing("entity")),
        })
        .collect()
}

fn stored(fields: Map<String, Json>) -> Result<Stored, Problem> {
    let text = |name: &'static str| {
        let value = fields.get(name).and_then(Json::as_str);
        value.ok_or(Problem::Missing(name))
    };
    let row = unescape(text("RowKey")?).map_err(Problem::Key)?;
    let etag = ETag(text("odata.etag")?.to_owned());

    let mut properties = Properties::new();
    for (name, json) in &fields {
        let ours = !["PartitionKey", "RowKey", "Timestamp"].contains(&name.as_str());
        if !ours || name.contains("odata.") {
            continue;
        }
        let kind = fields.get(&format!("{name}@odata.type"));
        let value = value(json, kind.and_then(Json::as_str)).ok_or_else(|| Problem::Type {
            row: row.clone(),
            name: name.clone(),
        })?;
        properties.insert(name.clone(), value);
    }
    Ok(Stored {
        entity: Entity { row, properties },
        etag,
    })
}

fn value(json: &Json, kind: Option<&str>) -> Option<Value> {
    match (json, kind) {
        (Json::String(number), Some("Edm.Int64")) => number.parse().ok().map(Value::Int64),
        (Json::String(text), None | Some("Edm.String")) => Some(Value::String(text.clone())),
        (Json::Bool(yes), _) => Some(Value::Bool(*yes)),
        (Json::Number(number), None | Some("Edm.Int32" | "Edm.Int64")) => {
            number.as_i64().map(Value::Int64)
        }
        _ => None,
    }
}
