use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;
use crate::value::json::escape::{decode, encode};

fn scan(text: &str) -> Result<Token, SyntaxError> {
    let mut scanner = Scanner::new(text.as_bytes(), false)?;
    scanner.skip_blanks();
    let token = scanner.value()?;
    scanner.skip_blanks();
    if !scanner.at_end() {
        return scanner.fail("text after the value");
    }
    Ok(token)
}

#[test]
fn values_are_found_with_their_kind_and_their_bytes() {
    let cases = [
        (" null ", Kind::Null, "null"),
        ("true", Kind::True, "true"),
        ("false", Kind::False, "false"),
        ("-0.10E+05", Kind::Number, "-0.10E+05"),
        ("0", Kind::Number, "0"),
        ("\"\"", Kind::String, "\"\""),
        ("\"exactly8\"", Kind::String, "\"exactly8\""),
        (
            "\"a longer string, é\"",
            Kind::String,
            "\"a longer string, é\"",
        ),
        (r#""a\"b""#, Kind::EscapedString, r#""a\"b""#),
        (
            r#"{"a": [1, {}, [], {"b": "}]"}]} "#,
            Kind::Container,
            r#"{"a": [1, {}, [], {"b": "}]"}]}"#,
        ),
    ];
    for (text, kind, raw) in cases {
        let token = scan(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(token.kind, kind, "{text}");
        assert_eq!(token.raw(text.as_bytes()), raw.as_bytes(), "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused_where_it_stops_fitting() {
    let cases = [
        ("", 0),
        ("nul", 0),
        ("nulL", 0),
        ("True", 0),
        ("NaN", 0),
        ("'a'", 0),
        ("01", 1),
        ("+1", 0),
        ("-", 1),
        ("1.", 2),
        (".5", 0),
        ("1e", 2),
        ("1e+", 3),
        ("0x1", 1),
        ("1 2", 2),
        ("\"a", 2),
        ("\"a\nb\"", 2),
        ("\"12345678\u{1}\"", 9),
        (r#""\x""#, 1),
        (r#""\u12g4""#, 1),
        (r#""\u12"#, 1),
        ("\"\\", 1),
        (r#""\ud800""#, 1),
        (r#""\udc00""#, 1),
        (r#""\ud800\ud800""#, 1),
        (r#""\ud800\n""#, 1),
        ("[1,]", 3),
        ("[,1]", 1),
        ("[1 2]", 3),
        ("[1", 2),
        ("[", 1),
        ("[}", 1),
        ("{]", 1),
        ("[1}", 2),
        ("{\"a\"}", 4),
        ("{\"a\":}", 5),
        ("{\"a\":1,}", 7),
        ("{a:1}", 1),
        ("{1:1}", 1),
        ("{\"a\":1 \"b\":2}", 7),
        ("[1]]", 3),
        ("/**/1", 0),
        ("[1] // no", 4),
        ("\u{feff}\u{feff}1", 3),
    ];
    for (text, at) in cases {
        let error = scan(text).expect_err(text);
        assert_eq!(error.at, at, "{text}: {}", error.message);
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_where_it_begins() {
    let error = Scanner::new(b"{\"a\":\"\xC3\x28\"}", false).expect_err("not UTF-8");
    assert_eq!(
        error,
        SyntaxError {
            at: 6,
            message: "is not UTF-8"
        }
    );
}

#[test]
fn nesting_ends_at_its_limit_and_never_on_the_stack() {
    // The object around the value is one of the 128 levels.
    assert!(scan(&("[".repeat(127) + &"]".repeat(127))).is_ok());
    assert_eq!(
        scan(&("[".repeat(128) + &"]".repeat(128))).map_err(|error| error.at),
        Err(127)
    );
    assert!(scan(&("{\"a\":".repeat(127) + "1" + &"}".repeat(127))).is_ok());
    assert!(scan(&"[".repeat(1_000_000)).is_err());
    assert!(scan(&"{\"a\":[".repeat(500_000)).is_err());
    assert!(scan(&format!("[{}1]", "[[]],".repeat(100_000))).is_ok());
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{", "}", "[", "]", ",", ":", "\"a\"", "\"a\":", "\"", "\\", "\\n", "\\u0041", "12", "-",
        "0", ".", "e", "E+", "true", "null", " ", "\t", "\n", "é", "\u{1}",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn all_that_serde_json_writes_is_read(value in value(), pretty: bool) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let token = scan(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
        prop_assert_eq!(token.raw(text.as_bytes()), text.as_bytes());
    }

    #[test]
    fn text_is_json_exactly_if_serde_json_says_so(text in pieces()) {
        prop_assert_eq!(scan(&text).is_ok(), serde_json::from_str::<&RawValue>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn damaged_json_is_judged_as_serde_json_does(value in value(), at: prop::sample::Index, piece in pieces(), cut in 0_usize..3) {
        let mut text: Vec<char> = serde_json::to_string(&value).unwrap().chars().collect();
        let at = at.index(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, piece.chars());
        let text: String = text.into_iter().collect();
        prop_assume!(!text.contains("\\ud") && !text.contains("\\uD"));
        prop_assert_eq!(scan(&text).is_ok(), serde_json::from_str::<&RawValue>(&text).is_ok(), "{}", text);
    }

    #[test]
    fn strings_are_decoded_as_serde_json_does(pieces in prop::collection::vec(prop::sample::select(vec![
        "a", "é", "\\n", "\\\"", "\\\\", "\\/", "\\b\\f\\r\\t", "\\u0000", "\\u00e9", "\\ud83d\\ude00", "\\uD800", "\\udfff", "\\uFFFF", "12345678", "𝄞",
    ]), 0..10)) {
        let text = format!("\"{}\"", pieces.concat());
        let expected = serde_json::from_str::<String>(&text).ok();
        let actual = scan(&text).ok().map(|token| {
            let mut out = Vec::new();
            decode(token.quoted(text.as_bytes()), &mut out);
            String::from_utf8(out).unwrap()
        });
        prop_assert_eq!(actual, expected);
    }

    #[test]
    fn encoded_strings_are_read_back(text: String) {
        let mut out = Vec::new();
        encode(text.as_bytes(), &mut out);
        prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    }

    #[test]
    fn no_bytes_make_the_scanner_panic(bytes: Vec<u8>) {
        if let Ok(mut scanner) = Scanner::new(&bytes, false) {
            let _ = scanner.value();
        }
    }
}
