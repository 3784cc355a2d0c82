use std::fmt;

use proptest::prelude::*;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{of_fields, unknown};
use crate::silver::line::LineParser;
use crate::value::json::token::{Kind, Token};
use crate::value::path::{FieldPath, Segment};

fn paths(texts: &[&str]) -> Vec<FieldPath> {
    let paths = texts.iter().map(|text| FieldPath::parse(text).unwrap());
    paths.collect()
}

fn parser(paths: &[FieldPath], ignore_case: bool) -> (LineParser, Vec<usize>) {
    LineParser::of(&paths.iter().collect::<Vec<_>>(), ignore_case, true)
}

/// Reads a line and returns what is at the paths, as it is written.
fn read(parser: &mut (LineParser, Vec<usize>), line: &str) -> Vec<Option<String>> {
    let (parser, numbers) = parser;
    parser
        .read(line.as_bytes(), false)
        .unwrap_or_else(|error| panic!("{line}: {error:?}"));
    let found = numbers.iter().map(|number| {
        let token = parser.token(*number);
        let text = || String::from_utf8(token.raw(line.as_bytes()).to_vec()).unwrap();
        (token.kind != Kind::Absent).then(text)
    });
    found.collect()
}

/// As [`read`], of one line; what is not there is `-`.
fn found(texts: &[&str], line: &str) -> Vec<String> {
    let found = read(&mut parser(&paths(texts), false), line);
    found
        .into_iter()
        .map(|text| text.unwrap_or_else(|| "-".to_owned()))
        .collect()
}

#[test]
fn paths_lead_into_objects_and_arrays() {
    let texts = [
        "id",
        "$.meter.id",
        "$.meter",
        "$['meter'][\"a.b\"]",
        "$.list[1].v",
        "$.list[0]",
        "$.grid[1][0]",
        "$",
    ];
    let line = r#" {"id":7,"meter":{"x":[1],"id":"m-0" , "a.b":null},"list":[true,{"v":1.5}],"grid":[[],[2]]} "#;
    let expected = [
        "7",
        "\"m-0\"",
        r#"{"x":[1],"id":"m-0" , "a.b":null}"#,
        "null",
        "1.5",
        "true",
        "2",
        line.trim(),
    ];
    assert_eq!(found(&texts, line), expected);
}

#[test]
fn what_no_member_or_element_leads_to_is_absent() {
    let line = r#"{"a":{"0":1,"b":2},"c":[1,{"b":3}],"d":"text","e":[],"f":{}}"#;
    for path in [
        "$.a[0]",
        "$.c.b",
        "$.c['1']",
        "$.d.b",
        "$.d[0]",
        "$.e[0]",
        "$.e.b",
        "$.f.b",
        "$.f[0]",
        "$.g.h",
        "$.c[2]",
        "$.a.b.c",
        "$[0]",
        "$[0].a",
        "$.c[9007199254740991]",
    ] {
        assert_eq!(found(&[path], line), ["-"], "{path}");
    }
}

#[test]
fn of_members_of_one_name_the_last_counts_at_every_level() {
    let texts = ["$.a.b", "$.a.c", "$.a[0]", "$.a"];
    for (line, expected) in [
        (
            r#"{"a":{"b":1,"c":2},"a":{"c":3}}"#,
            ["-", "3", "-", r#"{"c":3}"#],
        ),
        (
            r#"{"a":{"b":1,"b":{"b":2}}}"#,
            [r#"{"b":2}"#, "-", "-", r#"{"b":1,"b":{"b":2}}"#],
        ),
        (r#"{"a":{"b":1},"a":5}"#, ["-", "-", "-", "5"]),
        (r#"{"a":{"b":1},"a":null}"#, ["-", "-", "-", "null"]),
        (r#"{"a":{"b":1},"a":[7]}"#, ["-", "-", "7", "[7]"]),
        (
            r#"{"a":[7],"a":{"b":1},"\u0061":{}}"#,
            ["-", "-", "-", "{}"],
        ),
        (r#"{"a":5,"a":{"b":1}}"#, ["1", "-", "-", r#"{"b":1}"#]),
    ] {
        assert_eq!(found(&texts, line), expected, "{line}");
    }
    let deep = r#"{"x":{"y":{"z":1},"y":{"w":2}},"x":{"y":{"z":3},"y":0}}"#;
    assert_eq!(found(&["$.x.y.z", "$.x.y.w"], deep), ["-", "-"]);
}

#[test]
fn a_line_finds_nothing_of_the_line_before_below_its_fields() {
    let mut parser = parser(&paths(&["$.a.b", "$.a.c[0]"]), false);
    let full = r#"{"a":{"b":1,"c":[2]}}"#;
    for (line, expected) in [
        (full, [Some("1"), Some("2")]),
        ("{}", [None, None]),
        (full, [Some("1"), Some("2")]),
        (r#"{"a":{}}"#, [None, None]),
        (full, [Some("1"), Some("2")]),
        (r#"{"a":{"c":{}}}"#, [None, None]),
        (r#"{"a":[[1]]}"#, [None, None]),
    ] {
        let found = read(&mut parser, line);
        let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
        assert_eq!(found, expected, "{line}");
    }
    assert!(parser.0.read(br#"{"a":{"b":1,"c":[2]},"#, false).is_err());
    assert_eq!(
        read(&mut parser, r#"{"a":{"b":3}}"#),
        [Some("3".to_owned()), None]
    );
}

#[test]
fn in_any_case_an_exact_name_comes_first_and_then_the_last() {
    let mut parser = parser(&paths(&["deviceId", "$.Meter.id", "é"]), true);
    for (line, expected) in [
        (r#"{"DEVICEID":1,"meter":{"ID":2}}"#, ["1", "2", "-"]),
        (r#"{"deviceid":1,"DeviceId":2}"#, ["2", "-", "-"]),
        (r#"{"deviceId":1,"DeviceId":2}"#, ["1", "-", "-"]),
        (r#"{"DeviceId":2,"deviceId":1}"#, ["1", "-", "-"]),
        (r#"{"deviceId":null,"DeviceId":2}"#, ["null", "-", "-"]),
        (
            r#"{"DeviceId":2,"\u0064eviceId":1,"deviceid":3}"#,
            ["1", "-", "-"],
        ),
        (r#"{"Meter":{"Id":1,"id":2,"ID":3}}"#, ["-", "2", "-"]),
        (
            r#"{"METER":{"id":1},"Meter":{"ID":2},"meter":{"id":3}}"#,
            ["-", "2", "-"],
        ),
        (r#"{"Meter":5,"meter":{"id":3}}"#, ["-", "-", "-"]),
        (r#"{"meter":{"id":3},"METER":5}"#, ["-", "-", "-"]),
        (r#"{"É":1,"\u00e9":2}"#, ["-", "-", "2"]),
        (r#"{"É":1}"#, ["-", "-", "-"]),
    ] {
        let found = read(&mut parser, line);
        let found: Vec<&str> = found
            .iter()
            .map(|text| text.as_deref().unwrap_or("-"))
            .collect();
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn only_whole_fields_that_no_path_reads_at_or_into_are_unknown() {
    let line = r#"{"a":{"b":1,"x":2},"c":3,"B":4,"d":[5]}"#;
    let unknown_of = |texts: &[&str], ignore_case: bool| {
        let mut parser = parser(&paths(texts), ignore_case);
        read(&mut parser, line);
        unknown(&parser.0, line)
    };
    let left = |text: &str| Some(text.to_owned());
    assert_eq!(
        unknown_of(&["$.a.b"], false),
        left(r#"{"c":3,"B":4,"d":[5]}"#)
    );
    assert_eq!(
        unknown_of(&["$.a[7]", "c"], false),
        left(r#"{"B":4,"d":[5]}"#)
    );
    assert_eq!(unknown_of(&["A", "b", "$.C.x"], true), left(r#"{"d":[5]}"#));
    assert_eq!(unknown_of(&["$[0]"], false), left(line));
    assert_eq!(unknown_of(&["$"], false), None);
}

#[test]
fn containers_that_are_entered_count_as_levels() {
    let path = paths(&[&format!("${}", ".a".repeat(16))]);
    let nested = |levels: usize| {
        let line = format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        let known = of_fields(&[], false).read(line.as_bytes(), false);
        assert_eq!(parser(&path, false).0.read(line.as_bytes(), false), known);
        known
    };
    assert_eq!(nested(128), Ok(()));
    assert!(nested(129).is_err());
}

#[test]
fn a_record_that_may_be_any_value_may_have_128_levels_too() {
    let root = FieldPath::parse("$").unwrap();
    let mut parser = LineParser::of(&[&root], false, true).0.of_opened();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let mut is_read = |levels: usize| {
            let text = open.repeat(levels) + "1" + &close.repeat(levels);
            parser.read(text.as_bytes(), false).is_ok()
        };
        assert!(is_read(128) && !is_read(129), "{open}");
    }
}

#[test]
fn a_flood_of_one_name_takes_linear_time() {
    let texts: Vec<String> = (0..5_000).map(|n| format!("$.a.f{n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut parser = parser(&paths(&texts), false);
    let line = format!(
        "{{{}\"a\":{{\"f7\":1}}}}",
        "\"a\":{\"f4999\":0},".repeat(100_000)
    );
    let found = read(&mut parser, &line);
    assert_eq!(found.iter().flatten().collect::<Vec<_>>(), ["1"]);
    assert_eq!(found[7].as_deref(), Some("1"));
}

/// The members of an object in the order of its text, those of one name among them.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// Follows a path step by step, as the rules say it.
fn naive<'l>(text: &'l str, path: &[Segment], ignore_case: bool) -> Option<&'l str> {
    let Some((step, rest)) = path.split_first() else {
        return Some(text);
    };
    let next = match step {
        Segment::Name(name) => {
            let Members(members) = serde_json::from_str(text).ok()?;
            let exact = members.iter().rfind(|(own, _)| own == name);
            let alike = |own: &str| ignore_case && own.eq_ignore_ascii_case(name);
            exact
                .or_else(|| members.iter().rfind(|(own, _)| alike(own)))?
                .1
        }
        Segment::Index(index) => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            elements.into_iter().nth(usize::try_from(*index).ok()?)?
        }
    };
    naive(next.get(), rest, ignore_case)
}

/// A name as a sender may write it, with or without escapes.
fn written_name() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        r#""a""#,
        r#""b""#,
        r#""A""#,
        r#""B""#,
        r#""\u0061""#,
        r#""\u0041""#,
        r#""é""#,
        r#""\u00e9""#,
        r#""É""#,
        r#""""#,
        r#""a\"b\n""#,
        r#""0""#,
        r#""x""#,
    ])
    .prop_map(str::to_owned)
}

fn document() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "1",
        "-0.5e3",
        "\"\"",
        "\"{\\\"a\\\":1}\"",
        "\"\\u00e9\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
    ]);
    let blank = || prop::sample::select(vec!["", "", " ", "\n\t"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(5, 60, 5, move |inner| {
            let array =
                prop::collection::vec((inner.clone(), blank()), 0..4).prop_map(|elements| {
                    let elements = elements
                        .iter()
                        .map(|(value, blank)| format!("{blank}{value}{blank}"));
                    format!("[{}]", elements.collect::<Vec<_>>().join(","))
                });
            prop_oneof![array, object(inner, blank())]
        })
}

fn object(
    value: impl Strategy<Value = String> + 'static,
    blank: impl Strategy<Value = &'static str> + 'static,
) -> impl Strategy<Value = String> {
    prop::collection::vec((written_name(), value, blank), 0..5).prop_map(|members| {
        let members = members
            .iter()
            .map(|(name, value, blank)| format!("{blank}{name}{blank}:{blank}{value}{blank}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    })
}

fn line() -> impl Strategy<Value = String> {
    object(document(), Just(""))
}

/// Paths whose names differ in more than case.
fn some_paths() -> impl Strategy<Value = Vec<FieldPath>> {
    let name = prop::sample::select(vec!["a", "B", "é", "", "a\"b\n", "0"]);
    let segment = prop_oneof![
        4 => name.prop_map(|name| Segment::Name(name.to_owned())),
        1 => (0_u64..3).prop_map(Segment::Index),
    ];
    let path = prop::collection::vec(segment, 0..5).prop_map(FieldPath::to);
    prop::collection::vec(path, 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn paths_find_what_a_naive_walk_finds(
        paths in some_paths(), lines in prop::collection::vec(line(), 1..4), ignore_case: bool,
    ) {
        let mut parser = parser(&paths, ignore_case);
        for line in &lines {
            let found = read(&mut parser, line);
            for (path, found) in paths.iter().zip(&found) {
                let expected = naive(line, path.segments(), ignore_case);
                prop_assert_eq!(found.as_deref(), expected, "{} in {}", path, line);
            }
            let is_root = paths.iter().any(|path| path.segments().is_empty());
            let reads = |name: &str| paths.iter().any(|path| match path.segments() {
                [Segment::Name(own), ..] => own == name || ignore_case && own.eq_ignore_ascii_case(name),
                _ => false,
            });
            let mut expected = serde_json::from_str::<serde_json::Map<String, Value>>(line).unwrap();
            expected.retain(|name, _| !is_root && !reads(name));
            let left: Option<serde_json::Map<String, Value>> = unknown(&parser.0, line).map(|text| serde_json::from_str(&text).unwrap());
            prop_assert_eq!(left.unwrap_or_default(), expected, "{}", line);
        }
    }

    #[test]
    fn lines_are_refused_alike_whether_they_are_entered_or_not(
        paths in some_paths(), line in line(), at: prop::sample::Index,
        piece in prop::sample::select(vec!["", "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0061", "1", " ", "\u{1}", "null"]),
        cut in 0_usize..3, ignore_case: bool,
    ) {
        let mut text: Vec<char> = line.chars().collect();
        let at = at.index(text.len());
        let end = (at + cut).min(text.len());
        text.splice(at..end, piece.chars());
        let text: String = text.into_iter().collect();
        let expected = of_fields(&[], false).read(text.as_bytes(), false);
        prop_assert_eq!(parser(&paths, ignore_case).0.read(text.as_bytes(), false), expected, "{}", text);
    }

    #[test]
    fn no_bytes_make_the_walk_panic(
        paths in some_paths(), ignore_case: bool,
        lines in prop::collection::vec(prop::collection::vec(prop::sample::select(b"{{}[]\"\",::\\ua1AB0\xC3\xA9 \x00\xFF".to_vec()), 0..40), 1..5),
    ) {
        let (mut parser, numbers) = parser(&paths, ignore_case);
        for line in lines {
            let line = [b"{\"a\":", line.as_slice()].concat();
            if parser.read(&line, false).is_ok() {
                let raw: Vec<&[u8]> = numbers.iter().map(|number| parser.token(*number).raw(&line)).collect();
                prop_assert_eq!(raw.len(), paths.len());
                let _ = parser.write_unknown(&line, None, &mut Vec::new());
            }
        }
        prop_assert_eq!(parser.token(usize::MAX), Token::default());
    }
}
