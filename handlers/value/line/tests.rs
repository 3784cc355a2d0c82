use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::event::{SequenceNumber, UnixMillis};

fn event(body: &[u8], system: &str, properties: &str) -> SourceEvent {
    SourceEvent {
        system: Bytes::copy_from_slice(system.as_bytes()),
        properties: Bytes::copy_from_slice(properties.as_bytes()),
        ..SourceEvent::plain(
            Bytes::copy_from_slice(body),
            SequenceNumber(1),
            UnixMillis(1),
        )
    }
}

fn line_of(event: &SourceEvent) -> Vec<u8> {
    let mut lines = Vec::new();
    append_line(event, &mut lines);
    lines
}

fn plain(body: &[u8]) -> Vec<u8> {
    line_of(&event(body, "", ""))
}

#[test]
fn json_that_nothing_came_with_stays_as_it_is_byte_for_byte() {
    assert_eq!(plain(b"{ \"a\":1.0 }"), b"{ \"a\":1.0 }\n");
}

#[test]
fn a_body_that_cannot_be_a_line_is_wrapped() {
    let wrapped = b"{\"$sluice\":\"base64\",\"data\":\"\"}\n";
    assert_eq!(plain(b""), wrapped);
    for body in [
        &b"a\nb"[..],
        b"a\r",
        b"\xff\xfe",
        b"{\"$sluice\":1}",
        BASE64,
        EVENT,
    ] {
        assert!(plain(body).starts_with(BASE64), "{body:?}");
    }
}

#[test]
fn what_came_with_an_event_stands_before_its_body() {
    let line = line_of(&event(b" {\"a\":1} ", "{\"device\":\"d1\"}", ""));
    let expected = "{\"$sluice\":\"event\",\"system\":{\"device\":\"d1\"},\"properties\":{},\"body\": {\"a\":1} }\n";
    assert_eq!(String::from_utf8(line).unwrap(), expected);
    let line = line_of(&event(b"no JSON", "", "{\"k\":\r\n1}"));
    let expected = "{\"$sluice\":\"event\",\"system\":{},\"properties\":{\"k\":  1},\"data\":\"bm8gSlNPTg==\"}\n";
    assert_eq!(String::from_utf8(line).unwrap(), expected);
}

#[test]
fn a_body_stands_as_it_came_only_if_it_is_one_json_value() {
    for (body, is_value) in [
        (&b"1"[..], true),
        (b" null\t", true),
        (b"{\"$sluice\":\"event\"}", true),
        (b"", false),
        (b" ", false),
        (b"1,\"system\":{\"device\":\"other\"}", false),
        (b"{}}", false),
        (b"{} {}", false),
        (b"{\"a\":1,}", false),
        (b"{\"a\":\n1}", false),
        (b"1\r", false),
        (b"\xef\xbb\xbf{}", false),
        (b"\"\xff\"", false),
        (b"NaN", false),
    ] {
        let line = line_of(&event(body, "{\"s\":1}", ""));
        let data = memchr::memmem::find(&line, DATA);
        assert_eq!(data.is_none(), is_value, "{body:?}");
    }
}

#[test]
fn a_line_by_hand_that_only_starts_like_a_wrapped_one_is_its_own_body() {
    for odd in [
        "{\"$sluice\":\"base64\",\"data\":\"%%\"}",
        "{\"$sluice\":\"event\"}",
        "{\"$sluice\":\"event\",\"system\":{},\"body\":1}",
        "{\"$sluice\":\"event\",\"system\":[],\"properties\":{},\"body\":1}",
        "{\"$sluice\":\"event\",\"system\":{},\"properties\":{,\"body\":1}",
        "{\"$sluice\":\"event\",\"system\":{},\"properties\":{},\"body\":1} ",
        "{\"$sluice\":\"event\",\"system\":{},\"properties\":{} ,\"body\":1}",
        "{\"$sluice\":\"event\",\"system\":{},\"properties\":{},\"data\":\"%\"}",
        "{\"$sluice\":\"event\",\"properties\":{},\"system\":{},\"body\":1}",
        "{\"$sluice\": \"event\",\"system\":{},\"properties\":{},\"body\":1}",
    ] {
        assert_eq!(Line::read(odd.as_bytes()), Line::plain(odd.as_bytes()));
    }
}

/// Any body, among them those that imitate a wrapper or its end.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "{\"$sluice\":\"event\",\"system\":",
        "{\"$sluice\":\"base64\",\"data\":\"",
        "{\"$sluice\":\"times\",\"enqueued_ms\":[",
        "{}",
        ",\"properties\":",
        ",\"body\":",
        ",\"data\":\"",
        "\"}",
        "}",
        "1",
        "[",
        "]",
        "\"",
        "\\",
        "\n",
        "\r\n",
        " ",
        "\u{feff}",
        "é",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        ".*".prop_map(String::into_bytes),
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
        value().prop_map(|value| value.to_string().into_bytes()),
        value().prop_map(|value| serde_json::to_vec_pretty(&value).unwrap()),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|tail| [MARKER, &tail].concat()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4)
                .prop_map(|fields| fields.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "body|data|system|properties|\\$sluice"]
}

/// The text of any object, or nothing; written in either way.
fn members() -> impl Strategy<Value = String> {
    let fields = prop::collection::vec((name(), value()), 0..4);
    (fields, 0..3).prop_map(|(fields, form)| {
        let object = Value::from(fields.into_iter().collect::<Map<_, _>>());
        match form {
            0 => String::new(),
            1 => object.to_string(),
            _ => serde_json::to_string_pretty(&object).unwrap(),
        }
    })
}

fn json(text: &[u8]) -> Value {
    match text {
        b"" => Value::Object(Map::new()),
        text => serde_json::from_slice(text).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_line_restores_any_event_byte_for_byte_b3(body in body(), system in members(), properties in members()) {
        let line = line_of(&event(&body, &system, &properties));
        let (last, text) = line.split_last().unwrap();
        prop_assert_eq!(*last, b'\n');
        prop_assert!(!has_line_break(text));
        prop_assert!(std::str::from_utf8(text).is_ok());
        let read = Line::read(text);
        prop_assert_eq!(read.body.as_ref(), &body[..]);
        prop_assert_eq!(json(read.system), json(system.as_bytes()));
        prop_assert_eq!(json(read.properties), json(properties.as_bytes()));
        for (read, written) in [(read.system, &system), (read.properties, &properties)] {
            if !written.is_empty() && !has_line_break(written.as_bytes()) {
                prop_assert_eq!(read, written.as_bytes());
            }
        }
        // Whoever reads the line without Sluice finds JSON, and the body where it stood.
        if !system.is_empty() || !properties.is_empty() {
            let whole = json(text);
            prop_assert_eq!(&whole["system"], &json(system.as_bytes()));
            if let Some(found) = whole.get("body") {
                prop_assert_eq!(found, &json(&body));
            }
        }
        prop_assert!(times::Times::split(&line).1.is_none());
    }

    #[test]
    fn no_line_makes_the_reader_panic(line in body()) {
        let read = Line::read(&line);
        prop_assert!(read.body.len() <= line.len());
    }
}
