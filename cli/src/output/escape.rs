//! What a terminal would take for a command is shown instead of obeyed; pure.
//!
//! Any producer can send an event whose text clears the screen, retitles the window, writes to the clipboard or turns
//! the reading order round. So every text that leaves the command goes through here: in place of a control character
//! (C0, DEL, C1), a mark that changes the direction of text, or a separator of lines or paragraphs stands its escape in
//! the notation of JSON and TOML, `\u001b` for ESC. All of them are inside of the strings of a JSON text, so it stays
//! the same JSON.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns whether a terminal would do something else with a character than show it.
pub(crate) fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{61c}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns a value for people: one line, whatever it holds.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    without(text, &[])
}

/// Returns lines for people or for programs: line feeds and tabs stay.
pub(super) fn escaped_lines(text: &str) -> Cow<'_, str> {
    without(text, &['\n', '\t'])
}

/// Writes a text as one word of a command line, quoted where a shell would take it apart.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:=@%\\".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

fn without<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let is_escaped = |c: char| is_unsafe(c) && !kept.contains(&c);
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_escaped(c) {
            false => safe.push(c),
            // All of them are below U+10000.
            true => {
                let _ = write!(safe, "\\u{:04x}", u32::from(c));
            }
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_any_text_for_one_word() {
        for plain in ["a/b_c-1.2,x:y=z@%+", r"C:\shop"] {
            assert_eq!(shell_word(plain), plain);
        }
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("~/a b"), "'~/a b'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        for (text, expected) in [
            ("plain, ünïcödé, 数字, 👩‍👧", "plain, ünïcödé, 数字, 👩‍👧"),
            (
                "\u{1b}]0;pwned\u{7}\u{1b}[2J",
                r"\u001b]0;pwned\u0007\u001b[2J",
            ),
            ("\u{9b}31m", r"\u009b31m"),
            ("a\u{7f}b\0", r"a\u007fb\u0000"),
            ("\u{202e}gpj.exe\u{2066}", r"\u202egpj.exe\u2066"),
            ("a\nb\tc\rd", r"a\u000ab\u0009c\u000dd"),
            ("", ""),
        ] {
            assert_eq!(escaped(text), expected);
        }
        assert_eq!(escaped_lines("a\nb\tc\rd"), "a\nb\tc\\u000dd");
    }

    #[test]
    fn an_escaped_json_text_is_the_same_json() {
        let value =
            serde_json::json!({ "a\u{9b}": "\u{1b}\u{7f}\u{202e}\u{85}\n", "b": [1, "\t"] });
        for text in [value.to_string(), format!("{value:#}")] {
            let safe = escaped_lines(&text);
            assert!(!safe.chars().any(|c| is_unsafe(c) && c != '\n'), "{safe}");
            let read: serde_json::Value = serde_json::from_str(&safe).unwrap();
            assert_eq!(read, value);
        }
    }
}
