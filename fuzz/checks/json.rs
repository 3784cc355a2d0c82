//! JSON by a plain parser: what is one text, and what stands where in it.

use serde_json::value::RawValue;
use sluice::value::path::Segment;

/// How deep values may be nested.
const MOST_LEVELS: usize = 128;

/// Returns whether bytes are one JSON value, blanks around it included.
pub(super) fn is_value(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
    // The parser passes over strings without a look at halves of surrogate pairs.
    let is_text =
        |string: &str| string.is_empty() || serde_json::from_str::<String>(string).is_ok();
    is_json
        && is_shallow(text)
        && strings_and_before(text)
            .iter()
            .all(|(_, string)| is_text(string))
}

/// Returns whether bytes are one JSON object.
pub(super) fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"{") && is_value(bytes)
}

/// Returns whether nothing stands in bytes but blanks.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| b" \t\r\n".contains(byte))
}

/// The strings of a text that is JSON, quotes included, and what stands before each.
fn strings_and_before(text: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start);
        let mut end = 1;
        while string.as_bytes()[end] != b'"' {
            end += if string.as_bytes()[end] == b'\\' {
                2
            } else {
                1
            };
        }
        let (string, after) = string.split_at(end + 1);
        all.push((before, string));
        rest = after;
    }
    all.push((rest, ""));
    all
}

fn is_shallow(text: &str) -> bool {
    let mut levels = 0_usize;
    let mut most = 0;
    for (outside, _) in strings_and_before(text) {
        for byte in outside.bytes() {
            match byte {
                b'[' | b'{' => levels += 1,
                b']' | b'}' => levels -= 1,
                _ => {}
            }
            most = most.max(levels);
        }
    }
    most <= MOST_LEVELS
}

/// The members of an object in their order, each name as often as it stands there; nothing if it is none.
pub(super) fn members(value: &str) -> Option<Vec<(String, &str)>> {
    struct Members;
    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut map: A,
        ) -> Result<Self::Value, A::Error> {
            let mut all = Vec::new();
            while let Some(entry) = map.next_entry()? {
                all.push(entry);
            }
            Ok(all)
        }
    }
    let mut parser = serde_json::Deserializer::from_str(value);
    let all = serde::Deserializer::deserialize_map(&mut parser, Members).ok()?;
    Some(
        all.into_iter()
            .map(|(name, value)| (name, value.get()))
            .collect(),
    )
}

/// The elements of an array; nothing if it is none.
pub(super) fn elements(value: &str) -> Option<Vec<&str>> {
    let all: Vec<&RawValue> = serde_json::from_str(value).ok()?;
    Some(all.into_iter().map(RawValue::get).collect())
}

/// Returns what is at a path in a value.
pub(super) fn at<'v>(value: &'v str, path: &[Segment], ignore_case: bool) -> Option<&'v str> {
    path.iter()
        .try_fold(value, |value, step| match step {
            Segment::Name(name) => member(value, name, ignore_case),
            Segment::Index(index) => elements(value)?.get(usize::try_from(*index).ok()?).copied(),
        })
        .map(str::trim_ascii)
}

/// The last member of that name; one that is written exactly so before any other.
fn member<'v>(value: &'v str, name: &str, ignore_case: bool) -> Option<&'v str> {
    let members = members(value)?;
    let last = |is: &dyn Fn(&str) -> bool| {
        let mut found = members.iter().rev();
        found.find(|(own, _)| is(own)).map(|(_, value)| *value)
    };
    let exact = last(&|own| own == name);
    exact.or_else(|| last(&|own| ignore_case && own.eq_ignore_ascii_case(name)))
}

/// Returns where in a text a part of it starts.
pub(super) fn start(text: impl AsRef<[u8]>, part: impl AsRef<[u8]>) -> usize {
    part.as_ref().as_ptr() as usize - text.as_ref().as_ptr() as usize
}

/// Writes text as a string.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '\0'..' ' => quoted += &format!("\\u{:04x}", u32::from(character)),
            other => quoted.push(other),
        }
    }
    quoted + "\""
}
