use proptest::prelude::*;
use serde_json::Value;

use super::super::token::Kind;
use super::*;
use crate::value::path::FieldPath;

fn found(path: &str, text: &str) -> Option<String> {
    found_in(path, text, false)
}

fn found_in(path: &str, text: &str, ignore_case: bool) -> Option<String> {
    let path = FieldPath::parse(path).unwrap();
    let token = find(text.as_bytes(), false, path.segments(), ignore_case);
    let token = token.unwrap_or_else(|error| panic!("{text}: {error:?}"));
    let raw = String::from_utf8(token.raw(text.as_bytes()).to_vec()).unwrap();
    (token.kind != Kind::Absent).then_some(raw)
}

#[test]
fn a_path_leads_from_a_value_of_any_kind() {
    for (path, text, expected) in [
        ("$", " 7 ", Some("7")),
        ("$", "[1]", Some("[1]")),
        ("$[1].a", r#"[0,{"a":[]}]"#, Some("[]")),
        ("$.a.b", r#"{"a":{"b":"c"}}"#, Some("\"c\"")),
        ("$.a.b", r#"{"a":{"b":"c"},"a":{}}"#, None),
        ("$.a.b", r#"{"a":{"b":1,"b":2}}"#, Some("2")),
        ("$.a.b", r#"{"a":{"b":1},"a":[1]}"#, None),
        ("$.a", "[]", None),
        ("$[0]", r#"{"0":1}"#, None),
        ("$[0]", "[]", None),
        ("$.a", r#"{"\u0061":1}"#, Some("1")),
        ("$.a", r#""text""#, None),
    ] {
        assert_eq!(found(path, text).as_deref(), expected, "{path} {text}");
    }
}

#[test]
fn where_case_is_ignored_an_exact_name_comes_first_then_the_last() {
    for (text, expected) in [
        (r#"{"A":1,"a":2,"A":3}"#, "2"),
        (r#"{"a":1,"a":2,"A":3}"#, "2"),
        (r#"{"A":1,"Á":3,"A":2}"#, "2"),
    ] {
        assert_eq!(found_in("$.a", text, true).as_deref(), Some(expected));
    }
}

#[test]
fn all_of_the_text_must_be_one_value() {
    for (text, at) in [
        ("", 0),
        ("{}}", 2),
        ("{\"a\":1 \"b\"}", 7),
        ("[1 2]", 3),
        ("{\"a\":01}", 6),
        ("{a:1}", 1),
        ("\u{feff}{}", 0),
    ] {
        let path = FieldPath::parse("$.a").unwrap();
        let error = find(text.as_bytes(), true, path.segments(), false).unwrap_err();
        assert_eq!(error.at, at, "{text}: {}", error.message);
        assert!(find(text.as_bytes(), true, &[], false).is_err(), "{text}");
    }
    assert!(find(b"{\"b\":\"\xFF\"}", false, &[], false).is_err());
}

#[test]
fn an_array_may_have_128_levels_and_no_more() {
    for (levels, is_ok) in [(128, true), (129, false)] {
        let text = "[".repeat(levels) + &"]".repeat(levels);
        for path in ["$", "$[0]", "$[0][0][0]"] {
            let path = FieldPath::parse(path).unwrap();
            let found = find(text.as_bytes(), true, path.segments(), false);
            assert_eq!(found.is_ok(), is_ok, "{levels} {path}");
        }
    }
}

/// Any JSON value.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ab\"\\\\\u{e9}\n]{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[abc\u{e9}\"]{1,2}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_found_is_what_a_plain_parser_finds(
        value in json(),
        steps in prop::collection::vec(prop_oneof![
            "[abc\u{e9}\"]{1,2}".prop_map(Segment::Name),
            (0_u64..4).prop_map(Segment::Index),
        ], 0..4),
        is_pretty: bool,
    ) {
        let text = match is_pretty {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => value.to_string(),
        };
        let expected = steps.iter().try_fold(&value, |value, step| match step {
            Segment::Name(name) => value.as_object()?.get(name),
            Segment::Index(index) => value.as_array()?.get(*index as usize),
        });
        let token = find(text.as_bytes(), false, &steps, false).unwrap();
        let found = serde_json::from_slice::<Value>(token.raw(text.as_bytes())).ok();
        prop_assert_eq!(found.as_ref(), expected);
        if let Some(Value::Array(all)) = expected {
            let mut seen = Vec::new();
            elements::<SyntaxError>(text.as_bytes(), token, |element| {
                seen.push(serde_json::from_slice::<Value>(element.raw(text.as_bytes())).unwrap());
                Ok(())
            }).unwrap();
            prop_assert_eq!(&seen, all);
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, text in "[\\[\\]{}\",:a1 ]{0,30}") {
        let path = FieldPath::parse("$.a[0]").unwrap();
        for text in [&bytes, text.as_bytes()] {
            let is_json = serde_json::from_slice::<Value>(text).is_ok();
            let found = find(text, false, path.segments(), false);
            // Numbers beyond a double are JSON, and no value of the other parser.
            prop_assert!(found.is_ok() || !is_json);
        }
    }
}
