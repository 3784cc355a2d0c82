//! Events as the SDK hands them over, in plain values.

use std::time::{SystemTime, UNIX_EPOCH};

use azure_core_amqp::message::{
    AmqpAnnotationKey, AmqpMessageBody, AmqpMessageId, AmqpMessageProperties,
};
use azure_core_amqp::{AmqpSimpleValue, AmqpTimestamp, AmqpValue};
use azure_messaging_eventhubs::models::ReceivedEventData;
use base64::Engine as _;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

/// An event as it came out of a partition.
///
/// Property values are JSON, as the Functions host writes them: binary as base64, times as text in UTC, identifiers as
/// text, whatever JSON has no form for as text.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedEvent {
    /// The body, byte for byte; several data sections are joined.
    pub body: Bytes,
    /// The position in the partition's order.
    pub sequence_number: i64,
    /// The broker's opaque position.
    pub offset: String,
    /// Enqueued time, in milliseconds since 1970.
    pub enqueued_time_ms: i64,
    /// The key the producer gave, if any.
    pub partition_key: Option<String>,
    /// The producer's application properties.
    pub properties: Map<String, Value>,
    /// Standard AMQP properties (`message-id`, `content-type`, ...) and other annotations.
    pub system_properties: Map<String, Value>,
}

impl ReceivedEvent {
    /// Takes over an event; none if it lacks what every broker stamps on it.
    pub(in crate::hub_client) fn from_sdk(event: &ReceivedEventData) -> Option<Self> {
        let message = event.raw_amqp_message();
        let properties = message.application_properties.as_ref().map(|properties| {
            properties
                .0
                .iter()
                .map(|(key, value)| (key.clone(), simple_to_json(value)))
                .collect()
        });
        let mut system_properties = Map::new();
        if let Some(standard) = &message.properties {
            add_standard(&mut system_properties, standard);
        }
        for (key, value) in message
            .message_annotations
            .iter()
            .flat_map(|all| all.0.iter())
        {
            let AmqpAnnotationKey::Symbol(name) = key else {
                continue;
            };
            if !BROKER_ANNOTATIONS.contains(&name.0.as_str()) {
                system_properties.insert(name.0.clone(), to_json(value));
            }
        }
        Some(Self {
            body: body_of(&message.body),
            sequence_number: event.sequence_number()?,
            offset: event.offset().clone()?,
            enqueued_time_ms: event.enqueued_time().and_then(to_ms)?,
            partition_key: event.partition_key().clone(),
            properties: properties.unwrap_or_default(),
            system_properties,
        })
    }
}

const BROKER_ANNOTATIONS: [&str; 4] = [
    "x-opt-sequence-number",
    "x-opt-offset",
    "x-opt-enqueued-time",
    "x-opt-partition-key",
];

/// A body that is an AMQP value is taken if it is bytes or text; nothing else is bytes.
fn body_of(body: &AmqpMessageBody) -> Bytes {
    match body {
        AmqpMessageBody::Binary(sections) => match sections.as_slice() {
            [only] => Bytes::copy_from_slice(only),
            several => several.concat().into(),
        },
        AmqpMessageBody::Value(AmqpValue::Binary(bytes)) => Bytes::copy_from_slice(bytes),
        AmqpMessageBody::Value(AmqpValue::String(text)) => Bytes::copy_from_slice(text.as_bytes()),
        AmqpMessageBody::Value(other) => to_json(other).to_string().into(),
        _ => Bytes::new(),
    }
}

/// Milliseconds since 1970, negative before; none where there is no such number.
fn to_ms(time: SystemTime) -> Option<i64> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).ok(),
        Err(before) => {
            let before = i64::try_from(before.duration().as_millis()).ok()?;
            Some(-before)
        }
    }
}

fn add_standard(to: &mut Map<String, Value>, standard: &AmqpMessageProperties) {
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            to.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.clone().map(Value::String);
    // The SDK of the host holds these two with an offset, all other times without one.
    let time = |value: &Option<AmqpTimestamp>| {
        let text = value.as_ref().and_then(time_text)?;
        Some(json!(format!("{text}+00:00")))
    };
    add("message-id", standard.message_id.as_ref().map(id_to_json));
    add("user-id", standard.user_id.as_deref().map(base64_json));
    add("to", text(&standard.to));
    add("subject", text(&standard.subject));
    add("reply-to", text(&standard.reply_to));
    add(
        "correlation-id",
        standard.correlation_id.as_ref().map(id_to_json),
    );
    add(
        "content-type",
        standard.content_type.as_ref().map(|symbol| json!(symbol.0)),
    );
    add(
        "content-encoding",
        standard
            .content_encoding
            .as_ref()
            .map(|symbol| json!(symbol.0)),
    );
    add("absolute-expiry-time", time(&standard.absolute_expiry_time));
    add("creation-time", time(&standard.creation_time));
    add("group-id", text(&standard.group_id));
    add(
        "group-sequence",
        standard.group_sequence.map(|number| json!(number)),
    );
    add("reply-to-group-id", text(&standard.reply_to_group_id));
}

fn id_to_json(id: &AmqpMessageId) -> Value {
    match id {
        AmqpMessageId::String(text) => json!(text),
        AmqpMessageId::Uuid(uuid) => json!(uuid.to_string()),
        AmqpMessageId::Binary(bytes) => base64_json(bytes),
        AmqpMessageId::Ulong(number) => json!(number.to_string()),
    }
}

/// A time as .NET writes it: without zone and without trailing zeros.
fn time_text(time: &AmqpTimestamp) -> Option<String> {
    let time = DateTime::<Utc>::from_timestamp_millis(to_ms(time.0?)?)?;
    let seconds = time.format("%Y-%m-%dT%H:%M:%S");
    Some(match time.timestamp_subsec_millis() {
        0 => seconds.to_string(),
        millis => format!("{seconds}.{millis:03}")
            .trim_end_matches('0')
            .to_owned(),
    })
}

fn time_json(time: &AmqpTimestamp) -> Value {
    time_text(time).map_or(Value::Null, |text| json!(format!("{text}Z")))
}

fn base64_json(bytes: &[u8]) -> Value {
    Value::String(base64::engine::general_purpose::STANDARD.encode(bytes))
}

fn simple_to_json(value: &AmqpSimpleValue) -> Value {
    match value {
        AmqpSimpleValue::Null => Value::Null,
        AmqpSimpleValue::Boolean(value) => json!(value),
        AmqpSimpleValue::UByte(value) => json!(value),
        AmqpSimpleValue::UShort(value) => json!(value),
        AmqpSimpleValue::UInt(value) => json!(value),
        AmqpSimpleValue::ULong(value) => json!(value),
        AmqpSimpleValue::Byte(value) => json!(value),
        AmqpSimpleValue::Short(value) => json!(value),
        AmqpSimpleValue::Int(value) => json!(value),
        AmqpSimpleValue::Long(value) => json!(value),
        AmqpSimpleValue::Float(value) => json!(value),
        AmqpSimpleValue::Double(value) => json!(value),
        AmqpSimpleValue::Char(value) => json!(value.to_string()),
        AmqpSimpleValue::TimeStamp(time) => time_json(time),
        AmqpSimpleValue::Uuid(value) => json!(value.to_string()),
        AmqpSimpleValue::String(text) => json!(text),
        AmqpSimpleValue::Symbol(symbol) => json!(symbol.0),
        AmqpSimpleValue::Binary(bytes) => base64_json(bytes),
        other => Value::String(format!("{other:?}")),
    }
}

fn to_json(value: &AmqpValue) -> Value {
    match value {
        AmqpValue::Null => Value::Null,
        AmqpValue::Boolean(value) => json!(value),
        AmqpValue::UByte(value) => json!(value),
        AmqpValue::UShort(value) => json!(value),
        AmqpValue::UInt(value) => json!(value),
        AmqpValue::ULong(value) => json!(value),
        AmqpValue::Byte(value) => json!(value),
        AmqpValue::Short(value) => json!(value),
        AmqpValue::Int(value) => json!(value),
        AmqpValue::Long(value) => json!(value),
        AmqpValue::Float(value) => json!(value),
        AmqpValue::Double(value) => json!(value),
        AmqpValue::Char(value) => json!(value.to_string()),
        AmqpValue::TimeStamp(time) => time_json(time),
        AmqpValue::Uuid(value) => json!(value.to_string()),
        AmqpValue::Binary(bytes) => base64_json(bytes),
        AmqpValue::String(text) => json!(text),
        AmqpValue::Symbol(symbol) => json!(symbol.0),
        AmqpValue::Array(items) => items.iter().map(to_json).collect(),
        other => Value::String(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use azure_messaging_eventhubs::models::AmqpMessage;

    use super::*;

    #[test]
    fn times_before_1970_are_negative() {
        let second = Duration::from_secs(1);
        assert_eq!(to_ms(UNIX_EPOCH + second), Some(1_000));
        assert_eq!(to_ms(UNIX_EPOCH - second), Some(-1_000));
    }

    #[test]
    fn times_are_written_as_net_writes_them() {
        let text = |millis| {
            time_text(&AmqpTimestamp(Some(
                UNIX_EPOCH + Duration::from_millis(millis),
            )))
        };
        assert_eq!(text(0).as_deref(), Some("1970-01-01T00:00:00"));
        assert_eq!(
            text(1_763_120_674_340).as_deref(),
            Some("2025-11-14T11:44:34.34")
        );
        assert_eq!(text(10_000).as_deref(), Some("1970-01-01T00:00:10"));
        assert_eq!(time_json(&AmqpTimestamp(None)), Value::Null);
    }

    #[test]
    fn an_event_that_no_broker_has_stamped_is_none() {
        let event = ReceivedEventData::from(AmqpMessage::default());
        assert_eq!(ReceivedEvent::from_sdk(&event), None);
    }
}
