use proptest::prelude::*;

use super::*;

fn name(name: &str) -> Segment {
    Segment::Name(name.to_owned())
}

fn segments(text: &str) -> Vec<Segment> {
    let path = FieldPath::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(path.to_string(), text);
    path.segments().to_vec()
}

#[test]
fn only_what_begins_like_a_path_is_one() {
    for text in [
        "a", "meter.id", "$type", "$id", "$schema", "$ .a", "$$", "[0]", "@.a", "a[0]", " $.a",
        "..", "*", "$'a'", "$-",
    ] {
        assert_eq!(segments(text), [name(text)], "{text}");
        assert!(FieldPath::parse(text).unwrap().is_field(text));
    }
    assert_eq!(segments("$"), []);
    assert!(!FieldPath::parse("$").unwrap().is_field("$"));
    assert!(FieldPath::parse("$['a.b']").unwrap().is_field("a.b"));
}

#[test]
fn names_and_indices_are_read_by_the_grammar_of_the_rfc() {
    let cases: &[(&str, &[Segment])] = &[
        ("$.a", &[name("a")]),
        ("$._a1", &[name("_a1")]),
        ("$.é☺𝄞", &[name("é☺𝄞")]),
        ("$.\u{80}\u{10FFFF}", &[name("\u{80}\u{10FFFF}")]),
        ("$.a.b.c", &[name("a"), name("b"), name("c")]),
        ("$['a']", &[name("a")]),
        ("$[\"a\"]", &[name("a")]),
        ("$['']", &[name("")]),
        ("$['a b-c.d[0]$@*']", &[name("a b-c.d[0]$@*")]),
        ("$['\"']", &[name("\"")]),
        ("$[\"'\"]", &[name("'")]),
        ("$['\\'']", &[name("'")]),
        ("$[\"\\\"\"]", &[name("\"")]),
        (
            "$['\\b\\f\\n\\r\\t\\/\\\\']",
            &[name("\u{8}\u{c}\n\r\t/\\")],
        ),
        ("$['\\u0061\\u00E9\\u263a']", &[name("aé☺")]),
        ("$['\\uD834\\udd1e']", &[name("𝄞")]),
        ("$['\u{7F}\u{10FFFF}']", &[name("\u{7F}\u{10FFFF}")]),
        ("$[0]", &[Segment::Index(0)]),
        ("$.a[10]", &[name("a"), Segment::Index(10)]),
        (
            "$[9007199254740991]",
            &[Segment::Index(9_007_199_254_740_991)],
        ),
        (
            "$.a ['b']\t.c\r\n[0]",
            &[name("a"), name("b"), name("c"), Segment::Index(0)],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(segments(text), *expected, "{text}");
    }
}

/// A path, the character that does not fit, and what the message says.
const REFUSED: &[(&str, usize, &str)] = &[
    ("$..a", 2, "finds values at every level"),
    ("$.a..b", 4, "finds values at every level"),
    ("$..[0]", 2, "finds values at every level"),
    ("$.*", 3, "takes all members or elements"),
    ("$.a.*", 5, "takes all members or elements"),
    ("$[*]", 3, "takes all members or elements"),
    ("$.a[*].b", 5, "takes all members or elements"),
    ("$.a*", 4, "takes all members or elements"),
    ("$[:]", 3, "a slice takes several elements"),
    ("$[1:2]", 4, "a slice takes several elements"),
    ("$[-1:]", 5, "a slice takes several elements"),
    ("$[1 : 2]", 5, "a slice takes several elements"),
    ("$['a','b']", 6, "several selectors"),
    ("$['a' , 'b']", 7, "several selectors"),
    ("$[0,1]", 4, "several selectors"),
    ("$[?@.a]", 3, "a filter chooses"),
    ("$.a[?(@.b == 1)]", 5, "a filter chooses"),
    ("$.a.length()", 11, "functions and expressions"),
    ("$[(@.length-1)]", 3, "functions and expressions"),
    ("$[-1]", 3, "a negative index"),
    ("$.a[-10]", 5, "a negative index"),
    ("$[-0]", 3, "an index is 0, or"),
    ("$[01]", 3, "an index is 0, or"),
    ("$[-]", 3, "an index is 0, or"),
    ("$[9007199254740992]", 3, "an index is 0, or"),
    ("$[99999999999999999999999]", 3, "an index is 0, or"),
    ("$[1e3]", 4, "a closing bracket"),
    ("$.", 3, "a name is missing"),
    ("$.a.", 5, "a name is missing"),
    ("$.1a", 3, "a name after a dot"),
    ("$.$type", 3, "a name after a dot"),
    ("$. a", 3, "a name after a dot"),
    ("$.a-b", 4, "a name after a dot"),
    ("$.@b", 3, "a name after a dot"),
    ("$.a\u{7F}", 4, "a name after a dot"),
    ("$.'a'", 3, "a name after a dot"),
    ("$.a'b'", 4, "a path goes on with"),
    ("$.a]", 4, "a path goes on with"),
    ("$[a]", 3, "brackets hold a name in quotes"),
    ("$[]", 3, "brackets hold a name in quotes"),
    ("$[@]", 3, "brackets hold a name in quotes"),
    ("$[ 'a']", 3, "blanks are allowed only"),
    ("$['a' ]", 6, "blanks are allowed only"),
    ("$[0 ]", 4, "blanks are allowed only"),
    ("$.a ", 4, "does not end in a blank"),
    ("$['a", 5, "has no end"),
    ("$['a\\'", 7, "has no end"),
    ("$[", 3, "a closing bracket"),
    ("$['a'", 6, "a closing bracket"),
    ("$[0", 4, "a closing bracket"),
    ("$['a'b]", 6, "a closing bracket"),
    ("$['a\nb']", 5, "a control character"),
    ("$['\\a']", 4, "an unknown escape"),
    ("$['\\\"']", 4, "an unknown escape"),
    ("$[\"\\'\"]", 4, "an unknown escape"),
    ("$['\\u12']", 4, "an unknown escape"),
    ("$['\\u12G4']", 4, "an unknown escape"),
    ("$['\\U0041']", 4, "an unknown escape"),
    ("$['\\", 4, "an unknown escape"),
    ("$['\\uD834']", 4, "half of a surrogate pair"),
    ("$['\\uD834\\u0041']", 4, "half of a surrogate pair"),
    ("$['\\uDD1E']", 4, "half of a surrogate pair"),
];

#[test]
fn what_is_no_place_is_refused_with_a_message_of_its_own() {
    for (text, character, message) in REFUSED {
        let error = FieldPath::parse(text).expect_err(text);
        assert_eq!(error.character, *character, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
    let error = FieldPath::parse("$.a[*]").unwrap_err();
    assert!(
        error.to_string().starts_with("at character 5: \"*\" takes"),
        "{error}"
    );
}

#[test]
fn a_path_has_at_most_sixteen_segments() {
    assert_eq!(segments(&format!("${}", ".a".repeat(16))).len(), 16);
    let error = FieldPath::parse(&format!("${}", "[0]".repeat(17))).unwrap_err();
    assert_eq!(error.character, 2 + 16 * 3);
    assert!(error.message.contains("at most 16 segments"));
}

#[test]
fn a_path_lies_above_at_or_below_another() {
    let lies = |one: &str, other: &str, ignore_case| {
        let (one, other) = (FieldPath::parse(one), FieldPath::parse(other));
        one.unwrap().lies_to(&other.unwrap(), ignore_case)
    };
    for (one, other, expected) in [
        ("$.a", "$.a.b", Some(Ordering::Less)),
        ("$", "a", Some(Ordering::Less)),
        ("a", "$.a", Some(Ordering::Equal)),
        ("$.a[1].b", "$.a[1]", Some(Ordering::Greater)),
        ("$.a[1].b", "$.a[0]", None),
        ("$.a.b", "$.b", None),
        ("$.a", "$.A", None),
    ] {
        assert_eq!(lies(one, other, false), expected, "{one} {other}");
    }
    assert_eq!(lies("$.A.b", "$.a", true), Some(Ordering::Greater));
    assert_eq!(FieldPath::parse("a").unwrap().rooted(), "$.a");
    assert_eq!(FieldPath::parse("$").unwrap().rooted(), "$");
}

#[test]
fn a_name_with_dots_may_mean_a_path() {
    let meant = |text: &str| {
        let meant = FieldPath::parse(text).unwrap().meant_by_dots();
        meant.map(|path| path.to_string())
    };
    assert_eq!(meant("gas.totalUse").as_deref(), Some("$.gas.totalUse"));
    assert_eq!(meant("a.b-c").as_deref(), Some("$.a['b-c']"));
    for none in ["a", "$.a.b", "$['a.b']", "$type", "..", "a."] {
        assert_eq!(meant(none), None, "{none}");
    }
}

fn any_segment() -> impl Strategy<Value = Segment> {
    prop_oneof![
        any::<String>().prop_map(Segment::Name),
        "[a-z$_.]{0,3}".prop_map(Segment::Name),
        (0..1_u64 << 53).prop_map(Segment::Index),
    ]
}

proptest! {
    #[test]
    fn a_path_that_is_written_is_read_back(segments in prop::collection::vec(any_segment(), 0..=16)) {
        let path = FieldPath::to(segments);
        let read = FieldPath::parse(&path.to_string());
        prop_assert_eq!(read, Ok(path));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\$[.\\[](.|[\\[\\]'\"\\\\u0-9D:,*? -]){0,20}") {
        if let Err(error) = FieldPath::parse(&text) {
            prop_assert!(error.character <= text.chars().count() + 1);
        }
    }
}
