//! AMQP messages as bytes.
//!
//! A stored event is delivered without decoding it: only its message annotations are rewritten,
//! every other section is copied as it was sent.

use fe2o3_amqp_types::messaging::annotations::OwnedKey;
use fe2o3_amqp_types::messaging::{MessageAnnotations, annotations::AnnotationKey};
use fe2o3_amqp_types::primitives::{OrderedMap, Timestamp, Value};

/// Codes of sections, in the order in which sections come.
const HEADER: u8 = 0x70;
const MESSAGE_ANNOTATIONS: u8 = 0x72;
const FOOTER: u8 = 0x78;

const SEQUENCE_NUMBER: &str = "x-opt-sequence-number";
const OFFSET: &str = "x-opt-offset";
const ENQUEUED_TIME: &str = "x-opt-enqueued-time";
const PARTITION_KEY: &str = "x-opt-partition-key";

/// Bytes that are not an AMQP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed AMQP message")]
pub(super) struct Malformed;

/// The annotations that the broker adds to an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp<'a> {
    pub(super) sequence_number: i64,
    pub(super) offset: u64,
    pub(super) enqueued_ms: i64,
    pub(super) partition_key: Option<&'a str>,
}

/// Writes the message as a receiver gets it: stamped, and without the sender's transport header.
///
/// # Errors
/// Fails if `message` is not a sequence of AMQP sections.
pub(super) fn stamp(message: &[u8], stamp: Stamp<'_>, to: &mut Vec<u8>) -> Result<(), Malformed> {
    let head = Head::of(message)?;
    match head.annotations {
        // The common case needs no serde: a map with three or four entries.
        None => write_annotations(stamp, to)?,
        Some(annotations) => {
            let mut all = decode_annotations(annotations)?;
            for (key, value) in stamp_values(stamp) {
                all.insert(OwnedKey::from(key), value);
            }
            let bytes = serde_amqp::to_vec(&MessageAnnotations(all)).map_err(|_| Malformed)?;
            to.extend_from_slice(&bytes);
        }
    }
    to.extend_from_slice(head.rest);
    Ok(())
}

/// Finds the partition key in the annotations of an encoded message.
///
/// # Errors
/// Fails if `message` is not a sequence of AMQP sections.
pub(super) fn partition_key(message: &[u8]) -> Result<Option<String>, Malformed> {
    let head = Head::of(message)?;
    let Some(annotations) = head.annotations else {
        return Ok(None);
    };
    Ok(partition_key_in(&MessageAnnotations(decode_annotations(
        annotations,
    )?)))
}

/// Finds the partition key in annotations.
pub(super) fn partition_key_in(annotations: &MessageAnnotations) -> Option<String> {
    match annotations.0.get(&PARTITION_KEY as &dyn AnnotationKey)? {
        Value::String(key) => Some(key.clone()),
        Value::Symbol(key) => Some(key.0.clone()),
        _ => None,
    }
}

fn stamp_values(stamp: Stamp<'_>) -> impl Iterator<Item = (&'static str, Value)> {
    let key = stamp
        .partition_key
        .map(|key| (PARTITION_KEY, Value::String(key.to_owned())));
    [
        (SEQUENCE_NUMBER, Value::Long(stamp.sequence_number)),
        (OFFSET, Value::String(stamp.offset.to_string())),
        (
            ENQUEUED_TIME,
            Value::Timestamp(Timestamp::from(stamp.enqueued_ms)),
        ),
    ]
    .into_iter()
    .chain(key)
}

fn decode_annotations(section: &[u8]) -> Result<OrderedMap<OwnedKey, Value>, Malformed> {
    serde_amqp::from_slice::<MessageAnnotations>(section)
        .map(|it| it.0)
        .map_err(|_| Malformed)
}

fn write_annotations(stamp: Stamp<'_>, to: &mut Vec<u8>) -> Result<(), Malformed> {
    let entries: u32 = if stamp.partition_key.is_some() { 8 } else { 6 };
    to.extend_from_slice(&[0x00, 0x53, MESSAGE_ANNOTATIONS, 0xd1]);
    let size_at = to.len();
    to.extend_from_slice(&[0; 4]);
    to.extend_from_slice(&entries.to_be_bytes());
    write_text(0xa3, SEQUENCE_NUMBER, to)?;
    to.push(0x81);
    to.extend_from_slice(&stamp.sequence_number.to_be_bytes());
    write_text(0xa3, OFFSET, to)?;
    write_text(0xa1, &stamp.offset.to_string(), to)?;
    write_text(0xa3, ENQUEUED_TIME, to)?;
    to.push(0x83);
    to.extend_from_slice(&stamp.enqueued_ms.to_be_bytes());
    if let Some(key) = stamp.partition_key {
        write_text(0xa3, PARTITION_KEY, to)?;
        write_text(0xa1, key, to)?;
    }
    let size = u32::try_from(to.len() - size_at - 4).map_err(|_| Malformed)?;
    let place = to.get_mut(size_at..size_at + 4).ok_or(Malformed)?;
    place.copy_from_slice(&size.to_be_bytes());
    Ok(())
}

/// Writes a symbol (`0xa3`) or string (`0xa1`), the long form if it must be.
fn write_text(short_code: u8, text: &str, to: &mut Vec<u8>) -> Result<(), Malformed> {
    match u8::try_from(text.len()) {
        Ok(length) => to.extend_from_slice(&[short_code, length]),
        Err(_) => {
            to.push(short_code | 0x10);
            let length = u32::try_from(text.len()).map_err(|_| Malformed)?;
            to.extend_from_slice(&length.to_be_bytes());
        }
    }
    to.extend_from_slice(text.as_bytes());
    Ok(())
}

/// A message cut at its annotations.
struct Head<'a> {
    annotations: Option<&'a [u8]>,
    /// Everything after the annotations.
    rest: &'a [u8],
}

impl<'a> Head<'a> {
    fn of(message: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = message;
        let mut annotations = None;
        while let Some(code) = section_code(rest)? {
            if code > MESSAGE_ANNOTATIONS {
                break;
            }
            let length = section_length(rest)?;
            let (section, after) = rest.split_at_checked(length).ok_or(Malformed)?;
            if code == MESSAGE_ANNOTATIONS {
                annotations = Some(section);
            }
            rest = after;
        }
        Ok(Self { annotations, rest })
    }
}

/// The code of the section at the front, if there is one.
fn section_code(bytes: &[u8]) -> Result<Option<u8>, Malformed> {
    let code = match bytes {
        [] => return Ok(None),
        [0x00, 0x53, code, ..] => *code,
        [0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, code, ..] => *code,
        _ => return Err(Malformed),
    };
    let known = HEADER..=FOOTER;
    if known.contains(&code) {
        Ok(Some(code))
    } else {
        Err(Malformed)
    }
}

/// The length of a section whose value is a list or map, descriptor included.
fn section_length(bytes: &[u8]) -> Result<usize, Malformed> {
    let descriptor = if bytes.get(1) == Some(&0x80) { 10 } else { 3 };
    let value = bytes.get(descriptor..).ok_or(Malformed)?;
    let length = match value {
        [0x45, ..] => 1,
        [0xc0 | 0xc1, size, ..] => 2 + usize::from(*size),
        [0xd0 | 0xd1, a, b, c, d, ..] => {
            5 + usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).map_err(|_| Malformed)?
        }
        _ => return Err(Malformed),
    };
    Ok(descriptor + length)
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::messaging::message::__private::Serializable;
    use fe2o3_amqp_types::messaging::message::DecodeIntoMessage;
    use fe2o3_amqp_types::messaging::{
        ApplicationProperties, Batch, Body, Data, Header, Message, Properties,
    };
    use fe2o3_amqp_types::primitives::Binary;

    use super::*;

    type Any = Message<Body<Value>>;

    fn encode(message: Any) -> Vec<u8> {
        serde_amqp::to_vec(&Serializable(message)).unwrap()
    }

    fn decode(bytes: &[u8]) -> Any {
        Body::decode_message_from_reader(serde_amqp::read::SliceReader::new(bytes)).unwrap()
    }

    fn sample(annotations: Option<MessageAnnotations>) -> Any {
        let data = vec![
            Data(Binary::from(b"one".to_vec())),
            Data(Binary::from(vec![0xff; 300])),
        ];
        Message::builder()
            .header(Header {
                durable: true,
                ..Header::default()
            })
            .message_annotations(annotations)
            .properties(Properties {
                subject: Some("s".into()),
                ..Properties::default()
            })
            .application_properties(ApplicationProperties(
                [("k".to_owned(), 5i32.into())].into_iter().collect(),
            ))
            .body(Body::Data(Batch::new(data)))
            .build()
    }

    fn stamped(message: Any, partition_key: Option<&str>) -> Any {
        let mut bytes = Vec::new();
        let by = Stamp {
            sequence_number: 7,
            offset: 4096,
            enqueued_ms: 1_700,
            partition_key,
        };
        stamp(&encode(message), by, &mut bytes).unwrap();
        decode(&bytes)
    }

    fn annotation(message: &Any, key: &str) -> Option<Value> {
        message
            .message_annotations
            .as_ref()?
            .0
            .get(&key as &dyn AnnotationKey)
            .cloned()
    }

    #[test]
    fn stamping_adds_annotations_and_keeps_the_rest() {
        let own = MessageAnnotations(
            [
                (OwnedKey::from("mine"), Value::Bool(true)),
                (OFFSET.into(), Value::Bool(true)),
            ]
            .into_iter()
            .collect(),
        );
        let long_key = "k".repeat(300);
        for (annotations, key) in [
            (None, None),
            (None, Some("key")),
            (Some(own), Some(long_key.as_str())),
        ] {
            let has_own = annotations.is_some();
            let message = sample(annotations);
            let result = stamped(message.clone(), key);
            assert_eq!(result.header, None);
            assert_eq!(result.properties, message.properties);
            assert_eq!(
                result.application_properties,
                message.application_properties
            );
            assert_eq!(result.body, message.body);
            assert_eq!(annotation(&result, SEQUENCE_NUMBER), Some(Value::Long(7)));
            assert_eq!(
                annotation(&result, OFFSET),
                Some(Value::String("4096".into()))
            );
            let time = Value::Timestamp(Timestamp::from(1_700));
            assert_eq!(annotation(&result, ENQUEUED_TIME), Some(time));
            assert_eq!(
                annotation(&result, PARTITION_KEY),
                key.map(|key| Value::String(key.into()))
            );
            assert_eq!(annotation(&result, "mine").is_some(), has_own);
        }
    }

    #[test]
    fn message_without_body_is_stamped() {
        let mut bytes = Vec::new();
        let by = Stamp {
            sequence_number: 0,
            offset: 0,
            enqueued_ms: 0,
            partition_key: None,
        };
        stamp(&[], by, &mut bytes).unwrap();
        assert_eq!(decode(&bytes).body, Body::Empty);
    }

    #[test]
    fn partition_key_is_found() {
        let key = MessageAnnotations(
            [(OwnedKey::from(PARTITION_KEY), Value::String("k".into()))]
                .into_iter()
                .collect(),
        );
        assert_eq!(
            partition_key(&encode(sample(Some(key)))),
            Ok(Some("k".into()))
        );
        assert_eq!(partition_key(&encode(sample(None))), Ok(None));
    }

    #[test]
    fn other_bytes_are_malformed() {
        for bytes in [
            &b"hello"[..],
            &[0, 0x53, 0x10, 0x45],
            &[0, 0x53, 0x70],
            &[0, 0x53, 0x72, 0xc1, 9],
        ] {
            assert_eq!(partition_key(bytes), Err(Malformed), "{bytes:?}");
        }
    }
}
