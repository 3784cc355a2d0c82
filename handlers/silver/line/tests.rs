mod nested;

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;
use crate::value::path::Segment;

/// A parser of top-level fields.
fn of_fields(names: &[&str], keep_unknown: bool) -> LineParser {
    let paths = names
        .iter()
        .map(|name| FieldPath::to(vec![Segment::Name((*name).to_owned())]));
    let paths: Vec<FieldPath> = paths.collect();
    let (parser, numbers) = LineParser::of(&paths.iter().collect::<Vec<_>>(), false, keep_unknown);
    assert!(numbers.into_iter().eq(0..names.len()));
    parser
}

fn raw<'l>(parser: &LineParser, line: &'l str, field: usize) -> &'l str {
    std::str::from_utf8(parser.token(field).raw(line.as_bytes())).unwrap()
}

fn unknown(parser: &LineParser, line: &str) -> Option<String> {
    let mut out = Vec::new();
    let any = parser.write_unknown(line.as_bytes(), None, &mut out);
    assert_eq!(any, !out.is_empty());
    any.then(|| String::from_utf8(out).unwrap())
}

#[test]
fn fields_are_found_in_any_order_and_spacing() {
    let mut parser = of_fields(&["a", "bb", "é"], true);
    let lines = [
        r#"{"a":1,"bb":"x","é":true}"#,
        r#"{"bb":"x","a":1,"é":true}"#,
        " { \"é\" : true , \"a\" : 1 ,\t\"bb\" : \"x\" } ",
        r#"{"\u0061":1,"b\u0062":"x","\u00e9":true}"#,
        r#"{"a":0,"bb":0,"é":0,"a":1,"bb":"x","é":true}"#,
    ];
    for line in lines.iter().chain(lines.iter().rev()) {
        assert_eq!(parser.read(line.as_bytes(), false), Ok(()), "{line}");
        assert_eq!(raw(&parser, line, 0), "1", "{line}");
        assert_eq!(raw(&parser, line, 1), "\"x\"", "{line}");
        assert_eq!(raw(&parser, line, 2), "true", "{line}");
        assert_eq!(unknown(&parser, line), None, "{line}");
    }
}

#[test]
fn a_line_keeps_nothing_of_the_line_before() {
    let mut parser = of_fields(&["a", "b"], true);
    parser.read(br#"{"a":1,"b":2,"c":3}"#, false).unwrap();
    parser.read(br#"{"b":2}"#, false).unwrap();
    assert_eq!(parser.token(0), Token::default());
    assert_eq!(unknown(&parser, r#"{"b":2}"#), None);
    parser.read(b"{}", false).unwrap();
    assert_eq!(parser.token(1), Token::default());
    assert_eq!(parser.end(), 1);
}

#[test]
fn names_that_differ_in_case_or_length_are_other_fields() {
    let mut parser = of_fields(&["ab"], true);
    let line = r#"{"a":1,"AB":2,"abc":3,"":4}"#;
    parser.read(line.as_bytes(), false).unwrap();
    assert_eq!(parser.token(0), Token::default());
    assert_eq!(
        unknown(&parser, line).as_deref(),
        Some(r#"{"a":1,"AB":2,"abc":3,"":4}"#)
    );
}

#[test]
fn names_that_need_escapes_are_found() {
    let mut parser = of_fields(&["a\"b", "c\\d", "e\nf"], true);
    let line = r#"{"a\"b":1,"c\\d":2,"e\u000af":3}"#;
    for _ in 0..2 {
        parser.read(line.as_bytes(), false).unwrap();
        assert_eq!(
            [
                raw(&parser, line, 0),
                raw(&parser, line, 1),
                raw(&parser, line, 2)
            ],
            ["1", "2", "3"]
        );
    }
    assert!(parser.read(br#"{"a"b":1}"#, false).is_err());
}

#[test]
fn only_one_object_is_a_line() {
    let mut parser = of_fields(&["a"], true);
    let cases = [
        ("", 0, "ends too early"),
        ("  ", 2, "ends too early"),
        ("[1]", 0, "is not a JSON object"),
        ("\"a\"", 0, "is not a JSON object"),
        ("null", 0, "is not a JSON object"),
        ("{\"a\":1}{\"a\":1}", 7, "text after the end of the object"),
        ("{\"a\":1},", 7, "text after the end of the object"),
        ("{\"a\":1,}", 7, "expected a field name in quotes"),
        ("{,}", 1, "expected a field name in quotes"),
        ("{\"a\":01}", 6, "expected a comma or the end of the object"),
        ("{\"a\" 1}", 5, "expected a colon after the field name"),
        ("{\"a\":1", 6, "ends too early"),
        ("{\"a\":1}\u{feff}", 7, "text after the end of the object"),
    ];
    for (line, at, message) in cases {
        assert_eq!(
            parser.read(line.as_bytes(), false),
            Err(SyntaxError { at, message }),
            "{line}"
        );
    }
}

#[test]
fn unknown_fields_keep_their_bytes_and_the_last_of_a_name() {
    let mut parser = of_fields(&["a"], true);
    let line =
        r#"{"x": 1.50,"a":1,"y" : { "z" : [ 1 , "\u0041" ] },"\u0078":null,"n\/\u000a\"":"q"}"#;
    parser.read(line.as_bytes(), false).unwrap();
    let expected = r#"{"y":{ "z" : [ 1 , "\u0041" ] },"x":null,"n/\n\"":"q"}"#;
    assert_eq!(unknown(&parser, line).as_deref(), Some(expected));

    let mut ignoring = of_fields(&["a"], false);
    ignoring.read(line.as_bytes(), false).unwrap();
    assert_eq!(unknown(&ignoring, line), None);
    assert!(ignoring.read(br#"{"x":[1,]}"#, false).is_err());
}

#[test]
fn a_flood_of_unknown_fields_takes_linear_time() {
    let mut parser = of_fields(&["a"], true);
    let fields: Vec<String> = (0..100_000)
        .map(|i| format!("\"f{}\":{i}", i % 50_000))
        .collect();
    let line = format!("{{{}}}", fields.join(","));
    parser.read(line.as_bytes(), false).unwrap();
    let rescued: Map<String, Value> =
        serde_json::from_str(&unknown(&parser, &line).unwrap()).unwrap();
    assert_eq!(rescued.len(), 50_000);
    assert_eq!(rescued["f7"], 50_007);
}

proptest! {
    #[test]
    fn known_and_unknown_fields_together_are_the_object(
        fields in prop::collection::vec((prop_oneof!["[a-f]{1,2}", any::<String>()], prop_oneof![any::<i32>().prop_map(Value::from), any::<String>().prop_map(Value::from)]), 0..40),
    ) {
        let names = ["a", "bb", "c", "é", "ef"];
        let mut parser = of_fields(&names, true);
        let members: Vec<String> = fields.iter().map(|(name, value)| format!("{}:{value}", Value::from(name.as_str()))).collect();
        let line = format!("{{{}}}", members.join(","));
        let mut expected: Map<String, Value> = serde_json::from_str(&line).unwrap();
        for _ in 0..2 {
            parser.read(line.as_bytes(), false).unwrap();
        }
        for (i, name) in names.iter().enumerate() {
            let found: Option<Value> = serde_json::from_slice(parser.token(i).raw(line.as_bytes())).ok();
            prop_assert_eq!(found, expected.remove(*name));
        }
        let rescued: Map<String, Value> = unknown(&parser, &line).map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default();
        prop_assert_eq!(rescued, expected);
    }

    #[test]
    fn every_name_of_many_is_found(names in prop::collection::hash_set(any::<String>(), 1..200)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let table = Names::new(&names, false);
        for (i, name) in names.iter().enumerate() {
            prop_assert_eq!(table.find(name.as_bytes()) as usize, i);
        }
        prop_assert_eq!(table.find(b"\xFF"), UNKNOWN);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(lines in prop::collection::vec(prop::collection::vec(prop::sample::select(b"{}[]\",:\\ua1\xC3\xA9 \x00\xFF".to_vec()), 0..30), 1..5)) {
        let mut parser = of_fields(&["a", "u"], true);
        for line in lines {
            if parser.read(&line, false).is_ok() {
                let _ = parser.write_unknown(&line, None, &mut Vec::new());
            }
        }
    }
}
