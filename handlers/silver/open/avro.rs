//! Avro: which schema a body was written by, and its values.

use std::sync::Arc;

use super::budget::Budget;
use super::refusal::not_opened;
use crate::dataset::Payload;
use crate::event::RejectReason;
use crate::silver::cast::reject::Reject;
use crate::value::avro::container::{Container, MAGIC};
use crate::value::avro::schema::Schema;
use crate::value::avro::{AvroProblem, append_value};
use crate::value::compression::Codec;
use crate::value::json::escape::decode;
use crate::value::json::find::find;
use crate::value::path::Segment;
use crate::wording::quoted;

/// What a value begins with that is followed by the fingerprint of its schema.
const SINGLE_OBJECT: &[u8] = &[0xC3, 0x01];
/// What a content type is, before the id of a schema.
const CONTENT_TYPE: &str = "avro/binary+";

/// The schemas that values may be written by.
#[derive(Debug)]
pub(super) struct Schemas {
    /// Those of the dataset, and what content types call them.
    known: Vec<(Option<String>, Arc<Schema>)>,
    /// That of the last container, for containers of one producer have one.
    last: Option<(String, Arc<Schema>)>,
    content_type: [Segment; 1],
}

impl Schemas {
    pub(super) fn of(payload: &Payload) -> Self {
        let schemas = payload.schemas.iter();
        Self {
            known: schemas
                .map(|schema| (schema.id.clone(), Arc::clone(&schema.schema)))
                .collect(),
            last: None,
            content_type: [Segment::Name("content-type".to_owned())],
        }
    }

    /// Calls `each` with the text of each value of a body.
    ///
    /// # Errors
    /// Fails if the event is refused.
    pub(super) fn read(
        &mut self,
        body: &[u8],
        system: &[u8],
        budget: &mut Budget,
        mut each: impl FnMut(&[u8], &mut Budget) -> Result<(), Reject>,
    ) -> Result<(), Reject> {
        let id = self.id(system);
        let of_id = id.as_deref().and_then(|id| self.of_id(id));
        if of_id.is_none() && body.starts_with(MAGIC) {
            return self.container(body, budget, each);
        }
        let (schema, value) = match (of_id, body.strip_prefix(SINGLE_OBJECT)) {
            (Some(schema), _) => (schema, body),
            (None, Some(rest)) => self.of_fingerprint(rest)?,
            (None, None) => return Err(unknown(id.as_deref())),
        };
        let mut text = Vec::new();
        let rest = append(&schema, value, budget, &mut text)?;
        if !rest.is_empty() {
            return Err(broken("has bytes after its end"));
        }
        each(&text, budget)
    }

    /// Returns the id of the schema that the content type of an event names.
    fn id(&self, system: &[u8]) -> Option<String> {
        if system.is_empty() || self.known.iter().all(|(id, _)| id.is_none()) {
            return None;
        }
        let token = find(system, false, &self.content_type, false).ok()?;
        let mut text = Vec::new();
        decode(token.quoted(system), &mut text);
        let text = String::from_utf8(text).ok()?;
        let (kind, id) = text.split_at_checked(CONTENT_TYPE.len())?;
        kind.eq_ignore_ascii_case(CONTENT_TYPE)
            .then(|| id.to_owned())
    }

    fn of_id(&self, id: &str) -> Option<Arc<Schema>> {
        let mut known = self.known.iter();
        let (_, schema) = known.find(|(known, _)| known.as_deref() == Some(id))?;
        Some(Arc::clone(schema))
    }

    /// Returns the schema that a fingerprint names, and what follows it.
    fn of_fingerprint<'b>(&self, bytes: &'b [u8]) -> Result<(Arc<Schema>, &'b [u8]), Reject> {
        let (fingerprint, value) = bytes
            .split_first_chunk()
            .ok_or_else(|| broken("ends in the fingerprint of its schema"))?;
        let fingerprint = u64::from_le_bytes(*fingerprint);
        let mut schemas = self.known.iter().map(|(_, schema)| schema);
        match schemas.find(|schema| schema.fingerprint() == fingerprint) {
            Some(schema) => Ok((Arc::clone(schema), value)),
            None => Err(refusal(
                RejectReason::UnknownSchema,
                format!(
                    "no schema of the dataset has the fingerprint {fingerprint:016x} (CRC-64-AVRO) that the value was written by"
                ),
            )),
        }
    }

    fn container(
        &mut self,
        body: &[u8],
        budget: &mut Budget,
        mut each: impl FnMut(&[u8], &mut Budget) -> Result<(), Reject>,
    ) -> Result<(), Reject> {
        let mut container = Container::read(body).map_err(|problem| avro(problem, budget))?;
        let schema = self.of_container(container.schema)?;
        let codec = codec(container.codec)?;
        let mut text = Vec::new();
        while let Some(block) = container
            .next_block()
            .map_err(|problem| avro(problem, budget))?
        {
            let unpacked = codec
                .map(|codec| budget.unpack_start(codec, block.content))
                .transpose()?
                .transpose()
                .map_err(|problem| {
                    not_opened(format!("a block of the Avro container {problem}"))
                })?;
            let mut rest = unpacked.as_deref().unwrap_or(block.content);
            for _ in 0..block.count {
                text.clear();
                rest = append(&schema, rest, budget, &mut text)?;
                each(&text, budget)?;
            }
            if !rest.is_empty() {
                return Err(broken("has a block with bytes after its last value"));
            }
        }
        Ok(())
    }

    fn of_container(&mut self, text: &str) -> Result<Arc<Schema>, Reject> {
        if let Some((last, schema)) = &self.last
            && last == text
        {
            return Ok(Arc::clone(schema));
        }
        let schema = Schema::parse(text).map_err(|problem| {
            refusal(
                RejectReason::UnknownSchema,
                format!("the schema in the Avro container is none: {problem}"),
            )
        })?;
        let schema = Arc::new(schema);
        self.last = Some((text.to_owned(), Arc::clone(&schema)));
        Ok(schema)
    }
}

/// Appends the text of a value, and returns what follows the value.
fn append<'b>(
    schema: &Schema,
    bytes: &'b [u8],
    budget: &mut Budget,
    text: &mut Vec<u8>,
) -> Result<&'b [u8], Reject> {
    let rest = append_value(schema, bytes, budget.left(), text);
    let rest = rest.map_err(|problem| avro(problem, budget))?;
    budget.take(text.len())?;
    Ok(rest)
}

fn codec(name: &str) -> Result<Option<Codec>, Reject> {
    match name {
        "null" => Ok(None),
        "deflate" => Ok(Some(Codec::Deflate)),
        "zstandard" => Ok(Some(Codec::Zstd)),
        other => Err(not_opened(format!(
            "the Avro container is compressed by {}, and null, deflate and zstandard are read",
            quoted(other)
        ))),
    }
}

fn avro(problem: AvroProblem, budget: &Budget) -> Reject {
    match problem {
        AvroProblem::TooLarge => budget.too_large(),
        AvroProblem::Broken(problem) => broken(problem),
    }
}

fn broken(problem: &str) -> Reject {
    not_opened(format!("the Avro value or container {problem}"))
}

fn unknown(id: Option<&str>) -> Reject {
    let detail = match id {
        Some(id) => format!(
            "the dataset has no schema with the id {}, which the content type of the event names",
            quoted(id)
        ),
        None => "the body is neither a container nor has it the mark of single-object encoding, and its content type is not avro/binary+ and the id of a schema of the dataset".to_owned(),
    };
    refusal(RejectReason::UnknownSchema, detail)
}

fn refusal(reason: RejectReason, detail: String) -> Reject {
    Reject {
        reason,
        column: None,
        position: 0,
        detail,
    }
}
