//! The fields of one event, in its order; pure.

use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Most levels of objects whose members are fields of their own.
pub(super) const MOST_LEVELS: usize = 8;
/// The byte order mark, which says nothing in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Returns a text without the mark that it may begin with.
pub(super) fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(MARK).unwrap_or(text)
}

/// Returns the members of an event, in its order; nothing if it is no object.
pub(super) fn members(text: &[u8]) -> Option<Vec<(String, &RawValue)>> {
    let Fields(members) = serde_json::from_slice(unmarked(text)).ok()?;
    Some(members)
}

/// The fields of an event in the order in which it has them, their values as they are written.
pub(super) struct Fields<'a>(pub(super) Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
