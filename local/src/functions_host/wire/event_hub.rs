//! The Event Hub trigger's body, cardinality many, in the shape of the extension from 6.5.2 on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::{Payload, PayloadWriter, ordered, unspecified, with_offset};
use crate::functions_host::config::DataType;

/// An event as received.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HubEvent {
    pub(crate) body: Bytes,
    pub(crate) sequence_number: i64,
    pub(crate) offset: String,
    pub(crate) enqueued_time: DateTime<Utc>,
    pub(crate) partition_key: Option<String>,
    /// Application properties in their order.
    pub(crate) properties: Vec<(String, Value)>,
    /// AMQP properties and annotations, but for the four that the fields above hold.
    pub(crate) system_properties: Vec<(String, Value)>,
}

/// Where a batch comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PartitionContext {
    pub(crate) is_checkpointing_after_invocation: bool,
    pub(crate) fully_qualified_namespace: String,
    pub(crate) event_hub_name: String,
    pub(crate) consumer_group: String,
    pub(crate) partition_id: String,
}

#[derive(Serialize)]
struct Pairs<'event>(#[serde(serialize_with = "ordered_slice")] &'event [(String, Value)]);

fn ordered_slice<S: serde::Serializer>(
    pairs: &&[(String, Value)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    ordered(pairs, serializer)
}

/// Writes the body of a batch.
///
/// # Errors
/// Fails with the host's words when bodies are to be parsed and one is not JSON.
pub(crate) fn payload(
    binding: &str,
    data_type: DataType,
    context: &PartitionContext,
    events: &[HubEvent],
) -> Result<Payload, String> {
    let column = |take: &dyn Fn(&HubEvent) -> Value| events.iter().map(take).collect::<Vec<_>>();
    let offset = |event: &HubEvent| match event.offset.parse::<i64>() {
        Ok(number) => Value::from(number.to_string()),
        Err(_) => Value::from("-1"),
    };
    let system: Vec<_> = events.iter().map(system_properties).collect();
    let properties: Vec<_> = events
        .iter()
        .map(|event| Pairs(&event.properties))
        .collect();
    let system: Vec<_> = system.iter().map(|pairs| Pairs(pairs)).collect();
    Ok(data(binding, data_type, events)?
        .object("TriggerPartitionContext", context)
        .object("PartitionContext", context)
        .text(
            "PartitionKeyArray",
            &column(&|event| Value::from(event.partition_key.clone())),
        )
        .text("OffsetArray", &column(&offset))
        .text(
            "OffsetStringArray",
            &column(&|event| Value::from(event.offset.clone())),
        )
        .text(
            "SequenceNumberArray",
            &column(&|event| Value::from(event.sequence_number)),
        )
        .text(
            "EnqueuedTimeUtcArray",
            &column(&|event| Value::from(unspecified(event.enqueued_time))),
        )
        .text("PropertiesArray", &properties)
        .text("SystemPropertiesArray", &system)
        .finish())
}

fn data(binding: &str, data_type: DataType, events: &[HubEvent]) -> Result<PayloadWriter, String> {
    let bodies = events.iter().map(|event| &event.body);
    Ok(match data_type {
        DataType::Binary => PayloadWriter::with_text(
            binding,
            &bodies.map(|body| STANDARD.encode(body)).collect::<Vec<_>>(),
        ),
        DataType::String => PayloadWriter::with_text(
            binding,
            &bodies
                .map(|body| String::from_utf8_lossy(body))
                .collect::<Vec<_>>(),
        ),
        DataType::Json => {
            let parsed: Result<Vec<Value>, _> =
                bodies.map(|body| serde_json::from_slice(body)).collect();
            let parsed = parsed.map_err(|error| {
                format!(
                    "Binding parameters to complex objects (such as 'Object') uses Json.NET serialization.\n1. Bind the parameter type as 'string' instead of 'Object' to get the raw values and avoid JSON deserialization, or\n2. Change the queue payload to be valid json. The JSON parser failed: {error}"
                )
            })?;
            PayloadWriter::with_text(binding, &parsed)
        }
    })
}

/// The received system properties, then the same values again under the extension's own names.
fn system_properties(event: &HubEvent) -> Vec<(String, Value)> {
    let mut pairs = event.system_properties.clone();
    let mut add = |key: &str, value: Value| pairs.push((key.to_owned(), value));
    let enqueued = unspecified(event.enqueued_time);
    let offset = Value::from(event.offset.clone());
    add("x-opt-sequence-number", event.sequence_number.into());
    add("x-opt-offset", offset.clone());
    add(
        "x-opt-enqueued-time",
        with_offset(event.enqueued_time).into(),
    );
    if let Some(key) = &event.partition_key {
        add("x-opt-partition-key", key.clone().into());
    }
    add("SequenceNumber", event.sequence_number.into());
    add("Offset", event.offset.parse::<i64>().unwrap_or(-1).into());
    add("OffsetString", offset);
    add("PartitionKey", event.partition_key.clone().into());
    add("EnqueuedTimeUtc", enqueued.into());
    pairs
}
