//! An entity-group transaction on the wire: one multipart request with one change set.

use serde_json::Value as Json;

use super::entity;
use crate::store::entity::keys::escape;
use crate::store::entity::{Entity, Operation, PartitionKey};
use crate::store::{redact, xml_refusal};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub(super) const JSON: &str = "application/json;odata=minimalmetadata";
/// What the service says about a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Every step took effect.
    Done,
    /// A condition did not hold; no step took effect.
    Conflict,
    /// The table is missing; no step took effect.
    NoTable(Refused),
    /// No step took effect, for another reason.
    Refused(Refused),
    /// The answer makes no sense, so the outcome is unknown.
    Broken(String),
}

/// A refusal in the service's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
}

pub(super) fn content_type(id: &str) -> String {
    format!("multipart/mixed; boundary=batch_{id}")
}

/// Writes the request's body. `base` is the table's address, `id` is in no entity.
pub(super) fn encode(
    base: &str,
    id: &str,
    partition: &PartitionKey,
    operations: &[Operation],
) -> String {
    let mut body =
        format!("--batch_{id}\r\nContent-Type: multipart/mixed; boundary=changeset_{id}\r\n\r\n");
    for operation in operations {
        body.push_str(&format!(
            "--changeset_{id}\r\nContent-Type: application/http\r\n\
             Content-Transfer-Encoding: binary\r\n\r\n"
        ));
        push_step(&mut body, base, partition, operation);
    }
    body.push_str(&format!("--changeset_{id}--\r\n--batch_{id}--\r\n"));
    body
}

fn push_step(body: &mut String, base: &str, partition: &PartitionKey, operation: &Operation) {
    let address = resource(base, partition, operation.row());
    match operation {
        Operation::Insert(entity) => {
            body.push_str(&format!("POST {base} HTTP/1.1\r\n"));
            push_entity(body, partition, entity);
        }
        Operation::Update { entity, if_match } => {
            body.push_str(&format!(
                "PUT {address} HTTP/1.1\r\nIf-Match: {}\r\n",
                if_match.0
            ));
            push_entity(body, partition, entity);
        }
        Operation::Upsert(entity) => {
            body.push_str(&format!("PUT {address} HTTP/1.1\r\n"));
            push_entity(body, partition, entity);
        }
        Operation::Delete { if_match, .. } => {
            let if_match = if_match.as_ref().map_or("*", |etag| etag.0.as_str());
            body.push_str(&format!(
                "DELETE {address} HTTP/1.1\r\nIf-Match: {if_match}\r\n\
                 Accept: {}\r\nDataServiceVersion: 3.0;\r\n\r\n",
                JSON
            ));
        }
    }
}

fn push_entity(body: &mut String, partition: &PartitionKey, entity: &Entity) {
    body.push_str(&format!(
        "Accept: {}\r\nContent-Type: application/json\r\nPrefer: return-no-content\r\n\
         DataServiceVersion: 3.0;\r\n\r\n",
        JSON
    ));
    body.push_str(&entity::encode(partition, entity));
    body.push_str("\r\n");
}

/// Returns the address of an entity below `table`.
pub(super) fn resource(table: &str, partition: &PartitionKey, row: &str) -> String {
    let encoded = |key: &str| percent_encode(&escape(key).replace('\'', "''"));
    format!(
        "{table}(PartitionKey='{}',RowKey='{}')",
        encoded(&partition.0),
        encoded(row)
    )
}

/// Every byte but letters, digits and `-._~` is written as `%XX`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Writes text such that it stands for itself in any part of a URL.
pub(super) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Reads the answer to a transaction of `operations`.
pub(super) fn decode(status: u16, body: &[u8], operations: &[Operation]) -> Answer {
    if !(200..300).contains(&status) {
        return meaning(refusal(status, body), operations);
    }
    let text = String::from_utf8_lossy(body);
    let statuses: Vec<u16> = text.lines().filter_map(status_of_line).collect();
    if let Some(status) = statuses.iter().copied().find(|status| *status >= 300) {
        return meaning(refusal(status, body), operations);
    }
    if statuses.len() == operations.len() {
        return Answer::Done;
    }
    Answer::Broken(format!(
        "{} of {} steps are answered",
        statuses.len(),
        operations.len()
    ))
}

fn status_of_line(line: &str) -> Option<u16> {
    let rest = line.strip_prefix("HTTP/1.1 ")?;
    rest.split_whitespace().next()?.parse().ok()
}

fn meaning(refusal: Refused, operations: &[Operation]) -> Answer {
    match (refusal.status, refusal.code.as_str()) {
        (404, "TableNotFound") => Answer::NoTable(refusal),
        (409, "EntityAlreadyExists") | (412, _) | (404, "ResourceNotFound" | "EntityNotFound") => {
            Answer::Conflict
        }
        _ => Answer::Refused(named(refusal, operations)),
    }
}

/// Names the entity whose number stands before the service's words.
fn named(refusal: Refused, operations: &[Operation]) -> Refused {
    let faulty = refusal.message.split_once(':').and_then(|(number, rest)| {
        let operation = operations.get(number.parse::<usize>().ok()?)?;
        Some(format!("entity {:?}: {}", operation.row(), rest.trim()))
    });
    Refused {
        message: faulty.unwrap_or(refusal.message),
        ..refusal
    }
}

/// Reads a refusal from JSON, wherever it is in the body, or from XML.
pub(super) fn refusal(status: u16, body: &[u8]) -> Refused {
    let text = String::from_utf8_lossy(body);
    let (code, message) = json_error(&text)
        .or_else(|| xml_refusal(&text))
        .unwrap_or_default();
    let first = message.lines().next().unwrap_or_default();
    Refused {
        status,
        code,
        message: redact(first),
    }
}

fn json_error(text: &str) -> Option<(String, String)> {
    let start = text.find("{\"odata.error\"")?;
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Json>();
    let error = values.next()?.ok()?;
    let words = |pointer: &str| {
        let value = error.pointer(pointer).and_then(Json::as_str);
        value.unwrap_or_default().to_owned()
    };
    Some((
        words("/odata.error/code"),
        words("/odata.error/message/value"),
    ))
}

#[cfg(test)]
mod tests;
