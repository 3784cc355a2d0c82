//! The lines of a quarantine object: which records they are of. Pure.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::store::object::{Pick, Selection};
use crate::value::time::parse_rfc3339;

/// A rejected record, or an event that was rejected whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The line of its event in bronze, from 0.
    pub(super) line: u32,
    /// Its number in its event, from 0.
    pub(super) record: u32,
    /// Whether it is a whole event.
    pub(super) event: bool,
    pub(super) reason: String,
    pub(super) column: Option<String>,
    /// When the hub took its event, in microseconds since 1970, if the line says that as it should.
    pub(super) enqueued: Option<i64>,
    /// Its text as quarantine has it; nothing if that was left out because of a mask.
    pub(super) body: Option<Vec<u8>>,
}

#[derive(Deserialize)]
struct Line {
    line: u32,
    #[serde(default)]
    record: u32,
    #[serde(default)]
    event: bool,
    enqueued_time: String,
    reason: String,
    #[serde(default)]
    column: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    body_base64: Option<String>,
}

/// Reads an object.
///
/// # Errors
/// Fails with the number of the first line, from 1, that is none.
pub(super) fn read(content: &[u8]) -> Result<Vec<Kept>, (usize, serde_json::Error)> {
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty());
    let kept = lines.map(|(number, line)| {
        let line: Line = serde_json::from_slice(line).map_err(|error| (number + 1, error))?;
        let bytes = line.body_base64.map(|text| STANDARD.decode(text));
        Ok(Kept {
            line: line.line,
            record: line.record,
            event: line.event,
            reason: line.reason,
            column: line.column,
            enqueued: parse_rfc3339(line.enqueued_time.as_bytes()).ok(),
            body: match bytes {
                Some(bytes) => bytes.ok(),
                None => line.body.map(String::into_bytes),
            },
        })
    });
    kept.collect()
}

/// Returns the records that these are.
pub(super) fn selection(kept: &[Kept]) -> Selection {
    let mut selection = Selection::default();
    for kept in kept {
        let new = || match kept.event {
            true => Pick::Event,
            false => Pick::Records(BTreeSet::new()),
        };
        if let Pick::Records(numbers) = selection.0.entry(kept.line).or_insert_with(new) {
            numbers.insert(kept.record);
        }
    }
    selection
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_picked_by_their_place_and_events_whole() {
        let kept = read(
            br#"{"source":"a","line":2,"record":1,"enqueued_time":"1970-01-01T00:00:00.001Z","reason":"missing","column":"id","body":"{}"}
{"source":"a","line":2,"record":0,"enqueued_time":"?","reason":"missing","body_base64":"/w=="}

{"source":"a","line":7,"event":true,"enqueued_time":"","reason":"not_opened","withheld":true}
"#,
        )
        .unwrap();
        let numbers = Pick::Records([0, 1].into());
        let expected = Selection([(2, numbers), (7, Pick::Event)].into());
        assert_eq!(selection(&kept), expected);
        assert_eq!(kept[0].enqueued, Some(1_000));
        assert_eq!(kept[0].body.as_deref(), Some(&b"{}"[..]));
        assert_eq!(kept[1].body.as_deref(), Some(&b"\xff"[..]));
        assert_eq!((kept[2].enqueued, &kept[2].body), (None, &None));
        assert!(expected.0[&7].has(9) && !expected.0[&2].has(2));
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        assert_eq!(read(b"{}").unwrap_err().0, 1);
    }
}
