//! Lines: what bronze writes of any event is read again by its position, and any line is read as something.
//!
//! The first byte chooses; then come what the hub says of the event and what its producer says of it, each up to a zero
//! byte, and its body.

use std::borrow::Cow;

use bytes::Bytes;
use sluice::dataset::Dataset;
use sluice::event::RejectReason;
use sluice::event::SourceEvent;
use sluice::silver::trial::Fate;
use sluice::value::line::{Line, is_object};

use super::choice::Choice;
use super::fates::{NOW, dataset, event, fates, line, only, same_fates, text};
use super::json::{self, start};

const DATASET: &str = r#"
name = "fuzzed"
event_time = "at"
[dedup]
keep = "all"
[[column]]
name = "at"
type = "timestamp"
from_system = "enqueued_time"
required = true
[[column]]
name = "number"
type = "int64"
from_system = "sequence_number"
required = true
[[column]]
name = "device"
type = "json"
from_system = "iothub-connection-device-id"
[[column]]
name = "said"
type = "json"
from_property = "a"
[[column]]
name = "whole"
type = "json"
from = "$"
"#;

/// Checks an event, or a line.
pub(crate) fn check(data: &[u8]) {
    let mut choice = Choice(data);
    let is_line = choice.one(&[false, true]);
    if is_line {
        return any(choice.until(b'\n'));
    }
    let system = choice.until(0);
    let properties = choice.until(0);
    let mut event = event(choice.0, b"");
    // The host hands over objects, or nothing.
    for (given, member) in [
        (system, &mut event.system),
        (properties, &mut event.properties),
    ] {
        let is_json = is_object(given);
        assert!(
            !is_json || json::is_object(given),
            "{:?}",
            String::from_utf8_lossy(given)
        );
        if is_json {
            *member = Bytes::copy_from_slice(given);
        }
    }
    written(&event);
    read(&event);
}

/// Reads a line that nobody wrote.
fn any(text: &[u8]) {
    let line = Line::read(text);
    let is_plain = line.system.is_empty() && line.properties.is_empty();
    if !text.starts_with(b"{\"$sluice\":") {
        assert!(is_plain && line.body == text);
    }
    if !is_plain {
        let (system, properties) = (start(text, line.system), start(text, line.properties));
        assert!(system < properties, "in their order");
    }
    if let Cow::Borrowed(body) = line.body {
        assert!(is_plain && body == text || text.ends_with(&[body, b"}"].concat()));
    }
    // What a line says is one event, whatever it is written as again.
    let mut again = event(&line.body, b"");
    for (part, member) in [
        (line.system, &mut again.system),
        (line.properties, &mut again.properties),
    ] {
        if is_object(part) {
            *member = Bytes::copy_from_slice(part);
        }
    }
    written(&again);
}

/// Returns an object as it stands in a line. Between values a line break is a blank; in them there is none.
fn as_written(object: &Bytes) -> String {
    let text = String::from_utf8(object.to_vec()).unwrap();
    text.replace(['\n', '\r'], " ")
}

/// Checks that an event's line is read as that event.
fn written(event: &SourceEvent) {
    let text = line(event);
    let read = Line::read(&text);
    assert_eq!(read.body, &event.body[..], "{text:?}");
    let has_members = !event.system.is_empty() || !event.properties.is_empty();
    for (read, given) in [
        (read.system, &event.system),
        (read.properties, &event.properties),
    ] {
        let expected = match (given.is_empty(), has_members) {
            (true, true) => "{}".to_owned(),
            _ => as_written(given),
        };
        assert_eq!(String::from_utf8_lossy(read), expected, "{text:?}");
    }
}

/// Checks that columns have what came with the event, whatever its body says.
fn read(event: &SourceEvent) {
    let dataset: Dataset = dataset(DATASET);
    let good = super::fates::event(
        b"{\"good\":1}",
        b"{\"iothub-connection-device-id\":\"good\"}",
    );
    let alone = fates(&dataset, std::slice::from_ref(event));
    let tried = fates(&dataset, &[good.clone(), event.clone(), good]);
    same_fates(&alone, &tried, 1);
    for line in [0, 2] {
        let Some(Fate::Row { row }) = only(&tried, line) else {
            panic!("{tried:?}");
        };
        let device = text(&tried.values, "device", *row);
        assert_eq!(device, Some("\"good\""));
    }
    let row = match only(&tried, 1) {
        Some(Fate::Row { row }) => *row,
        Some(Fate::Quarantined(refusal)) => {
            assert_eq!(refusal.reason, RejectReason::NotAnObject);
            return;
        }
        _ => return,
    };
    let expected = |object: &Bytes, name: &str| {
        let object = as_written(object);
        let members = json::members(&object).unwrap_or_default();
        let found = members.into_iter().rev().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.to_owned())
            .filter(|value| value != "null")
    };
    let device = expected(&event.system, "iothub-connection-device-id");
    assert_eq!(text(&tried.values, "device", row), device.as_deref());
    let said = expected(&event.properties, "a");
    assert_eq!(text(&tried.values, "said", row), said.as_deref());
    let body = std::str::from_utf8(&event.body).unwrap();
    let whole = text(&tried.values, "whole", row).unwrap();
    assert_eq!(whole, body.trim_start_matches('\u{feff}').trim_ascii());
    let at = tried.values.column_by_name("at").unwrap();
    let at: &arrow_array::TimestampMicrosecondArray = at.as_any().downcast_ref().unwrap();
    assert_eq!(at.value(row), NOW.0 * 1_000);
    let number = tried.values.column_by_name("number").unwrap();
    let number: &arrow_array::Int64Array = number.as_any().downcast_ref().unwrap();
    assert_eq!(number.value(row), 1, "the second of its object");
}
