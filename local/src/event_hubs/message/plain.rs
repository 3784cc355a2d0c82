//! Application properties for a client that decodes simple values only: pure.
//!
//! The standard allows nothing else, yet Event Hubs takes lists, maps and arrays, and most clients read them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fe2o3_amqp_types::primitives::Value;
use serde_json::json;

use super::map::MapWriter;
use super::section::{APPLICATION_PROPERTIES, Malformed, Section};

/// Writes application properties with every value that is not simple as JSON text.
///
/// # Errors
/// Fails if the section is no map.
pub(super) fn write(section: &Section<'_>, to: &mut Vec<u8>) -> Result<(), Malformed> {
    let entries = section.entries()?;
    if entries.iter().all(|(_, value)| is_simple(value)) {
        to.extend_from_slice(section.bytes);
        return Ok(());
    }
    let mut map = MapWriter::begin(APPLICATION_PROPERTIES, to);
    for (key, value) in entries {
        if is_simple(value) {
            map.entry(key, value);
        } else {
            map.key(key).string(&text(value))?;
        }
    }
    map.end()
}

/// Lists, maps, arrays and described values are not.
fn is_simple(value: &[u8]) -> bool {
    !matches!(value, [0x00 | 0x45 | 0xc0..=0xff, ..])
}

/// The value as JSON; in hexadecimal if it cannot be decoded.
fn text(value: &[u8]) -> String {
    match serde_amqp::from_slice::<Value>(value) {
        Ok(value) => to_json(&value).to_string(),
        Err(_) => value.iter().fold(String::from("0x"), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        }),
    }
}

/// Binary as base64, times as milliseconds since 1970, what JSON has no form for as text.
fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => json!(null),
        Value::Bool(value) => json!(value),
        Value::Ubyte(value) => json!(value),
        Value::Ushort(value) => json!(value),
        Value::Uint(value) => json!(value),
        Value::Ulong(value) => json!(value),
        Value::Byte(value) => json!(value),
        Value::Short(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Long(value) => json!(value),
        Value::Float(value) => json!(value.into_inner()),
        Value::Double(value) => json!(value.into_inner()),
        Value::Char(value) => json!(value.to_string()),
        Value::Timestamp(time) => json!(time.milliseconds()),
        Value::Binary(bytes) => json!(STANDARD.encode(bytes)),
        Value::String(text) => json!(text),
        Value::Symbol(symbol) => json!(symbol.0),
        Value::List(values) => values.iter().map(to_json).collect(),
        Value::Array(values) => values.iter().map(to_json).collect(),
        Value::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key_text(key), to_json(value)))
            .collect(),
        Value::Described(described) => to_json(&described.value),
        other => json!(format!("{other:?}")),
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        Value::Symbol(symbol) => symbol.0.clone(),
        other => to_json(other).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use fe2o3_amqp_types::messaging::ApplicationProperties;
    use fe2o3_amqp_types::primitives::{Array, OrderedMap, SimpleValue};

    use super::*;

    fn section(entries: &[(&str, Value)]) -> Vec<u8> {
        let entries = entries.iter().cloned();
        let map: OrderedMap<_, _> = entries
            .map(|(key, value)| (Value::from(key.to_owned()), value))
            .collect();
        let mut bytes = vec![0x00, 0x53, APPLICATION_PROPERTIES];
        bytes.extend(serde_amqp::to_vec(&Value::Map(map)).unwrap());
        bytes
    }

    fn written(bytes: &[u8]) -> Vec<u8> {
        let mut to = Vec::new();
        let (section, _) = Section::split(bytes).unwrap().unwrap();
        write(&section, &mut to).unwrap();
        to
    }

    #[test]
    fn simple_values_stay_as_they_are() {
        let bytes = section(&[("a", Value::Int(1)), ("b", Value::String("x".into()))]);
        assert_eq!(written(&bytes), bytes);
    }

    #[test]
    fn lists_maps_and_arrays_become_json_text() {
        let map = OrderedMap::from_iter([(Value::Symbol("k".into()), Value::Bool(true))]);
        let bytes = section(&[
            (
                "list",
                Value::List(vec![Value::Int(1), Value::String("x".into()), Value::Null]),
            ),
            ("plain", Value::Long(7)),
            ("map", Value::Map(map)),
            (
                "array",
                Value::Array(Array::from(vec![Value::Int(1), Value::Int(2)])),
            ),
        ]);
        let decoded: ApplicationProperties = serde_amqp::from_slice(&written(&bytes)).unwrap();
        for (key, expected) in [
            ("list", SimpleValue::String("[1,\"x\",null]".into())),
            ("plain", SimpleValue::Long(7)),
            ("map", SimpleValue::String("{\"k\":true}".into())),
            ("array", SimpleValue::String("[1,2]".into())),
        ] {
            assert_eq!(decoded.0.get(key), Some(&expected), "{key}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_in_hexadecimal() {
        assert_eq!(text(&[0xc0, 2, 1, 0x5f]), "0xc002015f");
    }
}
