//! AMQP messages as bytes.
//!
//! A stored event is delivered without decoding it: only its annotations are rewritten, every other section is copied as
//! it was sent.

mod map;
mod normal;
mod plain;
mod section;

use super::encoding;
use map::MapWriter;
pub(super) use normal::normal;
pub(super) use section::Malformed;
use section::{
    APPLICATION_PROPERTIES, DATA, DELIVERY_ANNOTATIONS, FOOTER, MESSAGE_ANNOTATIONS, PROPERTIES,
    Section,
};

const SEQUENCE_NUMBER: &str = "x-opt-sequence-number";
const OFFSET: &str = "x-opt-offset";
const ENQUEUED_TIME: &str = "x-opt-enqueued-time";
const PARTITION_KEY: &str = "x-opt-partition-key";

/// What the broker adds to an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp<'a> {
    pub(super) sequence_number: i64,
    pub(super) offset: u64,
    pub(super) enqueued_ms: i64,
    pub(super) partition_key: Option<&'a str>,
    /// How far the partition is, for a receiver that wants to know.
    pub(super) last_enqueued: Option<LastEnqueued>,
    /// Whether the receiver decodes simple property values only, and no footer.
    pub(super) plain_properties: bool,
}

/// The newest event of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastEnqueued {
    pub(super) sequence_number: i64,
    pub(super) offset: u64,
    pub(super) enqueued_ms: i64,
    /// When this was looked up.
    pub(super) retrieved_ms: i64,
}

/// Makes the message of a body, which says of what type it is.
pub(super) fn of_body(content_type: Option<&str>, body: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(body.len() + 128);
    // The type is the seventh property, and none of those before it is there. A longer one than a list takes is left out.
    let kind = content_type.and_then(|kind| Some((kind, u8::try_from(kind.len()).ok()?)));
    if let Some((kind, length)) = kind
        && let Some(size) = length.checked_add(9)
    {
        message.extend([0x00, 0x53, PROPERTIES, 0xc0, size, 7]);
        message.extend([encoding::NULL; 6]);
        message.extend([0xa3, length]);
        message.extend(kind.as_bytes());
    }
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    message.extend([0x00, 0x53, DATA, 0xb0]);
    message.extend(length.to_be_bytes());
    message.extend(body);
    message
}

/// Writes the message as a receiver gets it: stamped, and without the sender's transport header.
///
/// # Errors
/// Fails if `message` is not a sequence of AMQP sections.
pub(super) fn stamp(message: &[u8], stamp: Stamp<'_>, to: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut rest = message;
    let mut own = None;
    while let Some((section, after)) = Section::split(rest)? {
        if section.code > MESSAGE_ANNOTATIONS {
            break;
        }
        if section.code == MESSAGE_ANNOTATIONS {
            own = Some(section);
        }
        rest = after;
    }
    if let Some(last) = stamp.last_enqueued {
        write_last_enqueued(last, to)?;
    }
    write_annotations(own, stamp, to)?;
    if !stamp.plain_properties {
        to.extend_from_slice(rest);
        return Ok(());
    }
    for section in Section::all(rest)? {
        match section.code {
            APPLICATION_PROPERTIES => plain::write(&section, to)?,
            // Some clients write keys of footers as strings, and the SDK for Rust decodes symbols only.
            FOOTER => {}
            _ => to.extend_from_slice(section.bytes),
        }
    }
    Ok(())
}

/// Finds the partition key in the annotations of an encoded message.
///
/// # Errors
/// Fails if `message` is not a sequence of AMQP sections.
pub(super) fn partition_key(mut message: &[u8]) -> Result<Option<&str>, Malformed> {
    while let Some((section, rest)) = Section::split(message)? {
        if section.code == MESSAGE_ANNOTATIONS {
            let mut entries = section.entries()?.into_iter();
            let key = entries.find(|(key, _)| encoding::text(key) == Some(PARTITION_KEY));
            return Ok(key.and_then(|(_, value)| encoding::text(value)));
        }
        if section.code > MESSAGE_ANNOTATIONS {
            break;
        }
        message = rest;
    }
    Ok(None)
}

/// The encoded messages in the body of a batch.
///
/// # Errors
/// Fails if the batch has another body than data sections.
pub(super) fn batched(batch: &[u8]) -> Result<Vec<&[u8]>, Malformed> {
    let sections = Section::all(batch)?;
    // Some envelopes have a footer as well.
    let bodies = sections
        .iter()
        .filter(|section| (DATA..FOOTER).contains(&section.code));
    let messages = bodies.map(|section| match section.code {
        DATA => encoding::binary(section.value).ok_or(Malformed("a data section is not binary")),
        _ => Err(Malformed("a batch has something else than data sections")),
    });
    messages.collect()
}

/// The body of an encoded message: all of its data sections, one after the other.
///
/// # Errors
/// Fails if `message` is not a sequence of AMQP sections.
pub(super) fn body(message: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut body = Vec::new();
    for section in Section::all(message)? {
        if section.code == DATA {
            let data = encoding::binary(section.value);
            body.extend_from_slice(data.ok_or(Malformed("a data section is not binary"))?);
        }
    }
    Ok(body)
}

fn write_last_enqueued(last: LastEnqueued, to: &mut Vec<u8>) -> Result<(), Malformed> {
    let mut map = MapWriter::begin(DELIVERY_ANNOTATIONS, to);
    map.symbol("last_enqueued_sequence_number")?
        .long(last.sequence_number);
    map.symbol("last_enqueued_offset")?
        .string(&last.offset.to_string())?;
    map.symbol("last_enqueued_time_utc")?
        .timestamp(last.enqueued_ms);
    map.symbol("runtime_info_retrieval_time_utc")?
        .timestamp(last.retrieved_ms);
    map.end()
}

fn write_annotations(
    own: Option<Section<'_>>,
    stamp: Stamp<'_>,
    to: &mut Vec<u8>,
) -> Result<(), Malformed> {
    let mut map = MapWriter::begin(MESSAGE_ANNOTATIONS, to);
    if let Some(own) = own {
        for (key, value) in own.entries()? {
            // The broker's are the broker's, but a key is the sender's if the broker knows of none.
            let is_brokers = match encoding::text(key) {
                Some(SEQUENCE_NUMBER | OFFSET | ENQUEUED_TIME) => true,
                Some(PARTITION_KEY) => stamp.partition_key.is_some(),
                _ => false,
            };
            if !is_brokers {
                map.entry(key, value);
            }
        }
    }
    map.symbol(SEQUENCE_NUMBER)?.long(stamp.sequence_number);
    map.symbol(OFFSET)?.string(&stamp.offset.to_string())?;
    map.symbol(ENQUEUED_TIME)?.timestamp(stamp.enqueued_ms);
    if let Some(key) = stamp.partition_key {
        map.symbol(PARTITION_KEY)?.string(key)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::messaging::annotations::{AnnotationKey, OwnedKey};
    use fe2o3_amqp_types::messaging::message::__private::Serializable;
    use fe2o3_amqp_types::messaging::message::DecodeIntoMessage;
    use fe2o3_amqp_types::messaging::{
        ApplicationProperties, Batch, Body, Data, Header, Message, MessageAnnotations, Properties,
    };
    use fe2o3_amqp_types::primitives::{Binary, Timestamp, Value};

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

    fn by() -> Stamp<'static> {
        Stamp {
            sequence_number: 7,
            offset: 4096,
            enqueued_ms: 1_700,
            partition_key: None,
            last_enqueued: None,
            plain_properties: false,
        }
    }

    fn stamped(message: Any, partition_key: Option<&str>) -> Any {
        let mut bytes = Vec::new();
        let by = Stamp {
            partition_key,
            ..by()
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
        stamp(&[], by(), &mut bytes).unwrap();
        assert_eq!(decode(&bytes).body, Body::Empty);
    }

    #[test]
    fn partition_key_is_found() {
        let key = MessageAnnotations(
            [(OwnedKey::from(PARTITION_KEY), Value::String("k".into()))]
                .into_iter()
                .collect(),
        );
        assert_eq!(partition_key(&encode(sample(Some(key)))), Ok(Some("k")));
        assert_eq!(partition_key(&encode(sample(None))), Ok(None));
    }

    #[test]
    fn a_receiver_that_asks_hears_how_far_the_partition_is() {
        let last = LastEnqueued {
            sequence_number: 9,
            offset: 8192,
            enqueued_ms: 1_800,
            retrieved_ms: 1_900,
        };
        let mut bytes = Vec::new();
        let by = Stamp {
            last_enqueued: Some(last),
            ..by()
        };
        stamp(&encode(sample(None)), by, &mut bytes).unwrap();
        let message = decode(&bytes);
        let told = message.delivery_annotations.as_ref().unwrap();
        for (key, expected) in [
            ("last_enqueued_sequence_number", Value::Long(9)),
            ("last_enqueued_offset", Value::String("8192".into())),
            (
                "last_enqueued_time_utc",
                Value::Timestamp(Timestamp::from(1_800)),
            ),
            (
                "runtime_info_retrieval_time_utc",
                Value::Timestamp(Timestamp::from(1_900)),
            ),
        ] {
            assert_eq!(
                told.0.get(&key as &dyn AnnotationKey),
                Some(&expected),
                "{key}"
            );
        }
        assert_eq!(annotation(&message, SEQUENCE_NUMBER), Some(Value::Long(7)));
    }

    #[test]
    fn a_batch_holds_the_messages_of_its_data_sections() {
        let batch = encode(sample(None));
        assert_eq!(batched(&batch).unwrap(), [&b"one"[..], &[0xff; 300]]);
        assert_eq!(batched(&[]).unwrap(), Vec::<&[u8]>::new());
        let footer = [0, 0x53, 0x78, 0xc1, 1, 0];
        assert_eq!(batched(&[&batch[..], &footer].concat()).unwrap().len(), 2);
        assert!(batched(&[0, 0x53, 0x77, 0x40]).is_err());
    }
}
