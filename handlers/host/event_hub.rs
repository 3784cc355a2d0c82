//! The Event Hub trigger's payload: base64 bodies and index-aligned metadata arrays, all of them JSON inside strings.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use super::attributes::Part;
use super::invocation::{Envelope, InvocationError, nested};
use crate::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use crate::value::time::parse_utc;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EventHubMetadata<'a> {
    #[serde(borrow)]
    sequence_number_array: Cow<'a, str>,
    #[serde(borrow)]
    enqueued_time_utc_array: Cow<'a, str>,
    #[serde(borrow)]
    properties_array: Option<Text<'a>>,
    #[serde(borrow)]
    system_properties_array: Option<Text<'a>>,
    partition_context: Option<PartitionContext>,
    trigger_partition_context: Option<PartitionContext>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartitionContext {
    partition_id: String,
}

/// A string that is borrowed where it has no escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A batch of one partition, in the order of its sequence numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventBatch {
    pub(super) partition: PartitionId,
    pub(super) events: Vec<SourceEvent>,
}

impl EventBatch {
    /// Reads the request body of a trigger with `cardinality: many` and `dataType: binary`.
    pub(super) fn parse(body: &[u8]) -> Result<Self, InvocationError> {
        let envelope = Envelope::<EventHubMetadata<'_>>::parse(body)?;
        let text = envelope.text()?;
        let bodies: Vec<Text<'_>> = nested(&text, "Data")?;
        let metadata = &envelope.metadata;
        let sequence_numbers: Vec<i64> =
            nested(&metadata.sequence_number_array, "SequenceNumberArray")?;
        let enqueued_times: Vec<Text<'_>> =
            nested(&metadata.enqueued_time_utc_array, "EnqueuedTimeUtcArray")?;
        let properties = metadata.attributes(Part::Properties, bodies.len())?;
        let system = metadata.attributes(Part::System, bodies.len())?;
        let counts = [
            bodies.len(),
            sequence_numbers.len(),
            enqueued_times.len(),
            properties.len(),
            system.len(),
        ];
        if counts.iter().any(|count| *count != bodies.len()) {
            let detail = format!(
                "{counts:?} events, sequence numbers, enqueued times, properties and system properties"
            );
            return Err(InvocationError::Part {
                part: "Metadata",
                detail,
            });
        }

        let contents = decode_bodies(&bodies)?;
        let times = enqueued_times.iter().map(|time| enqueued_time(&time.0));
        let events = contents.into_iter().zip(sequence_numbers).zip(times);
        let events = events.zip(system.into_iter().zip(properties));
        let events = events.map(|(((body, number), enqueued_time), (system, properties))| {
            Ok(SourceEvent {
                body,
                system,
                properties,
                sequence_number: SequenceNumber(number),
                enqueued_time: enqueued_time?,
            })
        });
        Ok(Self {
            partition: metadata.partition()?,
            events: events.collect::<Result<_, _>>()?,
        })
    }
}

impl EventHubMetadata<'_> {
    /// Reads what came with each of `events` events; without an array, nothing came.
    fn attributes(&self, part: Part, events: usize) -> Result<Vec<Bytes>, InvocationError> {
        let text = match part {
            Part::Properties => &self.properties_array,
            Part::System => &self.system_properties_array,
        };
        match text {
            Some(text) => part.read(&text.0),
            None => Ok(vec![Bytes::new(); events]),
        }
    }

    fn partition(&self) -> Result<PartitionId, InvocationError> {
        let context = self
            .partition_context
            .as_ref()
            .or(self.trigger_partition_context.as_ref());
        let id = context.map(|context| PartitionId(context.partition_id.clone()));
        let is_plain = |id: &PartitionId| {
            !id.0.is_empty() && id.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        id.filter(is_plain).ok_or_else(|| InvocationError::Part {
            part: "PartitionContext",
            detail: "a PartitionId of letters, digits and - is needed".to_owned(),
        })
    }
}

/// Decodes all bodies into one buffer that they share.
fn decode_bodies(bodies: &[Text<'_>]) -> Result<Vec<Bytes>, InvocationError> {
    let capacity = bodies.iter().map(|body| body.0.len() / 4 * 3 + 3).sum();
    let mut buffer = BytesMut::zeroed(capacity);
    let mut decoded = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.iter().enumerate() {
        let length = STANDARD
            .decode_slice(body.0.as_bytes(), &mut buffer)
            .map_err(|error| {
                let detail = format!(
                    "event {index}: {error}; function.json must have \"dataType\": \"binary\""
                );
                InvocationError::Part {
                    part: "Data",
                    detail,
                }
            })?;
        decoded.push(buffer.split_to(length).freeze());
    }
    Ok(decoded)
}

/// Reads a time such as `2026-11-22T10:00:00.123`: UTC without a zone, which is how the host writes it.
fn enqueued_time(text: &str) -> Result<UnixMillis, InvocationError> {
    let micros = parse_utc(text.as_bytes()).map_err(|_| InvocationError::Part {
        part: "EnqueuedTimeUtcArray",
        detail: format!("{text:?} is no time"),
    })?;
    Ok(UnixMillis(micros.div_euclid(1_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(events: &str, numbers: &str, times: &str) -> String {
        serde_json::json!({
            "Data": { "events": events },
            "Metadata": {
                "PartitionContext": { "PartitionId": "3" },
                "SequenceNumberArray": numbers,
                "EnqueuedTimeUtcArray": times,
            }
        })
        .to_string()
    }

    #[test]
    fn bodies_and_their_places_come_out_of_the_strings() {
        let body = request(
            r#"["eyJhIjoxfQ==","","//4AAQ=="]"#,
            "[7,8,9]",
            r#"["2026-11-22T10:00:00.123","2026-11-22T10:00:01","2026-11-22T10:00:01.4567891"]"#,
        );
        let batch = EventBatch::parse(body.as_bytes()).unwrap();
        let bodies: Vec<&[u8]> = batch
            .events
            .iter()
            .map(|event| event.body.as_ref())
            .collect();
        assert_eq!(bodies, [&b"{\"a\":1}"[..], b"", b"\xff\xfe\0\x01"]);
        assert_eq!(batch.partition, PartitionId("3".into()));
        assert_eq!(batch.events[1].sequence_number, SequenceNumber(8));
        let times: Vec<i64> = batch
            .events
            .iter()
            .map(|e| e.enqueued_time.0 % 10_000)
            .collect();
        assert_eq!(times, [123, 1_000, 1_456]);
        assert!(batch.events.iter().all(|e| e.system.is_empty()));
    }

    #[test]
    fn what_came_with_an_event_comes_out_of_the_strings() {
        let body = serde_json::json!({
            "Data": { "events": r#"["e30=","e30="]"# },
            "Metadata": {
                "PartitionContext": { "PartitionId": "3" },
                "SequenceNumberArray": "[7,8]",
                "EnqueuedTimeUtcArray": r#"["2026-11-22T10:00:00","2026-11-22T10:00:00"]"#,
                "PropertiesArray": r#"[{},{"source":"a\"b"}]"#,
                "SystemPropertiesArray": r#"[{"iothub-connection-device-id":"d1","SequenceNumber":7,"PartitionKey":null},{"x-opt-offset":"4"}]"#,
            }
        });
        let batch = EventBatch::parse(body.to_string().as_bytes()).unwrap();
        let came: Vec<_> = batch
            .events
            .iter()
            .map(|event| (event.system.as_ref(), event.properties.as_ref()))
            .collect();
        let device = r#"{"iothub-connection-device-id":"d1"}"#.as_bytes();
        let source = r#"{"source":"a\"b"}"#.as_bytes();
        assert_eq!(came, [(device, &b""[..]), (&b""[..], source)]);
    }

    #[test]
    fn arrays_of_other_lengths_are_refused() {
        for (name, array) in [
            ("PropertiesArray", "[{},{}]"),
            ("SystemPropertiesArray", "[]"),
            ("SystemPropertiesArray", "{}"),
        ] {
            let times = r#"["2026-11-22T10:00:00"]"#;
            let request = request(r#"["e30="]"#, "[1]", times);
            let mut body: serde_json::Value = serde_json::from_str(&request).unwrap();
            body["Metadata"][name] = array.into();
            let error = EventBatch::parse(body.to_string().as_bytes());
            assert!(
                error
                    .unwrap_err()
                    .to_string()
                    .to_lowercase()
                    .contains("properties")
            );
        }
    }

    #[test]
    fn what_does_not_fit_together_is_an_error_that_names_the_part() {
        let cases = [
            (request(r#"["e30="]"#, "[]", "[]"), "Metadata"),
            (
                request(r#"[{"a":1}]"#, "[1]", r#"["2026-11-22T10:00:00"]"#),
                "Data",
            ),
            (
                request(r#"["{}"]"#, "[1]", r#"["2026-11-22T10:00:00"]"#),
                "dataType",
            ),
            (
                request(r#"["e30="]"#, "[1]", r#"["noon"]"#),
                "EnqueuedTimeUtcArray",
            ),
            (
                request(r#"["e30="]"#, "[true]", r#"["2026-11-22T10:00:00"]"#),
                "SequenceNumberArray",
            ),
            ("{}".to_owned(), "JSON"),
        ];
        for (body, part) in cases {
            let error = EventBatch::parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{error} should name {part}");
        }
    }
}
