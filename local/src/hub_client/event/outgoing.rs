//! Events as they are sent, in plain values: the way back from [`ReceivedEvent`](super::ReceivedEvent).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_core_amqp::message::{AmqpApplicationProperties, AmqpMessageProperties};
use azure_core_amqp::{AmqpSimpleValue, AmqpTimestamp, AmqpValue};
use azure_messaging_eventhubs::models::{AmqpMessage, EventData};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::DateTime;
use serde_json::{Map, Value};

/// An event to be sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutgoingEvent {
    /// The body, byte for byte.
    pub body: Bytes,
    /// The producer's application properties: simple values; what is none is sent as its JSON text.
    pub properties: Map<String, Value>,
    /// Standard AMQP properties (`content-type`, `correlation-id`, ...) and other annotations. What only a broker says of
    /// an event (its place, its time, its partition key) is not sent.
    pub system_properties: Map<String, Value>,
}

impl From<Bytes> for OutgoingEvent {
    fn from(body: Bytes) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }
}

impl OutgoingEvent {
    /// Returns how many bytes it takes in a message, but for what every message takes: those of its body, and about those of
    /// what goes beside it.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let maps = [&self.properties, &self.system_properties];
        let members = maps.into_iter().flatten();
        let beside: usize = members
            .map(|(name, value)| name.len() + value.to_string().len() + MEMBER_OVERHEAD)
            .sum();
        self.body.len() + beside
    }

    /// Returns the message of it.
    pub(in crate::hub_client) fn to_sdk(&self) -> AmqpMessage {
        let mut message = AmqpMessage::from(EventData::from(self.body.to_vec()));
        if !self.properties.is_empty() {
            let mut properties = AmqpApplicationProperties::new();
            for (name, value) in &self.properties {
                properties.insert(name.clone(), simple(value));
            }
            message.application_properties = Some(properties);
        }
        let mut standard = AmqpMessageProperties::default();
        let mut is_standard = false;
        for (name, value) in &self.system_properties {
            if set_standard(&mut standard, name, value) {
                is_standard = true;
            } else if !name.starts_with(OF_THE_BROKER) {
                message.add_message_annotation(name.as_str().into(), annotation(value));
            }
        }
        if is_standard {
            message.properties = Some(standard);
        }
        message
    }
}

/// What a name and a value take beside their text.
const MEMBER_OVERHEAD: usize = 10;
/// How the names of annotations begin that a broker gives a meaning.
const OF_THE_BROKER: &str = "x-opt-";

/// Sets a standard property; tells whether it is one whose value can be set.
fn set_standard(standard: &mut AmqpMessageProperties, name: &str, value: &Value) -> bool {
    let text = || value.as_str().map(str::to_owned);
    match name {
        "message-id" => standard.message_id = text().map(Into::into),
        "user-id" => standard.user_id = text().and_then(|text| STANDARD.decode(text).ok()),
        "to" => standard.to = text(),
        "subject" => standard.subject = text(),
        "reply-to" => standard.reply_to = text(),
        "correlation-id" => standard.correlation_id = text().map(Into::into),
        "content-type" => standard.content_type = text().map(Into::into),
        "content-encoding" => standard.content_encoding = text().map(Into::into),
        "absolute-expiry-time" => standard.absolute_expiry_time = time(value),
        "creation-time" => standard.creation_time = time(value),
        "group-id" => standard.group_id = text(),
        "group-sequence" => {
            standard.group_sequence = value.as_u64().and_then(|number| number.try_into().ok());
        }
        "reply-to-group-id" => standard.reply_to_group_id = text(),
        _ => return false,
    }
    true
}

fn time(value: &Value) -> Option<AmqpTimestamp> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    let millis = time.timestamp_millis();
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time: Option<SystemTime> = match millis < 0 {
        true => UNIX_EPOCH.checked_sub(distance),
        false => UNIX_EPOCH.checked_add(distance),
    };
    Some(AmqpTimestamp(Some(time?)))
}

fn simple(value: &Value) -> AmqpSimpleValue {
    match value {
        Value::Null => AmqpSimpleValue::Null,
        Value::Bool(value) => AmqpSimpleValue::Boolean(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), _, _) => AmqpSimpleValue::Long(number),
            (_, Some(number), _) => AmqpSimpleValue::ULong(number),
            (_, _, Some(number)) => AmqpSimpleValue::Double(number),
            _ => AmqpSimpleValue::String(number.to_string()),
        },
        Value::String(text) => AmqpSimpleValue::String(text.clone()),
        Value::Array(_) | Value::Object(_) => AmqpSimpleValue::String(value.to_string()),
    }
}

fn annotation(value: &Value) -> AmqpValue {
    match simple(value) {
        AmqpSimpleValue::Boolean(value) => AmqpValue::Boolean(value),
        AmqpSimpleValue::Long(number) => AmqpValue::Long(number),
        AmqpSimpleValue::ULong(number) => AmqpValue::ULong(number),
        AmqpSimpleValue::Double(number) => AmqpValue::Double(number),
        AmqpSimpleValue::String(text) => AmqpValue::String(text),
        _ => AmqpValue::Null,
    }
}

#[cfg(test)]
mod tests {
    use azure_messaging_eventhubs::models::ReceivedEventData;
    use serde_json::json;

    use super::*;
    use crate::hub_client::ReceivedEvent;

    fn map(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            other => panic!("{other}"),
        }
    }

    /// The event as it comes out of a partition.
    fn received(event: &OutgoingEvent) -> ReceivedEvent {
        let mut message = event.to_sdk();
        message.add_message_annotation("x-opt-sequence-number".into(), 7_i64);
        message.add_message_annotation("x-opt-offset".into(), "9");
        let enqueued = AmqpTimestamp(Some(UNIX_EPOCH + Duration::from_millis(5)));
        message.add_message_annotation("x-opt-enqueued-time".into(), enqueued);
        ReceivedEvent::from_sdk(&ReceivedEventData::from(message)).unwrap()
    }

    #[test]
    fn what_is_sent_beside_a_body_arrives_as_it_was() {
        let event = OutgoingEvent {
            body: Bytes::from_static(b"\xff{}"),
            properties: map(json!({
                "text": "\u{e9}", "number": -7, "large": u64::MAX, "share": 0.5, "is": true, "none": null,
            })),
            system_properties: map(json!({
                "content-type": "application/json", "content-encoding": "gzip", "correlation-id": "c",
                "message-id": "m", "subject": "s", "user-id": "/w==", "group-sequence": 3,
                "creation-time": "2025-11-20T08:00:00.12+00:00",
                "iothub-connection-device-id": "boiler-7", "iothub-count": 2,
            })),
        };
        let received = received(&event);
        assert_eq!(received.body, event.body);
        assert_eq!(received.properties, event.properties);
        assert_eq!(received.system_properties, event.system_properties);
    }

    #[test]
    fn what_a_broker_says_is_not_sent_and_nested_values_are_text() {
        let event = OutgoingEvent {
            properties: map(json!({"list": [1, {"a": 2}]})),
            system_properties: map(json!({"x-opt-partition-key": "k", "x-opt-offset": "1"})),
            ..OutgoingEvent::default()
        };
        let received = received(&event);
        assert_eq!(received.partition_key, None);
        assert_eq!(received.offset, "9");
        assert_eq!(
            Value::Object(received.properties),
            json!({"list": "[1,{\"a\":2}]"})
        );
    }
}
