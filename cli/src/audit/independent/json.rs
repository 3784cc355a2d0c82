//! JSON by its text: what is a value, and what stands in one. By means of `serde_json`, and of nothing that silver reads
//! with.

use std::fmt;

use serde::Deserializer;
use serde::de::{Deserialize, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use sluice::value::path::Segment;

/// How deep values may be nested.
const DEEPEST: usize = 128;

/// What some senders put before UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns whether a text holds nothing but blanks, after a byte order mark if it begins with one.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    are_blanks(text.strip_prefix(MARK).unwrap_or(text))
}

/// Returns whether a text holds nothing but blanks.
pub(super) fn are_blanks(text: &[u8]) -> bool {
    text.iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
}

/// Returns a text as one, if it is one JSON value and nothing else, as silver takes it.
pub(super) fn value(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    is_plain(text.as_bytes()).then_some(text)
}

/// Returns whether a text, which is JSON, is nested no deeper than it may be, and has no half of a surrogate pair.
fn is_plain(text: &[u8]) -> bool {
    let (mut depth, mut is_in_string) = (0_usize, false);
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => is_in_string = !is_in_string,
            b'\\' => match surrogates(text.get(at..).unwrap_or_default()) {
                None => return false,
                Some(length) => {
                    bytes.nth(length - 2);
                }
            },
            b'{' | b'[' if !is_in_string => depth += 1,
            b'}' | b']' if !is_in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}

/// Returns how many bytes an escape has, a pair of surrogates being one; nothing if it is half of a pair.
fn surrogates(text: &[u8]) -> Option<usize> {
    let unit = |text: &[u8]| {
        let digits = text.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match unit(text) {
        None => Some(2),
        Some(0xDC00..=0xDFFF) => None,
        Some(0xD800..=0xDBFF) => {
            let low = unit(text.get(6..)?)?;
            matches!(low, 0xDC00..=0xDFFF).then_some(12)
        }
        Some(_) => Some(6),
    }
}

/// Returns what is at a path in a text that is a value. Of members of one name the last counts, and where the case of ASCII
/// letters is ignored, one that is written exactly so before any other.
pub(super) fn at<'t>(text: &'t str, path: &[Segment], ignore_case: bool) -> Option<&'t str> {
    let text = serde_json::from_str::<&RawValue>(text).ok()?.get();
    let Some((segment, rest)) = path.split_first() else {
        return Some(text);
    };
    let found = match segment {
        Segment::Name(name) if text.starts_with('{') => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let last = |is_it: &dyn Fn(&str) -> bool| {
                let mut members = members.iter().rev();
                members.find(|(own, _)| is_it(own)).map(|(_, value)| *value)
            };
            let exact = last(&|own| own == name);
            exact.or_else(|| match ignore_case {
                true => last(&|own| own.eq_ignore_ascii_case(name)),
                false => None,
            })?
        }
        Segment::Index(index) if text.starts_with('[') => {
            let index = usize::try_from(*index).ok()?;
            elements(text)?.get(index).copied()?
        }
        _ => return None,
    };
    at(found, rest, ignore_case)
}

/// Returns the elements of a text that is an array.
pub(super) fn elements(text: &str) -> Option<Vec<&str>> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    Some(elements.into_iter().map(RawValue::get).collect())
}

/// The members of an object, all of them.
struct Members<'t>(Vec<(String, &'t str)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// Returns a text in which a NaN and what is infinite, with quotes or without, is null, but for names of members.
pub(super) fn finite(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(byte) = rest.first() {
        let (length, is_name) = match byte {
            b'"' => {
                let length = string_length(rest);
                let after = rest.get(length..).unwrap_or_default().trim_ascii_start();
                (length, after.starts_with(b":"))
            }
            byte if is_of_word(*byte) => {
                let end = rest.iter().position(|byte| !is_of_word(*byte));
                (end.unwrap_or(rest.len()), false)
            }
            _ => (1, true),
        };
        let (word, after) = rest.split_at(length.min(rest.len()));
        let content = word
            .strip_prefix(b"\"")
            .map_or(Some(word), |content| content.strip_suffix(b"\""));
        match content.is_some_and(is_no_number) && !is_name {
            true => out.extend_from_slice(b"null"),
            false => out.extend_from_slice(word),
        }
        rest = after;
    }
    out
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-._".contains(&byte) || !byte.is_ascii()
}

fn is_no_number(word: &[u8]) -> bool {
    let unsigned = word.strip_prefix(b"-").or(word.strip_prefix(b"+"));
    word == b"NaN" || [&b"Infinity"[..], b"nan", b"inf"].contains(&unsigned.unwrap_or(word))
}

/// Returns the length of the string that a text begins with, quotes included; that of the text if it has no end.
fn string_length(text: &[u8]) -> usize {
    let mut bytes = text.iter().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return at + 1,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use sluice::value::path::FieldPath;

    use super::*;

    #[test]
    fn a_value_is_what_silver_takes_for_one() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let (deepest, deeper) = (nested(DEEPEST), nested(DEEPEST + 1));
        for (text, expected) in [
            (" {\"a\": [1e999, \"\\ud83d\\ude00 \\\\ud800 [\"]} ", true),
            (&deepest, true),
            (&deeper, false),
            ("\"\\ud83d\"", false),
            ("\"\\ude00\\ud83d\"", false),
            ("[1] 2", false),
            ("01", false),
            ("\u{feff}1", false),
            ("", false),
        ] {
            assert_eq!(value(text.as_bytes()).is_some(), expected, "{text}");
        }
        assert_eq!(value(b"\"\xff\""), None);
    }

    #[test]
    fn a_path_leads_to_the_last_member_of_its_name() {
        let text =
            r#" {"A": 0, "a": {"b": [1, {"c": "x"}]}, "a": {"b": [1, {"\u0063": "y"}]}, "aA": 2} "#;
        for (path, ignore_case, expected) in [
            ("$.a.b[1].c", false, Some("\"y\"")),
            ("$.a.b[2]", false, None),
            ("$.a[0]", false, None),
            ("$.A", true, Some("0")),
            ("$.Aa", true, Some("2")),
            ("$.Aa", false, None),
            ("$", false, Some(text.trim())),
        ] {
            let path = FieldPath::parse(path).unwrap();
            assert_eq!(at(text, path.segments(), ignore_case), expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_number_is_null_but_for_names() {
        let text = r#"{"a":NaN,"inf" : [-inf, "+Infinity", nano, "a\"NaN", 1], "b":"-NaN"} "nan"#;
        let expected = r#"{"a":null,"inf" : [null, null, nano, "a\"NaN", 1], "b":"-NaN"} "nan"#;
        assert_eq!(finite(text.as_bytes()), expected.as_bytes());
    }
}
