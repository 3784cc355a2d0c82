use arrow_array::Array;
use arrow_array::cast::AsArray;
use proptest::prelude::*;
use serde_json::Value as Json;

use super::{Dataset, at, with_column};
use crate::event::RejectReason;
use crate::silver::cast::hide::Hider;
use crate::silver::cast::{Caster, FinishError};
use crate::value::mask::Salt;

fn salt() -> Salt {
    Salt::new("0123456789abcdef").unwrap()
}

fn salted(column: &str) -> Dataset {
    with_column(column).salted(Some(salt())).unwrap()
}

/// The value of `v` in the row of a line, and what is rescued.
fn cast(dataset: &Dataset, line: &str) -> (Option<String>, Option<String>) {
    let mut caster = Caster::new(dataset);
    caster.push(line.as_bytes(), at(0)).unwrap();
    let cast = caster.finish().unwrap();
    let text = |values: &arrow_array::ArrayRef| {
        let values = values.as_string::<i32>();
        values.is_valid(0).then(|| values.value(0).to_owned())
    };
    (text(&cast.columns[1]), cast.rescued.as_ref().and_then(text))
}

fn masked(dataset: &Dataset, value: &str) -> Option<String> {
    cast(dataset, &format!("{{\"t\":0,\"v\":{value}}}")).0
}

fn hash(text: &str) -> Option<String> {
    let mut hash = Vec::new();
    salt().mask(text.as_bytes(), &mut hash);
    Some(String::from_utf8(hash).unwrap())
}

#[test]
fn equal_values_have_one_hash_however_they_are_written() {
    for (kind, values, text) in [
        ("int64", vec!["7", "\"7\"", "7.0", "70e-1"], "7"),
        ("decimal(5,2)", vec!["1.5", "\"1.50\"", "1.499"], "1.50"),
        ("bool", vec!["1", "\"TRUE\"", "true"], "true"),
        (
            "timestamp",
            vec!["\"1970-01-01T00:00:01Z\"", "\"1970-01-01T01:00:01+01:00\""],
            "1970-01-01T00:00:01Z",
        ),
        ("date", vec!["\"2024-02-29\""], "2024-02-29"),
        ("string", vec!["\"é\"", "\"\\u00e9\""], "é"),
    ] {
        let dataset = salted(&format!("type = \"{kind}\"\nmask = \"sha256\""));
        for value in values {
            assert_eq!(masked(&dataset, value), hash(text), "{value}");
        }
        assert_eq!(masked(&dataset, "null"), None, "null stays null");
    }
}

#[test]
fn last4_and_drop_leave_what_they_say() {
    let last4 = salted("type = \"string\"\nmask = \"last4\"");
    assert_eq!(
        masked(&last4, "\"4111111111111234\"").as_deref(),
        Some("1234")
    );
    assert_eq!(masked(&last4, "\"1234567\"").as_deref(), Some(""));
    assert_eq!(masked(&last4, "null"), None);
    let number = salted("type = \"int64\"\nmask = \"last4\"");
    assert_eq!(masked(&number, "41111111.0").as_deref(), Some("1111"));
    let drop = salted("type = \"string\"\nmask = \"drop\"");
    assert_eq!(cast(&drop, "{\"t\":0,\"v\":\"x\"}"), (None, None));
}

#[test]
fn rules_see_the_value_and_all_else_the_mask() {
    let dataset =
        salted("type = \"int64\"\nmin = 10\nallowed = [12]\nnulls = [\"-\"]\nmask = \"sha256\"");
    assert_eq!(masked(&dataset, "12"), hash("12"));
    for (value, reason) in [
        ("\"ada@example.com\"", "invalid_value"),
        ("9", "out_of_range"),
        ("11", "not_allowed"),
    ] {
        let mut caster = Caster::new(&dataset);
        let line = format!("{{\"t\":0,\"x\":1,\"v\":{value}}}");
        caster.push(line.as_bytes(), at(0)).unwrap();
        assert_eq!(caster.nulled()[0].reason.as_str(), reason);
        let (found, rescued) = cast(&dataset, &line);
        assert_eq!(found, None);
        assert_eq!(
            rescued.as_deref(),
            Some(r#"{"x":1,"$invalid":{"v":"***"}}"#)
        );
    }
    let default = salted("type = \"string\"\ndefault = \"nobody\"\nmask = \"sha256\"");
    assert_eq!(masked(&default, "null"), hash("nobody"));
    let pattern = salted("type = \"string\"\npattern = '\\d+'\nmask = \"last4\"");
    assert_eq!(masked(&pattern, "\"123456789\"").as_deref(), Some("6789"));
    assert_eq!(masked(&pattern, "\"12345678x\""), None);
    let drop = salted("type = \"int64\"\nmask = \"drop\"\non_invalid = \"quarantine\"");
    let refused = Caster::new(&drop).push(b"{\"t\":0,\"v\":\"x\"}", at(0));
    assert_eq!(refused.unwrap_err().reason, RejectReason::InvalidValue);
}

#[test]
fn a_refusal_does_not_quote_what_a_mask_hides() {
    let dataset = salted("type = \"int64\"\nrequired = true\nmask = \"sha256\"");
    let mut caster = Caster::new(&dataset);
    let reject = caster.push(b"{\"t\":0,\"v\":\"ada\"}", at(0)).unwrap_err();
    assert_eq!(
        reject.detail,
        "\"***\" is not a value of type int64: expected a whole number"
    );
    caster.push(b"{\"t\":0,\"v\":1}", at(1)).unwrap();
    assert_eq!(
        caster.finish().unwrap().columns[1].len(),
        1,
        "nothing is left of it"
    );
}

#[test]
fn without_a_salt_there_are_no_rows() {
    let dataset = with_column("type = \"string\"\nmask = \"sha256\"");
    let mut caster = Caster::new(&dataset);
    caster.push(b"{\"t\":0,\"v\":\"ada\"}", at(0)).unwrap();
    assert!(matches!(caster.finish(), Err(FinishError::Salt(_))));
}

/// What may be shown of a text, and where a position in it is then.
fn shown(column: &str, text: &str, position: usize) -> Option<(String, usize)> {
    let dataset = with_column(&format!("type = \"string\"\nmask = \"drop\"\n{column}"));
    let hider = Hider::of(&dataset).unwrap();
    let (shown, position) = hider.hide(text.as_bytes(), position)?;
    Some((String::from_utf8(shown).unwrap(), position))
}

#[test]
fn every_value_at_a_masked_place_is_hidden() {
    let text = |column: &str, text: &str| shown(column, text, 0).map(|(text, _)| text);
    for (column, line, expected) in [
        ("", r#" {"v":"ada", "w":1} "#, r#" {"v":"***", "w":1} "#),
        (
            "",
            r#"{"v":1,"\u0076":{"a":[2]},"v":null}"#,
            r#"{"v":"***","\u0076":"***","v":"***"}"#,
        ),
        (
            "from = \"$.a[1].b\"",
            r#"{"a":[{"b":1},{"b":2,"c":3},{"b":4}],"a":[0,{"b":5}]}"#,
            r#"{"a":[{"b":1},{"b":"***","c":3},{"b":4}],"a":[0,{"b":"***"}]}"#,
        ),
        (
            "from = [\"v\", \"$.a.v\"]",
            r#"{"a":{"v":1}}"#,
            r#"{"a":{"v":"***"}}"#,
        ),
        (
            "from = [\"v\", \"$.a.v\"]",
            r#"{"v":null,"a":{"v":1}}"#,
            r#"{"v":"***","a":{"v":"***"}}"#,
        ),
    ] {
        assert_eq!(text(column, line).as_deref(), Some(expected), "{line}");
    }
    let all = with_column("type = \"json\"\nmask = \"drop\"\nfrom = \"$.w\"");
    let any_case = Dataset {
        payload: crate::dataset::Payload {
            ignore_case: true,
            ..crate::dataset::Payload::default()
        },
        ..all
    };
    let hider = Hider::of(&any_case).unwrap();
    let (hidden, _) = hider.hide(br#"{"W":1,"w":2}"#, 0).unwrap();
    assert_eq!(hidden, br#"{"W":"***","w":"***"}"#);
}

#[test]
fn a_text_in_which_the_place_cannot_be_found_is_withheld() {
    for line in [
        r#"{"w":"ada"}"#,
        r#"{"V":"ada"}"#,
        r#"{"v":"ada""#,
        r#"{"v":"ada"} {}"#,
        r#"{"v":"ada",}"#,
        r#"{"v" "ada"}"#,
        r#"["ada"]"#,
        "ada",
        "",
    ] {
        assert_eq!(shown("", line, 0), None, "{line}");
    }
    assert_eq!(shown("from = \"$.a.v\"", r#"{"a":"ada"}"#, 0), None);
    let dataset = with_column("type = \"string\"\nmask = \"drop\"");
    assert_eq!(
        Hider::of(&dataset).unwrap().hide(b"{\"v\":\"\xff\"}", 0),
        None
    );
    assert!(Hider::of(&with_column("type = \"string\"")).is_none());
}

#[test]
fn a_position_is_where_it_was_in_what_is_shown() {
    let line = r#"{"a":1,"v":"a long secret","b":2}"#;
    for (place, expected) in [(5, 5), (11, 11), (15, 11), (30, 20)] {
        let (shown, position) = shown("", line, place).unwrap();
        assert_eq!(position, expected, "{shown}");
    }
    let (shown, position) = shown("", r#"{"v":1,"b":2}"#, 11).unwrap();
    assert_eq!(&shown[position..], "2}");
}

proptest! {
    #[test]
    fn nothing_but_masked_values_changes_and_none_of_them_is_left(
        fields in prop::collection::vec((prop::sample::select(vec!["v", "w", "a", "\\u0076"]), 0..3_u8), 1..8),
    ) {
        let secret = "SECRET";
        let fields: Vec<String> = fields.iter().map(|(name, kind)| {
            let is_masked = matches!(*name, "v" | "\\u0076");
            let inner = if is_masked { secret } else { "plain" };
            match kind {
                0 => format!("\"{name}\":\"{inner}\""),
                1 => format!("\"{name}\" : [1,{{\"v\":\"{inner}\"}}]"),
                _ => format!("\"{name}\":{{\"{inner}\":null}}"),
            }
        }).collect();
        let line = format!("{{{}}}", fields.join(", "));
        let has_place = line.contains("\"v\":") || line.contains("\"v\" :") || line.contains("\\u0076");
        match shown("", &line, 0) {
            Some((hidden, _)) => {
                prop_assert!(!hidden.contains(secret), "{}", hidden);
                let before: Json = serde_json::from_str(&line).unwrap();
                let after: Json = serde_json::from_str(&hidden).unwrap();
                for (name, value) in before.as_object().unwrap() {
                    let found = &after[name];
                    match name.as_str() {
                        "v" => prop_assert_eq!(found, "***"),
                        _ => prop_assert_eq!(found, value),
                    }
                }
            }
            None => prop_assert!(!has_place || !line.contains(secret), "{}", line),
        }
    }
}
