//! The event of a line: the line itself, or what a line of bronze holds, with what came with it. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value};
use sluice::value::line::Line;
use sluice_local::hub_client::OutgoingEvent;

/// Returns the event of a line. A line whose members nobody can read, which only a number beyond all doubles makes, is
/// its own body.
pub(super) fn outgoing(line: &Bytes) -> OutgoingEvent {
    wrapped(line).unwrap_or_else(|| line.clone().into())
}

fn wrapped(text: &Bytes) -> Option<OutgoingEvent> {
    let line = Line::read(text);
    Some(OutgoingEvent {
        body: match line.body {
            Cow::Borrowed(body) => text.slice_ref(body),
            Cow::Owned(body) => body.into(),
        },
        properties: members(line.properties)?,
        system_properties: members(line.system)?,
    })
}

/// Reads an object, or nothing.
fn members(text: &[u8]) -> Option<Map<String, Value>> {
    match text {
        [] => Some(Map::new()),
        text => serde_json::from_slice(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &'static str) -> OutgoingEvent {
        outgoing(&Bytes::from_static(line.as_bytes()))
    }

    #[test]
    fn a_line_of_bronze_is_the_event_that_it_holds() {
        let event = of(
            r#"{"$sluice":"event","system":{"content-type":"a/b"},"properties":{"site":"north","n":1},"body": {"a": NaN}}"#,
        );
        assert_eq!(event.body, &br#" {"a": NaN}"#[..]);
        assert_eq!(event.properties["site"], "north");
        assert_eq!(event.properties["n"], 1);
        assert_eq!(event.system_properties["content-type"], "a/b");
        let bytes = of(r#"{"$sluice":"base64","data":"/w=="}"#);
        assert_eq!(bytes, Bytes::from_static(b"\xff").into());
    }

    #[test]
    fn any_other_line_is_its_own_body() {
        for line in [
            "{\"a\":1}",
            "",
            "{\"$sluice\":1}",
            "{\"$sluice\":\"event\",\"system\":{}}",
        ] {
            assert_eq!(
                of(line),
                Bytes::from_static(line.as_bytes()).into(),
                "{line}"
            );
        }
        let beyond = r#"{"$sluice":"event","system":{},"properties":{"a":1e999},"body":1}"#;
        assert_eq!(of(beyond).body, beyond);
    }
}
