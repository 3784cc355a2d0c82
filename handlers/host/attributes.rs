//! What came with each event of a batch: its application properties and what the hub says of it.
//!
//! Both arrive as one JSON array in a string, an object an event. What is kept is copied as it was written: nothing is
//! parsed and written again, so that numbers, escapes and the order of members stay what the host wrote.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::escaped::{Escaped, Keep};
use super::invocation::{InvocationError, nested};
use crate::value::json::escape::encode;
use crate::value::json::token::Kind;
use crate::value::json::{Scanner, SyntaxError};
use crate::value::line::is_object;

/// Returns whether a name is of what the event's place says already, or one of the host's own (its later versions have an
/// `OffsetString` too) that say once more what annotations say.
#[inline]
fn is_dropped(name: &[u8]) -> bool {
    matches!(
        name,
        b"x-opt-sequence-number"
            | b"x-opt-offset"
            | b"x-opt-enqueued-time"
            | b"SequenceNumber"
            | b"Offset"
            | b"OffsetString"
            | b"EnqueuedTimeUtc"
            | b"PartitionKey"
    )
}

/// Returns whether it is worth the comparison.
#[inline]
fn starts_like_dropped(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'x' | b'S' | b'O' | b'E' | b'P'))
}

/// The member that holds the text of an object that the strict scanner refuses: one that is nested too deep. Otherwise
/// it would hold up its partition for ever.
const UNREADABLE: &[u8] = b"{\"$unreadable\":";

/// Which of the objects an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What the producer says: kept as it is.
    Properties,
    /// What the hub says: without what the event's place says, and without nulls.
    System,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Self::Properties => "PropertiesArray",
            Self::System => "SystemPropertiesArray",
        }
    }

    #[inline]
    fn keeps(self, name: &[u8]) -> bool {
        self == Self::Properties || !(starts_like_dropped(name) && is_dropped(name))
    }

    /// Reads an array of objects: what is kept of each, nothing where nothing is left.
    pub(super) fn read(self, text: Escaped<'_>) -> Result<Vec<Bytes>, InvocationError> {
        let mut kept = Kept::default();
        let keep = Keep {
            name: &|name| self.keeps(name),
            skips_nulls: self == Self::System,
        };
        match text.objects(&keep, &mut kept.text, &mut kept.ends) {
            Some(()) => Ok(kept.into_each()),
            None => self.read_decoded(&text.decoded(self.name())?),
        }
    }

    /// As [`Self::read`], whatever form the array has.
    fn read_decoded(self, text: &str) -> Result<Vec<Bytes>, InvocationError> {
        let mut kept = Kept::default();
        if self.read_all(text.as_bytes(), &mut kept).is_err() {
            kept = Kept::default();
            for object in nested::<Vec<&RawValue>>(text, self.name())? {
                self.read_one(object.get().as_bytes(), &mut kept);
            }
        }
        Ok(kept.into_each())
    }

    fn read_all(self, text: &[u8], kept: &mut Kept) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(text, true)?;
        scanner.skip_blanks();
        if !scanner.eat(b'[') {
            return scanner.fail("is no array");
        }
        scanner.skip_blanks();
        let mut is_open = !scanner.eat(b']');
        while is_open {
            scanner.skip_blanks();
            self.read_object(text, &mut scanner, &mut kept.text)?;
            kept.end();
            scanner.skip_blanks();
            is_open = !scanner.eat(b']');
            if is_open && !scanner.eat(b',') {
                return scanner.fail("expected a comma or the end of the array");
            }
        }
        scanner.skip_blanks();
        match scanner.at_end() {
            true => Ok(()),
            false => scanner.fail("text after the end of the array"),
        }
    }

    fn read_one(self, text: &[u8], kept: &mut Kept) {
        let start = kept.text.len();
        let read = Scanner::new(text, true)
            .and_then(|mut scanner| self.read_object(text, &mut scanner, &mut kept.text));
        if read.is_err() {
            kept.text.truncate(start);
            kept.text.extend_from_slice(UNREADABLE);
            encode(text, &mut kept.text);
            kept.text.push(b'}');
        }
        kept.end();
    }

    /// Appends what is kept of an object.
    fn read_object(
        self,
        text: &[u8],
        scanner: &mut Scanner<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), SyntaxError> {
        if !scanner.eat(b'{') {
            return scanner.fail("is no object");
        }
        scanner.skip_blanks();
        if scanner.eat(b'}') {
            return Ok(());
        }
        let start = out.len();
        let mut is_flat = true;
        loop {
            scanner.skip_blanks();
            if !scanner.eat(b'"') {
                return scanner.fail("expected a field name in quotes");
            }
            let name = scanner.string()?;
            scanner.colon()?;
            let value = scanner.value()?;
            let is_null = self == Self::System && value.kind == Kind::Null;
            if !is_null && self.keeps(name.quoted(text)) {
                is_flat &= value.kind != Kind::Container;
                out.push(if out.len() == start { b'{' } else { b',' });
                out.extend_from_slice(name.raw(text));
                out.push(b':');
                out.extend_from_slice(value.raw(text));
            }
            scanner.skip_blanks();
            if scanner.eat(b'}') {
                break;
            }
            if !scanner.eat(b',') {
                return scanner.fail("expected a comma or the end of the object");
            }
        }
        if out.len() > start {
            out.push(b'}');
        }
        // Together with the object around it, a value may be nested too deep.
        match is_flat || out.get(start..).is_some_and(is_object) {
            true => Ok(()),
            false => scanner.fail("is nested too deep"),
        }
    }
}

/// What is kept of one object after the other, in one buffer.
#[derive(Default)]
struct Kept {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Kept {
    fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    fn into_each(self) -> Vec<Bytes> {
        let text = Bytes::from(self.text);
        let mut start = 0;
        let each = self.ends.into_iter().map(|end| match start == end {
            true => Bytes::new(),
            false => text.slice(std::mem::replace(&mut start, end)..end),
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    use super::*;

    fn read(part: Part, text: &str) -> Vec<String> {
        let decoded = part.read_decoded(text).unwrap();
        let quoted = serde_json::to_string(text).unwrap();
        let mut scanner = Scanner::new(quoted.as_bytes(), true).unwrap();
        if let Some(escaped) = Escaped::take(&mut scanner) {
            assert_eq!(part.read(escaped).unwrap(), decoded, "{text}");
        }
        let read = decoded.into_iter();
        read.map(|object| String::from_utf8(object.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn what_the_place_of_an_event_says_is_left_out_and_so_are_nulls() {
        let text = r#"[
            {"content-type":"application/json","x-opt-sequence-number":100,"x-opt-offset":"4","x-opt-enqueued-time":"2026-11-22T10:00:00.123+00:00","x-opt-partition-key":"k1","SequenceNumber":100,"Offset":4,"OffsetString":"4","PartitionKey":"k1","EnqueuedTimeUtc":"2026-11-22T10:00:00.123"},
            {"x-opt-sequence-number":101,"correlation-id":null,"PartitionKey":null},
            { "n" : 1.50 , "nested" : { "a" : [ null ] } },
            {}
        ]"#;
        let expected = [
            r#"{"content-type":"application/json","x-opt-partition-key":"k1"}"#,
            "",
            r#"{"n":1.50,"nested":{ "a" : [ null ] }}"#,
            "",
        ];
        assert_eq!(read(Part::System, text), expected);
    }

    #[test]
    fn application_properties_are_all_kept() {
        let text = r#"[{"Offset":"mine","null":null,"\u0061":"\u00e9"},{},{"b":1e3}]"#;
        let expected = [
            r#"{"Offset":"mine","null":null,"\u0061":"\u00e9"}"#,
            "",
            r#"{"b":1e3}"#,
        ];
        assert_eq!(read(Part::Properties, text), expected);
        assert_eq!(read(Part::Properties, " [ ] "), Vec::<String>::new());
    }

    #[test]
    fn what_is_nested_too_deep_is_kept_as_text_and_costs_no_other_event() {
        for levels in [126, 127, 128, 200] {
            let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            let text = format!(r#"[{{"a":1}},{{"deep":{deep}}},{{"b":2}}]"#);
            for part in [Part::Properties, Part::System] {
                let found = read(part, &text);
                assert_eq!(
                    (found[0].as_str(), found[2].as_str()),
                    (r#"{"a":1}"#, r#"{"b":2}"#)
                );
                assert!(is_object(found[1].as_bytes()));
                let object: Map<String, Value> = match levels {
                    126 => continue,
                    _ => serde_json::from_str(&found[1]).unwrap(),
                };
                assert_eq!(object["$unreadable"], format!(r#"{{"deep":{deep}}}"#));
            }
        }
    }

    #[test]
    fn what_is_no_array_of_objects_is_an_error_that_names_the_part() {
        for text in ["", "{}", "[", "[{]", "[{}", "[{}] x", "[{\"a\"}]"] {
            let error = Part::System.read_decoded(text).unwrap_err().to_string();
            assert!(error.contains("SystemPropertiesArray"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn properties_that_serde_json_writes_are_read_byte_for_byte(
            objects in prop::collection::vec(prop::collection::hash_map(any::<String>(), any::<String>(), 0..4), 0..5),
        ) {
            let text = serde_json::to_string(&objects).unwrap();
            let found = read(Part::Properties, &text);
            for (found, object) in found.iter().zip(&objects) {
                let expected = if object.is_empty() { String::new() } else { serde_json::to_string(object).unwrap() };
                prop_assert_eq!(found, &expected);
            }
            prop_assert_eq!(found.len(), objects.len());
        }
    }
}
