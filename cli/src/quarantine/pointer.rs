//! A place in the text of an event: a piece of it on one line, and a pointer below; pure.

use unicode_width::UnicodeWidthStr;

use crate::output::escaped;

/// Characters that are shown before the place, and of the value there and after it, where there is room.
const BEFORE: usize = 50;
const AFTER: usize = 40;
const LONGEST_POINTER: usize = 30;
/// What shows that a text goes on, at both ends.
const MARKS: usize = 2;

/// Returns the text around a byte offset of a body, and a line that points at the value there: in one line of `room`
/// columns, for a pointer below the second line of a text would point elsewhere.
pub(super) fn pointed(body: &[u8], position: usize, room: Option<usize>) -> [String; 2] {
    let room = room.map_or(2 * BEFORE, |room| room.saturating_sub(MARKS));
    let most_before = BEFORE.min(room / 2);
    let most_after = AFTER.min(room - most_before);
    let longest = LONGEST_POINTER.min(most_after);
    let (before, from) = body.split_at(position.min(body.len()));
    let (before, from) = (
        String::from_utf8_lossy(before),
        String::from_utf8_lossy(from),
    );
    let skipped = before.chars().count().saturating_sub(most_before);
    let shown: String = before.chars().skip(skipped).collect();
    let value = value_length(&from);
    let value: String = from.chars().take(value.min(longest)).collect();
    let after: String = from.chars().take(most_after).collect();
    let start = match skipped {
        0 => escaped(&shown).into_owned(),
        _ => format!("…{}", escaped(&shown)),
    };
    let end = if after.len() < from.len() { "…" } else { "" };
    let pointer = format!(
        "{}{}",
        " ".repeat(start.width()),
        "^".repeat(escaped(&value).width().max(1))
    );
    [format!("{start}{}{end}", escaped(&after)), pointer]
}

/// Returns how many characters the JSON value at the start of a text has; of an object or array its first one.
fn value_length(text: &str) -> usize {
    if let Some(rest) = text.strip_prefix('"') {
        let mut is_escaped = false;
        let end = rest.chars().position(|c| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        return end.map_or(text.chars().count(), |end| end + 2);
    }
    let is_word = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '+' | '.');
    text.chars().take_while(is_word).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_stands_under_the_whole_value() {
        for (body, position, text, pointer) in [
            (r#"{"a":-1.5,"b":2}"#, 5, r#"{"a":-1.5,"b":2}"#, "     ^^^^"),
            (
                r#"{"a":"x\"y","b":2}"#,
                5,
                r#"{"a":"x\"y","b":2}"#,
                "     ^^^^^^",
            ),
            (r#"{"a":[1]}"#, 5, r#"{"a":[1]}"#, "     ^"),
            (r#"{"a":1}"#, 7, r#"{"a":1}"#, "       ^"),
            (r#"{"a":1}"#, 99, r#"{"a":1}"#, "       ^"),
            (r#"{"数字":x}"#, 10, r#"{"数字":x}"#, "        ^"),
            (
                "{\"\u{1b}\":1}",
                5,
                "{\"\\u001b\":1}",
                &format!("{}^", " ".repeat(10)),
            ),
        ] {
            assert_eq!(
                pointed(body.as_bytes(), position, None),
                [text, pointer],
                "{body}"
            );
        }
    }

    #[test]
    fn of_a_long_text_the_piece_around_the_place_is_shown() {
        let body = format!(
            "{{\"a\":\"{}\",\"b\":\"{}\"}}",
            "x".repeat(500),
            "y".repeat(500)
        );
        let position = body.find("\"y").unwrap();
        let [text, pointer] = pointed(body.as_bytes(), position, None);
        assert!(text.starts_with("…x") && text.ends_with("y…"), "{text}");
        assert_eq!(text.chars().count(), 1 + BEFORE + AFTER + 1);
        assert_eq!(
            pointer.chars().filter(|c| *c == '^').count(),
            LONGEST_POINTER
        );
        assert_eq!(text.chars().nth(pointer.find('^').unwrap()), Some('"'));
    }

    #[test]
    fn a_narrow_terminal_shows_less_of_the_text_on_one_line() {
        let body = format!("{{\"a\":\"{}\",\"b\":7}}", "x".repeat(500));
        let position = body.find('7').unwrap();
        for room in [1, 36, 76, 200] {
            let [text, pointer] = pointed(body.as_bytes(), position, Some(room));
            let is_within = text.width() <= room.max(MARKS + 1) && pointer.width() <= text.width();
            assert!(is_within, "{room}: {text}");
        }
        let [text, pointer] = pointed(body.as_bytes(), position, Some(36));
        assert_eq!(text.chars().nth(pointer.find('^').unwrap()), Some('7'));
    }

    #[test]
    fn what_is_not_utf_8_is_shown_as_well_as_it_can_be() {
        assert_eq!(
            pointed(b"{\"a\":\xff}", 5, None),
            ["{\"a\":\u{fffd}}", "     ^"]
        );
    }
}
