//! Messages that hold several events: an array of them, or an object with one field that is such an array. Pure.

use bytes::Bytes;
use serde_json::value::RawValue;
use sluice::value::path::Segment;

use super::fields::{Fields, MARK};

/// The events inside of messages.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Records {
    /// Where they are in a message, as the dataset file says it.
    pub(in super::super) path: String,
    /// The field that is the array; nothing where a message is one.
    pub(in super::super) field: Option<String>,
    pub(in super::super) events: Vec<Bytes>,
    /// Messages that hold none.
    pub(in super::super) without: u64,
}

/// A share of messages that may be without records: one in fifty.
const WITHOUT: u64 = 50;

impl Records {
    /// Finds the events in messages, at most `most`, if nearly all messages have an array of objects at one place.
    pub(in super::super) fn of(messages: &[Bytes], most: usize) -> Option<Self> {
        let first = messages
            .iter()
            .find_map(|message| places(message).into_iter().next())?;
        let mut records = Self {
            path: match &first {
                None => "$[*]".to_owned(),
                Some(name) => format!("${}[*]", Segment::Name(name.clone())),
            },
            field: first,
            events: Vec::new(),
            without: 0,
        };
        for message in messages {
            match elements(message, records.field.as_deref()) {
                Some(elements) => {
                    let left = most.saturating_sub(records.events.len());
                    records.events.extend(elements.into_iter().take(left));
                }
                None => records.without += 1,
            }
        }
        let is_rare = records.without * WITHOUT <= messages.len() as u64;
        (is_rare && !records.events.is_empty()).then_some(records)
    }
}

/// Returns where in a message arrays of objects are: in itself (nothing), or in fields.
fn places(message: &[u8]) -> Vec<Option<String>> {
    let message = message.strip_prefix(MARK).unwrap_or(message);
    if objects(message).is_some() {
        return vec![None];
    }
    let Ok(Fields(fields)) = serde_json::from_slice::<Fields<'_>>(message) else {
        return Vec::new();
    };
    let fields = fields.into_iter();
    let found = fields.filter(|(_, value)| objects(value.get().as_bytes()).is_some());
    found.map(|(name, _)| Some(name)).collect()
}

fn elements(message: &[u8], name: Option<&str>) -> Option<Vec<Bytes>> {
    let message = message.strip_prefix(MARK).unwrap_or(message);
    let Some(name) = name else {
        return objects(message);
    };
    let Fields(fields) = serde_json::from_slice(message).ok()?;
    let mut fields = fields.into_iter().rev();
    let (_, value) = fields.find(|(other, _)| other == name)?;
    objects(value.get().as_bytes())
}

/// Returns the elements of an array of objects that is not empty.
fn objects(text: &[u8]) -> Option<Vec<Bytes>> {
    if !text.trim_ascii_start().starts_with(b"[") {
        return None;
    }
    let elements: Vec<&RawValue> = serde_json::from_slice(text).ok()?;
    let is_object = |element: &&RawValue| element.get().starts_with('{');
    if elements.is_empty() || !elements.iter().all(is_object) {
        return None;
    }
    let elements = elements.into_iter();
    Some(
        elements
            .map(|element| Bytes::copy_from_slice(element.get().as_bytes()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(messages: &[&str]) -> Option<Records> {
        let messages: Vec<Bytes> = messages
            .iter()
            .map(|message| Bytes::copy_from_slice(message.as_bytes()))
            .collect();
        Records::of(&messages, 100)
    }

    #[test]
    fn events_are_found_in_an_array_or_in_a_field() {
        for (message, path) in [
            (r#"[{"a": 1}, {"a": 2}]"#, "$[*]"),
            (
                r#"{"count": 2, "records": [{"a": 1}, {"a": 2}]}"#,
                "$.records[*]",
            ),
            (
                r#"{"my records": [{"a": 1}, {"a": 2}]}"#,
                "$['my records'][*]",
            ),
        ] {
            let records = of(&[message, message]).unwrap();
            assert_eq!((records.path.as_str(), records.events.len()), (path, 4));
            assert_eq!(records.events[1], &br#"{"a": 2}"#[..]);
        }
    }

    #[test]
    fn other_messages_hold_none() {
        for message in [
            r#"{"a": 1}"#,
            "[]",
            "[1, 2]",
            r#"{"a": [1]}"#,
            "nonsense",
            "[",
        ] {
            assert_eq!(of(&[message]), None, "{message}");
        }
        assert_eq!(of(&[r#"[{"a": 1}]"#, r#"{"a": 1}"#]), None, "half of them");
    }
}
