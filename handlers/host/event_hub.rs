//! The Event Hub trigger's payload: base64 bodies and index-aligned metadata arrays, all of them JSON inside strings.

use std::borrow::Cow;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeSliceError, Engine};
use base64_simd::AsOut;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;

use super::attributes::Part;
use super::escaped::Escaped;
use super::invocation::{InvocationError, nested};
use crate::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use crate::value::json::{Scanner, SyntaxError};
use crate::value::time::parse_utc;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartitionContext {
    partition_id: String,
}

/// The strings of a request that are read, as they stand in it.
#[derive(Debug, Default)]
struct Parts<'a> {
    data: Option<Escaped<'a>>,
    sequence_numbers: Option<Escaped<'a>>,
    enqueued_times: Option<Escaped<'a>>,
    properties: Option<Escaped<'a>>,
    system: Option<Escaped<'a>>,
    context: Option<&'a [u8]>,
    /// A part that is there and is no array in a string: nothing may be lost for it.
    malformed: Option<&'static str>,
}

impl<'a> Parts<'a> {
    fn of(body: &'a [u8]) -> Result<Self, InvocationError> {
        let mut parts = Self::default();
        // What is kept of it is looked at when it is read.
        let read = Scanner::new(body, true).and_then(|mut scanner| {
            members(body, &mut scanner, |name, scanner| match name {
                b"Data" => members(body, scanner, |_, scanner| {
                    match Escaped::take(scanner) {
                        Some(data) => parts.data = Some(data),
                        None => scanner.value().map(drop)?,
                    }
                    Ok(())
                }),
                b"Metadata" => members(body, scanner, |name, scanner| {
                    parts.take_metadata(body, name, scanner)
                }),
                _ => scanner.value().map(drop),
            })
        });
        match read {
            Ok(()) => match parts.malformed {
                Some(name) => Err(no_array(name)),
                None => Ok(parts),
            },
            Err(SyntaxError { at, message }) => Err(InvocationError::Syntax { at, message }),
        }
    }

    fn take_metadata(
        &mut self,
        body: &'a [u8],
        name: &[u8],
        scanner: &mut Scanner<'a>,
    ) -> Result<(), SyntaxError> {
        let (part, name) = match name {
            b"SequenceNumberArray" => (&mut self.sequence_numbers, "SequenceNumberArray"),
            b"EnqueuedTimeUtcArray" => (&mut self.enqueued_times, "EnqueuedTimeUtcArray"),
            b"PropertiesArray" => (&mut self.properties, "PropertiesArray"),
            b"SystemPropertiesArray" => (&mut self.system, "SystemPropertiesArray"),
            b"PartitionContext" | b"TriggerPartitionContext" => {
                self.context = Some(scanner.value()?.raw(body));
                return Ok(());
            }
            _ => {
                // The host's other arrays are not looked at.
                if !name.ends_with(b"Array") || Escaped::take(scanner).is_none() {
                    scanner.value()?;
                }
                return Ok(());
            }
        };
        *part = Escaped::take(scanner);
        if part.is_none() {
            self.malformed = Some(name);
            scanner.value()?;
        }
        Ok(())
    }

    /// Returns a part that every request has.
    fn required(
        part: Option<Escaped<'a>>,
        name: &'static str,
    ) -> Result<Escaped<'a>, InvocationError> {
        part.ok_or_else(|| no_array(name))
    }

    /// Reads what came with each of `events` events; without an array, nothing came.
    fn attributes(&self, part: Part, events: usize) -> Result<Vec<Bytes>, InvocationError> {
        let text = match part {
            Part::Properties => self.properties,
            Part::System => self.system,
        };
        match text {
            Some(text) => part.read(text),
            None => Ok(vec![Bytes::new(); events]),
        }
    }

    fn partition(&self) -> Result<PartitionId, InvocationError> {
        let context = self.context.map(serde_json::from_slice::<PartitionContext>);
        let id = context.and_then(Result::ok);
        let id = id.map(|context| PartitionId(context.partition_id));
        let is_plain = |id: &PartitionId| {
            !id.0.is_empty() && id.0.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        id.filter(is_plain).ok_or_else(|| InvocationError::Part {
            part: "PartitionContext",
            detail: "a PartitionId of letters, digits and - is needed".to_owned(),
        })
    }
}

/// Moves over an object; `member` moves over each value.
fn members<'a>(
    text: &'a [u8],
    scanner: &mut Scanner<'a>,
    mut member: impl FnMut(&'a [u8], &mut Scanner<'a>) -> Result<(), SyntaxError>,
) -> Result<(), SyntaxError> {
    scanner.skip_blanks();
    if !scanner.eat(b'{') {
        return scanner.fail("expected an object");
    }
    scanner.skip_blanks();
    if scanner.eat(b'}') {
        return Ok(());
    }
    loop {
        scanner.skip_blanks();
        if !scanner.eat(b'"') {
            return scanner.fail("expected a field name in quotes");
        }
        let name = scanner.string()?.quoted(text);
        scanner.colon()?;
        member(name, scanner)?;
        scanner.skip_blanks();
        if scanner.eat(b'}') {
            return Ok(());
        }
        if !scanner.eat(b',') {
            return scanner.fail("expected a comma or the end of the object");
        }
    }
}

fn no_array(part: &'static str) -> InvocationError {
    InvocationError::Part {
        part,
        detail: "an array in a string is needed".to_owned(),
    }
}

/// A batch of one partition, in the order of its sequence numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventBatch {
    pub(super) partition: PartitionId,
    pub(super) events: Vec<SourceEvent>,
}

impl EventBatch {
    /// Reads the request body of a trigger with `cardinality: many` and `dataType: binary`.
    pub(super) fn parse(body: &[u8]) -> Result<Self, InvocationError> {
        let parts = Parts::of(body)?;
        let data = Parts::required(parts.data, "Data")?;
        let numbers = Parts::required(parts.sequence_numbers, "SequenceNumberArray")?;
        let times = Parts::required(parts.enqueued_times, "EnqueuedTimeUtcArray")?;
        let contents = texts(data, "Data", decode_bodies)?;
        let enqueued_times = texts(times, "EnqueuedTimeUtcArray", read_times)?;
        let sequence_numbers = match numbers.numbers() {
            Some(numbers) => numbers,
            None => {
                let part = "SequenceNumberArray";
                nested(&numbers.decoded(part)?, part)?
            }
        };
        let properties = parts.attributes(Part::Properties, contents.len())?;
        let system = parts.attributes(Part::System, contents.len())?;
        let counts = [
            contents.len(),
            sequence_numbers.len(),
            enqueued_times.len(),
            properties.len(),
            system.len(),
        ];
        if counts.iter().any(|count| *count != contents.len()) {
            let detail = format!(
                "{counts:?} events, sequence numbers, enqueued times, properties and system properties"
            );
            return Err(InvocationError::Part {
                part: "Metadata",
                detail,
            });
        }

        let events = contents.into_iter().zip(sequence_numbers);
        let events = events.zip(enqueued_times);
        let events = events.zip(system.into_iter().zip(properties));
        let events =
            events.map(
                |(((body, number), enqueued_time), (system, properties))| SourceEvent {
                    body,
                    system,
                    properties,
                    sequence_number: SequenceNumber(number),
                    enqueued_time,
                },
            );
        Ok(Self {
            partition: parts.partition()?,
            events: events.collect(),
        })
    }
}

/// Reads an array of strings, whatever form it has.
fn texts<T>(
    text: Escaped<'_>,
    part: &'static str,
    read: impl Fn(&[&[u8]]) -> Result<T, InvocationError>,
) -> Result<T, InvocationError> {
    if let Some(texts) = text.texts() {
        return read(&texts);
    }
    let decoded = text.decoded(part)?;
    let texts: Vec<Cow<'_, str>> = nested(&decoded, part)?;
    let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    read(&texts)
}

/// Decodes all bodies into one buffer that they share.
fn decode_bodies(bodies: &[&[u8]]) -> Result<Vec<Bytes>, InvocationError> {
    let capacity = bodies.iter().map(|body| body.len() / 4 * 3 + 3).sum();
    let mut buffer = BytesMut::zeroed(capacity);
    let mut decoded = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.iter().enumerate() {
        let length = decode(body, &mut buffer).map_err(|error| {
            let detail =
                format!("event {index}: {error}; function.json must have \"dataType\": \"binary\"");
            InvocationError::Part {
                part: "Data",
                detail,
            }
        })?;
        decoded.push(buffer.split_to(length).freeze());
    }
    Ok(decoded)
}

/// Decodes a body to the start of `buffer` and returns its length. What the fast decoder refuses, the other one names.
fn decode(body: &[u8], buffer: &mut [u8]) -> Result<usize, DecodeSliceError> {
    match base64_simd::STANDARD.decode(body, buffer.as_out()) {
        Ok(decoded) => Ok(decoded.len()),
        Err(_) => STANDARD.decode_slice(body, buffer),
    }
}

/// Reads times such as `2026-11-22T10:00:00.123`: UTC without a zone, which is how the host writes them.
fn read_times(texts: &[&[u8]]) -> Result<Vec<UnixMillis>, InvocationError> {
    let mut times = Vec::with_capacity(texts.len());
    // Events that came together have one time.
    let mut last: (&[u8], UnixMillis) = (&[], UnixMillis(0));
    for text in texts {
        if *text != last.0 || text.is_empty() {
            let micros = parse_utc(text).map_err(|_| InvocationError::Part {
                part: "EnqueuedTimeUtcArray",
                detail: format!("{:?} is no time", String::from_utf8_lossy(text)),
            })?;
            last = (text, UnixMillis(micros.div_euclid(1_000)));
        }
        times.push(last.1);
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_body_is_decoded_as_rfc_4648_says(
            body in prop::collection::vec(prop::sample::select(&b"AQgwZz09+/-_=\n"[..]), 0..90),
        ) {
            let mut buffer = vec![0; body.len() + 3];
            let decoded = decode(&body, &mut buffer).map(|length| buffer[..length].to_vec());
            prop_assert_eq!(decoded.ok(), STANDARD.decode(&body).ok());
        }
    }

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
            ("PropertiesArray", "[{}] "),
            ("PropertiesArray", "[{},"),
        ] {
            let times = r#"["2026-11-22T10:00:00"]"#;
            let request = request(r#"["e30="]"#, "[1]", times);
            let mut body: serde_json::Value = serde_json::from_str(&request).unwrap();
            body["Metadata"][name] = array.into();
            let error = EventBatch::parse(body.to_string().as_bytes());
            // A string that does not end as an array does reaches into what follows, which is then missed.
            assert!(error.is_err(), "{name}: {array}");
        }
    }

    #[test]
    fn a_partition_that_could_lead_elsewhere_is_refused() {
        let body = request(r#"["e30="]"#, "[1]", r#"["2026-11-22T10:00:00"]"#);
        for id in ["", "..", "../1", "a/b", "a\\b", "1\0", "%2e", "é", "1 "] {
            let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
            body["Metadata"]["PartitionContext"]["PartitionId"] = id.into();
            let error = EventBatch::parse(body.to_string().as_bytes()).unwrap_err();
            assert!(
                error.to_string().contains("PartitionContext"),
                "{id:?}: {error}"
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
            ("{}".to_owned(), "Data"),
            ("{\"Data\":{}".to_owned(), "JSON"),
        ];
        for (body, part) in cases {
            let error = EventBatch::parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{error} should name {part}");
        }
    }
}
