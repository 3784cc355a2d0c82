//! Numbers that are none, as some producers write them: null.

use std::borrow::Cow;

use super::plain_length;

/// Returns a text with null where a NaN or what is infinite stands, with quotes or without, but for names. What is no JSON
/// otherwise stays, for a scanner to refuse.
pub(crate) fn nulled(text: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut at, mut copied) = (0, 0);
    while let Some(byte) = text.get(at) {
        let start = at;
        let is_it = match byte {
            b'"' => {
                at = string_end(text, start + 1);
                let string = text.get(start..at);
                let content = string.and_then(|text| text.strip_prefix(b"\"")?.strip_suffix(b"\""));
                content.is_some_and(is_non_finite) && !is_name(text, at)
            }
            byte if is_of_word(*byte) => {
                at = word_end(text, start);
                text.get(start..at).is_some_and(is_non_finite)
            }
            _ => {
                at += 1;
                false
            }
        };
        if is_it {
            out.extend_from_slice(text.get(copied..start).unwrap_or_default());
            out.extend_from_slice(b"null");
            copied = at;
        }
    }
    match copied {
        0 => Cow::Borrowed(text),
        copied => {
            out.extend_from_slice(text.get(copied..).unwrap_or_default());
            Cow::Owned(out)
        }
    }
}

fn is_non_finite(word: &[u8]) -> bool {
    if word == b"NaN" {
        return true;
    }
    let unsigned = match word {
        [b'+' | b'-', unsigned @ ..] => unsigned,
        unsigned => unsigned,
    };
    matches!(unsigned, b"Infinity" | b"nan" | b"inf")
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.' | b'_') || !byte.is_ascii()
}

fn word_end(text: &[u8], start: usize) -> usize {
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.iter().position(|byte| !is_of_word(*byte));
    start + length.unwrap_or(rest.len())
}

/// Returns the place after the closing quote of the string whose content begins at `at`; the end of the text if it has none.
fn string_end(text: &[u8], mut at: usize) -> usize {
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(plain) = plain_length(rest) else {
            return text.len();
        };
        at += plain;
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            _ => at += 1,
        }
    }
}

/// Returns whether the string that ends at `at` is the name of a member.
fn is_name(text: &[u8], at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    let mut after = rest.iter();
    after.find(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn text(input: &str) -> String {
        String::from_utf8(nulled(input.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn what_is_not_finite_is_null_with_quotes_or_without() {
        for word in [
            "NaN",
            "Infinity",
            "+Infinity",
            "-Infinity",
            "nan",
            "+nan",
            "-nan",
            "inf",
            "+inf",
            "-inf",
        ] {
            let input = format!(r#"{{"a":{word},"b":["{word}" , {word}],"{word}" : 1}}"#);
            let expected = format!(r#"{{"a":null,"b":[null , null],"{word}" : 1}}"#);
            assert_eq!(text(&input), expected);
            assert_eq!(text(word), "null");
        }
    }

    #[test]
    fn other_words_and_texts_that_hold_them_stay() {
        for input in [
            r#"{"a":"NaN ","b":"a NaN","c":"\"NaN","d":"NaN\"","e":"\u004eaN"}"#,
            r#"{"a":NAN,"b":Nan,"c":INF,"d":infinity,"e":--inf,"f":NaN1,"g":1NaN,"h":-NaN}"#,
            r#"{"a":null,"b":1e5,"c":true,"d":-0.5,"nan":1,"inf"
              : 2}"#,
            "\"NaN",
            "\"NaNx",
            "\"NaN\\",
            "\"",
            "",
        ] {
            assert_eq!(text(input), input);
            assert!(matches!(nulled(input.as_bytes()), Cow::Borrowed(_)));
        }
    }

    proptest! {
        #[test]
        fn json_without_such_words_stays_as_it_is(value in any::<(String, i64, Vec<bool>)>()) {
            let value = serde_json::json!({ &value.0: value.1, "b": value.2, "c": [value.0] });
            let written = value.to_string();
            let read: Value = serde_json::from_slice(&nulled(written.as_bytes())).unwrap();
            prop_assert_eq!(read, value);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>, text in "[\"\\\\NaInf:{} ]{0,40}") {
            let _ = nulled(&bytes);
            let once = nulled(text.as_bytes());
            prop_assert_eq!(&nulled(&once), &once);
        }
    }
}
