use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

use super::container::Container;
use super::parse::parse;
use super::schema::Schema;
use super::{AvroProblem, append_value};
use crate::value::compression::Codec;

/// What another implementation wrote.
#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    schema: String,
    canonical: String,
    fingerprint: String,
    values: Vec<Written>,
    containers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Written {
    bytes: String,
    text: String,
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../../tests/it/data/avro/cases.json");
    serde_json::from_str::<Cases>(text).unwrap().cases
}

fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

fn text_of(schema: &Schema, bytes: &[u8]) -> Result<String, AvroProblem> {
    let mut out = Vec::new();
    let rest = append_value(schema, bytes, 1_000_000, &mut out)?;
    assert_eq!(rest, b"");
    Ok(String::from_utf8(out).unwrap())
}

fn schema(text: &str) -> Schema {
    Schema::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn values_of_another_implementation_become_their_text() {
    for case in cases() {
        let schema = schema(&case.schema);
        for value in &case.values {
            let text = text_of(&schema, &bytes(&value.bytes));
            assert_eq!(text.as_ref(), Ok(&value.text), "{}", case.name);
            serde_json::from_str::<Value>(&value.text).unwrap();
        }
    }
}

#[test]
fn schemas_have_the_fingerprints_that_another_implementation_gives_them() {
    for case in cases() {
        assert_eq!(parse(&case.schema).unwrap().canonical, case.canonical);
        let fingerprint = schema(&case.schema).fingerprint();
        let text: Vec<String> = fingerprint
            .to_le_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(text.concat(), case.fingerprint, "{}", case.name);
        // The canonical form is a schema too, and its own.
        assert_eq!(schema(&case.canonical).fingerprint(), fingerprint);
    }
}

#[test]
fn containers_of_another_implementation_hold_the_same_values() {
    for case in cases() {
        for (codec, container) in &case.containers {
            let container = bytes(container);
            let mut container = Container::read(&container).unwrap();
            assert_eq!(container.codec, codec);
            let schema = schema(container.schema);
            let mut texts = Vec::new();
            while let Some(block) = container.next_block().unwrap() {
                let mut content = Vec::new();
                match codec.as_str() {
                    "null" => content.extend_from_slice(block.content),
                    "deflate" => {
                        let rest = Codec::Deflate.unpack_start(block.content, 10_000, &mut content);
                        // Three of the four bytes of zlib's checksum, which Python's libraries leave there.
                        assert_eq!(rest.unwrap().len(), 3);
                    }
                    _ => Codec::Zstd
                        .unpack(block.content, 10_000, &mut content)
                        .unwrap(),
                }
                let mut rest = content.as_slice();
                for _ in 0..block.count {
                    let mut out = Vec::new();
                    rest = append_value(&schema, rest, 1_000_000, &mut out).unwrap();
                    texts.push(String::from_utf8(out).unwrap());
                }
                assert_eq!(rest, b"");
            }
            let expected: Vec<_> = case.values.iter().map(|value| &value.text).collect();
            assert_eq!(texts.iter().collect::<Vec<_>>(), expected, "{}", case.name);
        }
    }
}

#[test]
fn values_that_are_cut_or_damaged_are_broken_and_nothing_else() {
    for case in cases() {
        let schema = schema(&case.schema);
        for value in &case.values {
            let whole = bytes(&value.bytes);
            for end in 0..whole.len() {
                let mut out = Vec::new();
                let cut = append_value(&schema, &whole[..end], 1_000_000, &mut out);
                assert!(matches!(cut, Err(AvroProblem::Broken(_))), "{}", case.name);
            }
        }
    }
}

#[test]
fn what_says_nothing_of_a_value_is_left_out_of_account() {
    let plain = r#"{"type":"fixed","name":"f","size":2}"#;
    for extra in [
        r#""logicalType":"decimal""#,
        r#""logicalType":"decimal","precision":2,"scale":3"#,
        r#""logicalType":"decimal","precision":2,"scale":-1"#,
        r#""logicalType":"uuid""#,
        r#""logicalType":"duration""#,
        r#""logicalType":7"#,
        r#""doc":"x""#,
    ] {
        let text = plain.replace("}", &format!(",{extra}}}"));
        assert_eq!(
            text_of(&schema(&text), b"\x01\x02").unwrap(),
            "\"AQI=\"",
            "{extra}"
        );
        assert_eq!(schema(&text).fingerprint(), schema(plain).fingerprint());
    }
    let days = schema(r#"{"type":"long","logicalType":"date"}"#);
    assert_eq!(text_of(&days, b"\x02").unwrap(), "1");
    let uuid = schema(r#"{"type":"fixed","name":"u","size":16,"logicalType":"uuid"}"#);
    assert_eq!(
        text_of(&uuid, &[0xAB; 16]).unwrap(),
        "\"abababab-abab-abab-abab-abababababab\""
    );
}

#[test]
fn what_is_no_schema_is_refused_with_what_is_wrong() {
    for (text, message) in [
        (
            "",
            "is not JSON: EOF while parsing a value at line 1 column 0",
        ),
        ("7", "a type is a name, an object or a list of types, not 7"),
        (
            "\"strng\"",
            "the type \"strng\" is neither one of Avro nor defined before",
        ),
        ("{}", "a type has no \"type\""),
        (r#"{"type":"array"}"#, "an array has no \"items\""),
        (r#"{"type":"map"}"#, "a map has no \"values\""),
        (r#"{"type":"record","fields":[]}"#, "record has no \"name\""),
        (
            r#"{"type":"record","name":"r"}"#,
            "a record has no \"fields\"",
        ),
        (
            r#"{"type":"record","name":"r","fields":7}"#,
            "\"fields\" must be a list",
        ),
        (
            r#"{"type":"record","name":"r","fields":[7]}"#,
            "a field of a record is an object",
        ),
        (
            r#"{"type":"record","name":"r","fields":[{"name":"a"}]}"#,
            "a field has no \"type\"",
        ),
        (
            r#"{"type":"enum","name":"e","symbols":[7]}"#,
            "\"symbols\" of an enum must be text",
        ),
        (
            r#"{"type":"fixed","name":"f","size":-1}"#,
            "the \"size\" of a fixed is a whole number",
        ),
        (r#"[["null"]]"#, "a union holds no other union directly"),
        (
            r#"[{"type":"fixed","name":"f","size":1},{"type":"fixed","name":"f","size":1}]"#,
            "the type \"f\" is defined twice",
        ),
    ] {
        assert_eq!(
            Schema::parse(text).unwrap_err().to_string(),
            message,
            "{text}"
        );
    }
}

#[test]
fn a_text_of_any_size_from_few_bytes_stops_at_the_limit() {
    // A million nulls in four bytes; a type that doubles at each of thirty levels, in none.
    let nulls = schema(r#"{"type":"array","items":"null"}"#);
    let mut count = b"\x80\x89\x7a".to_vec();
    count.push(0);
    let mut levels = r#"{"type":"record","name":"r0","fields":[]}"#.to_owned();
    for level in 1..=30 {
        let name = level - 1;
        levels = format!(
            r#"{{"type":"record","name":"r{level}","fields":[{{"name":"a","type":{levels}}},{{"name":"b","type":"r{name}"}}]}}"#
        );
    }
    for (schema, bytes) in [(nulls, count), (schema(&levels), Vec::new())] {
        let mut out = b"before".to_vec();
        let stopped = append_value(&schema, &bytes, 1_000, &mut out);
        assert_eq!(stopped, Err(AvroProblem::TooLarge));
        assert!(out.len() < 1_100);
    }
}

#[test]
fn a_type_that_holds_itself_ends_at_128_levels() {
    let endless = r#"{"type":"record","name":"r","fields":[{"name":"r","type":"r"}]}"#;
    let result = text_of(&schema(endless), b"");
    assert_eq!(
        result,
        Err(AvroProblem::Broken("is nested deeper than 128 levels"))
    );
    let list = r#"{"type":"record","name":"r","fields":[{"name":"n","type":["null","r"]}]}"#;
    let mut bytes = vec![2; 127];
    bytes.push(0);
    assert!(text_of(&schema(list), &bytes).is_ok());
    bytes.insert(0, 2);
    assert!(text_of(&schema(list), &bytes).is_err());
}

#[test]
fn a_decimal_of_any_length_has_all_its_digits() {
    let decimal = schema(r#"{"type":"bytes","logicalType":"decimal","precision":1000,"scale":3}"#);
    let written = |number: &[u8]| {
        let length = i64::try_from(number.len()).unwrap();
        let mut bytes = Vec::new();
        let mut bits = (length << 1) as u64;
        while bits > 0x7F {
            bytes.push(bits as u8 | 0x80);
            bits >>= 7;
        }
        bytes.push(bits as u8);
        bytes.extend_from_slice(number);
        text_of(&decimal, &bytes)
    };
    assert_eq!(written(b"").unwrap(), "0.000");
    assert_eq!(written(&[0x80]).unwrap(), "-0.128");
    for length in [1, 15, 16, 17, 100, 1024] {
        let mut number = vec![0x5A; length];
        let big = num_bigint::BigInt::from_signed_bytes_be(&number);
        let digits = written(&number).unwrap().replace('.', "");
        assert_eq!(digits.trim_start_matches('0'), big.to_string());
        number[0] = 0x9A;
        let big = num_bigint::BigInt::from_signed_bytes_be(&number);
        let digits = written(&number).unwrap().replace('.', "");
        let digits = digits.trim_start_matches(['-', '0']);
        assert_eq!(digits, big.to_string().trim_start_matches('-'));
    }
    assert!(written(&[1; 1025]).is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_what_is_taken_is_json(bytes: Vec<u8>) {
        for case in cases() {
            let schema = schema(&case.schema);
            let mut out = Vec::new();
            if append_value(&schema, &bytes, 10_000, &mut out).is_ok() {
                prop_assert!(serde_json::from_slice::<Value>(&out).is_ok());
            }
        }
        if let Ok(mut container) = Container::read(&[b"Obj\x01", bytes.as_slice()].concat()) {
            while let Ok(Some(_)) = container.next_block() {}
        }
    }

    #[test]
    fn damaged_containers_never_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), bits in 1_u8..) {
        let cases = cases();
        let case = which.get(&cases);
        let mut container = bytes(&case.containers["null"]);
        let at = at.index(container.len());
        container[at] ^= bits;
        let Ok(mut container) = Container::read(&container) else {
            return Ok(());
        };
        let Ok(schema) = Schema::parse(container.schema) else {
            return Ok(());
        };
        while let Ok(Some(block)) = container.next_block() {
            let mut rest = block.content;
            for _ in 0..block.count.min(1_000) {
                let Ok(after) = append_value(&schema, rest, 10_000, &mut Vec::new()) else {
                    break;
                };
                rest = after;
            }
        }
    }
}
