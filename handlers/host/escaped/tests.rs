use proptest::prelude::*;

use super::*;

const ALL: Keep<'static> = Keep {
    name: &|_| true,
    skips_nulls: false,
};

fn escaped(text: &str) -> Vec<u8> {
    let quoted = serde_json::to_string(text).unwrap();
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

#[test]
fn a_string_ends_at_the_first_bracket_before_a_quote() {
    let text = r#""[\"a\",\"]\\\"\"]","next":1"#;
    let mut scanner = Scanner::new(text.as_bytes(), true).unwrap();
    let taken = Escaped::take(&mut scanner).unwrap();
    assert_eq!(taken.decode().unwrap(), r#"["a","]\""]"#);
    assert!(scanner.eat(b','));
    for text in ["\"a\"", "\"[", "[1]", "\"[]", ""] {
        let mut scanner = Scanner::new(text.as_bytes(), true).unwrap();
        assert!(Escaped::take(&mut scanner).is_none(), "{text}");
    }
}

#[test]
fn arrays_of_texts_and_numbers_are_read_where_they_stand() {
    let texts = escaped(r#"["eyJhIjoxfQ==","","x"]"#);
    let texts = Escaped(&texts).texts().unwrap();
    assert_eq!(texts, [&b"eyJhIjoxfQ=="[..], b"", b"x"]);
    assert_eq!(Escaped(b"[1,-2,30]").numbers().unwrap(), [1, -2, 30]);
    assert_eq!(Escaped(b"[]").numbers().unwrap(), Vec::<i64>::new());
    for odd in ["[1,]", "[1", "[,1]", "[1 ]", "[true]", "[1]]", "[[1]]"] {
        assert!(Escaped(odd.as_bytes()).numbers().is_none(), "{odd}");
    }
    for odd in [r#"["a\n"]"#, r#"["a" ]"#, r#"["a","#, "[1]"] {
        assert!(Escaped(&escaped(odd)).texts().is_none(), "{odd}");
    }
}

#[test]
fn an_object_of_another_form_is_not_read_here() {
    for odd in [
        "[{\"a\":1,}]",
        "[{\"a\":01}]",
        "[{\"a\":[1]}]",
        "[{\"a\":\"\n\"}]",
        "[{\"a\":\"\\u0041\"}]",
        "[{\"\\\"\":1}]",
        "[{\"a\" :1}]",
        "[{\"a\":tru}]",
        "[{\"a\":}]",
        "[{]",
        "[null]",
        "[{} ]",
    ] {
        let (mut out, mut ends) = (Vec::new(), Vec::new());
        let text = escaped(odd);
        let read = Escaped(&text).objects(&ALL, &mut out, &mut ends);
        assert!(read.is_none(), "{odd}");
    }
    let raw = b"[{\\\"a\\\":\\\"\x01\\\"}]";
    let read = Escaped(raw).objects(&ALL, &mut Vec::new(), &mut Vec::new());
    assert!(read.is_none(), "a control character that is not escaped");
}

proptest! {
    #[test]
    fn objects_that_look_alike_are_read_as_if_each_stood_alone(
        objects in prop::collection::vec(prop::collection::vec((0..4usize, 0..6usize), 0..5), 1..6),
        skips_nulls: bool,
    ) {
        let values = ["null", "1", "12", "\"a\"", "\"a, long, enough: value\"", "\"a\\\"\\\\\""];
        let member = |(name, value): &(usize, usize)| {
            format!("\"{}\":{}", ["kept", "dropped", "kept too", "k"][*name], values[value % if *name == 1 { 5 } else { 6 }])
        };
        let objects = objects.iter().map(|members| {
            let members: Vec<String> = members.iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        });
        let objects: Vec<String> = objects.collect();
        let keep = Keep { name: &|name| name != b"dropped", skips_nulls };
        let read = |objects: &[String]| {
            let text = escaped(&format!("[{}]", objects.join(",")));
            let (mut out, mut ends) = (Vec::new(), Vec::new());
            Escaped(&text).objects(&keep, &mut out, &mut ends).unwrap();
            (String::from_utf8(out).unwrap(), ends.len())
        };
        let alone: String = objects.iter().map(|object| read(std::slice::from_ref(object)).0).collect();
        prop_assert_eq!(read(&objects), (alone, objects.len()));
    }

    #[test]
    fn no_text_makes_the_reader_panic(pieces in prop::collection::vec(prop::sample::select(vec!["[", "]", "{", "}", "\\\"", "\\\\", "\\", "\"", ",", ":", "1", "a", "null"]), 0..20)) {
        let text = pieces.concat();
        let escaped = Escaped(text.as_bytes());
        let _ = (escaped.texts(), escaped.numbers(), escaped.decode());
        let _ = escaped.objects(&ALL, &mut Vec::new(), &mut Vec::new());
    }
}
