//! Keys as the service takes them.
//!
//! Table storage refuses `/ \ # ?` and control characters in keys, and `%` and `'` make trouble. Each of them is written as
//! its predecessor followed by a mark, and the predecessor itself is written twice (the blank and the tilde, which
//! stand for the control characters, get a mark of their own). So escaping is reversible and **keeps the order of keys**:
//! a range of our keys is the same range of the service's keys. (The service compares UTF-16 units: only keys with
//! characters in U+E000..U+FFFF and others above U+FFFF in the same place sort differently from their UTF-8 bytes.)

use thiserror::Error;

/// Marks the character after the lead.
const NEXT: char = '_';

/// A key in the table that [`escape`] never writes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("row key {0:?} was not written by Sluice")]
pub(super) struct ForeignKey(String);

/// Writes a key such that the service takes it.
pub(super) fn escape(key: &str) -> String {
    let mut escaped = String::with_capacity(key.len() + key.len() / 8);
    for character in key.chars() {
        match character {
            '"' | '$' | '&' | '.' | '>' | '[' => escaped.extend([character, character]),
            '#' => escaped.extend(['"', NEXT]),
            '%' => escaped.extend(['$', NEXT]),
            '\'' => escaped.extend(['&', NEXT]),
            '/' => escaped.extend(['.', NEXT]),
            '?' => escaped.extend(['>', NEXT]),
            '\\' => escaped.extend(['[', NEXT]),
            '\0'..='\x1f' => escaped.extend([' ', shifted(character, 0)]),
            ' ' => escaped.push_str(" ~"),
            '~' => escaped.push_str("~!"),
            '\u{7f}'..='\u{9f}' => escaped.extend(['~', shifted(character, 0x7f)]),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Reads a key back.
pub(super) fn unescape(key: &str) -> Result<String, ForeignKey> {
    let mut original = String::with_capacity(key.len());
    let mut rest = key.chars();
    while let Some(lead) = rest.next() {
        if !matches!(lead, '"' | '$' | '&' | '.' | '>' | '[' | ' ' | '~') {
            original.push(lead);
            continue;
        }
        let mark = rest.next().ok_or_else(|| ForeignKey(key.to_owned()))?;
        let character = match (lead, mark) {
            (' ', '~') => Some(' '),
            (' ', _) => unshifted(mark, 0, 0x1f),
            ('~', '!') => Some('~'),
            ('~', _) => unshifted(mark, 0x7f, 0x9f),
            (_, NEXT) => char::from_u32(lead as u32 + 1),
            _ => Some(lead).filter(|lead| *lead == mark),
        };
        original.push(character.ok_or_else(|| ForeignKey(key.to_owned()))?);
    }
    Ok(original)
}

/// Returns the mark of a control character: `@` and what follows it, without the backslash.
fn shifted(character: char, base: u32) -> char {
    let mark = '@' as u32 + (character as u32).saturating_sub(base);
    let skipped = u32::from(mark >= '\\' as u32);
    char::from_u32(mark + skipped).unwrap_or(NEXT)
}

fn unshifted(mark: char, base: u32, last: u32) -> Option<char> {
    let skipped = u32::from(mark > '\\');
    let code = (mark as u32 - skipped).checked_sub('@' as u32)? + base;
    char::from_u32(code).filter(|_| mark != '\\' && code <= last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> impl Strategy<Value = String> {
        let odd = proptest::char::range('\0', '\u{a5}');
        proptest::collection::vec(prop_oneof![odd, any::<char>()], 0..12)
            .prop_map(|characters| characters.into_iter().collect())
    }

    proptest! {
        #[test]
        fn escaped_keys_read_back(key in keys()) {
            prop_assert_eq!(unescape(&escape(&key)), Ok(key));
        }

        #[test]
        fn escaped_keys_have_only_characters_that_the_service_takes(key in keys()) {
            let refused = |c: char| matches!(c, '/' | '\\' | '#' | '?' | '%' | '\'') || c.is_control();
            prop_assert!(!escape(&key).contains(refused));
        }

        #[test]
        fn escaping_keeps_the_order_of_keys(left in keys(), right in keys()) {
            prop_assert_eq!(escape(&left).cmp(&escape(&right)), left.cmp(&right));
        }
    }

    #[test]
    fn a_ledger_key_stays_readable() {
        assert_eq!(
            escape("src|bronze/orders/0/2025/7-8.jsonl"),
            "src|bronze._orders._0._2025._7-8..jsonl"
        );
    }

    #[test]
    fn a_key_of_another_writer_is_refused() {
        for key in ["a.b", "a.", "[x", " ", "~~"] {
            assert_eq!(unescape(key), Err(ForeignKey(key.to_owned())), "{key:?}");
        }
    }
}
