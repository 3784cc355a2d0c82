//! The Event Hub trigger's body, cardinality many, in the shape of the extension from 6.5.2 on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{Payload, PayloadWriter, ordered, unspecified};
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

/// The partition that a batch comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PartitionContext {
    pub(crate) is_checkpointing_after_invocation: bool,
    pub(crate) fully_qualified_namespace: String,
    pub(crate) event_hub_name: String,
    pub(crate) consumer_group: String,
    pub(crate) partition_id: String,
}

/// More than one event needs in a body besides its own bytes, for a body to be written without moving it around.
const EVENT_OVERHEAD: usize = 512;

/// One value for each event, written as an array without an array being made.
struct Column<'batch, F> {
    events: &'batch [HubEvent],
    take: F,
}

impl<'batch, T: Serialize, F: Fn(&'batch HubEvent) -> T> Serialize for Column<'batch, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.events.iter().map(&self.take))
    }
}

/// Application properties.
struct Properties<'batch>(&'batch HubEvent);

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ordered(&self.0.properties, serializer)
    }
}

/// The received system properties, then the same values again under the extension's own names.
struct SystemProperties<'batch> {
    event: &'batch HubEvent,
    enqueued: &'batch str,
}

impl Serialize for SystemProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { event, enqueued } = *self;
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in &event.system_properties {
            map.serialize_entry(key, value)?;
        }
        map.serialize_entry("x-opt-sequence-number", &event.sequence_number)?;
        map.serialize_entry("x-opt-offset", &event.offset)?;
        map.serialize_entry("x-opt-enqueued-time", &format_args!("{enqueued}+00:00"))?;
        if let Some(key) = &event.partition_key {
            map.serialize_entry("x-opt-partition-key", key)?;
        }
        map.serialize_entry("SequenceNumber", &event.sequence_number)?;
        // Offsets of geo-replicated hubs are no numbers.
        map.serialize_entry("Offset", &event.offset.parse::<i64>().unwrap_or(-1))?;
        map.serialize_entry("OffsetString", &event.offset)?;
        map.serialize_entry("PartitionKey", &event.partition_key)?;
        map.serialize_entry("EnqueuedTimeUtc", enqueued)?;
        map.end()
    }
}

/// The system properties of a batch. Events that came together have one time, which is written out once.
struct AllSystemProperties<'batch>(&'batch [HubEvent]);

impl Serialize for AllSystemProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;

        let mut texts = Times::default();
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for event in self.0 {
            let enqueued = texts.of(event.enqueued_time);
            sequence.serialize_element(&SystemProperties { event, enqueued })?;
        }
        sequence.end()
    }
}

/// The enqueued times of a batch.
struct EnqueuedTimes<'batch>(&'batch [HubEvent]);

impl Serialize for EnqueuedTimes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;

        let mut texts = Times::default();
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for event in self.0 {
            sequence.serialize_element(texts.of(event.enqueued_time))?;
        }
        sequence.end()
    }
}

/// The text of the last time.
#[derive(Default)]
struct Times {
    time: DateTime<Utc>,
    text: String,
}

impl Times {
    fn of(&mut self, time: DateTime<Utc>) -> &str {
        if self.text.is_empty() || self.time != time {
            self.time = time;
            self.text = unspecified(time);
        }
        &self.text
    }
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
    let offset = |event: &HubEvent| match event.offset.parse::<i64>() {
        Ok(number) => number.to_string(),
        Err(_) => "-1".to_owned(),
    };
    let keys = Column {
        events,
        take: |event: &'_ HubEvent| event.partition_key.clone(),
    };
    let strings = Column {
        events,
        take: |event: &'_ HubEvent| event.offset.clone(),
    };
    let offsets = Column {
        events,
        take: offset,
    };
    let numbers = Column {
        events,
        take: |event: &HubEvent| event.sequence_number,
    };
    let properties = Column {
        events,
        take: Properties,
    };
    Ok(data(binding, data_type, events)?
        .object("TriggerPartitionContext", context)
        .object("PartitionContext", context)
        .text("PartitionKeyArray", &keys)
        .text("OffsetArray", &offsets)
        .text("OffsetStringArray", &strings)
        .text("SequenceNumberArray", &numbers)
        .text("EnqueuedTimeUtcArray", &EnqueuedTimes(events))
        .text("PropertiesArray", &properties)
        .text("SystemPropertiesArray", &AllSystemProperties(events))
        .finish())
}

fn data(binding: &str, data_type: DataType, events: &[HubEvent]) -> Result<PayloadWriter, String> {
    let bytes = |event: &HubEvent| event.body.len() * 4 / 3 + EVENT_OVERHEAD;
    let size = events.iter().map(bytes).sum();
    Ok(match data_type {
        DataType::Binary => {
            let take = |event: &HubEvent| STANDARD.encode(&event.body);
            PayloadWriter::with_text(binding, &Column { events, take }, size)
        }
        DataType::String => {
            let take = |event: &HubEvent| String::from_utf8_lossy(&event.body).into_owned();
            PayloadWriter::with_text(binding, &Column { events, take }, size)
        }
        DataType::Json => {
            let bodies = events.iter().map(|event| &event.body);
            let parsed: Result<Vec<Value>, _> =
                bodies.map(|body| serde_json::from_slice(body)).collect();
            let parsed = parsed.map_err(|error| {
                format!(
                    "Binding parameters to complex objects (such as 'Object') uses Json.NET serialization.\n1. Bind the parameter type as 'string' instead of 'Object' to get the raw values and avoid JSON deserialization, or\n2. Change the queue payload to be valid json. The JSON parser failed: {error}"
                )
            })?;
            PayloadWriter::with_text(binding, &parsed, size)
        }
    })
}
