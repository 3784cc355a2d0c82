//! One event, one line, reversibly (B3); pure.
//!
//! A body that can be a line is that line, byte for byte. A body that cannot (not UTF-8, with a line break, empty, or
//! starting like the wrapper) is wrapped as `{"$sluice":"base64","data":"…"}`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a wrapped line starts with. A body that starts like this is wrapped too, so that every line has one meaning.
const MARKER: &[u8] = b"{\"$sluice\":";
const PREFIX: &[u8] = b"{\"$sluice\":\"base64\",\"data\":\"";
const SUFFIX: &[u8] = b"\"}";

/// Appends `body` as one line, its line feed included.
pub fn append_line(body: &[u8], lines: &mut Vec<u8>) {
    if can_be_a_line(body) {
        lines.extend_from_slice(body);
    } else {
        lines.extend_from_slice(PREFIX);
        lines.extend_from_slice(STANDARD.encode(body).as_bytes());
        lines.extend_from_slice(SUFFIX);
    }
    lines.push(b'\n');
}

/// Returns the body that [`append_line`] was given. `line` comes without its line feed.
///
/// A line that starts like a wrapped one and is none, which only an object put there by hand can hold, is returned as
/// it is.
#[must_use]
#[inline]
pub fn restore_body(line: &[u8]) -> Cow<'_, [u8]> {
    // Hardly any line is wrapped.
    if !line.starts_with(b"{\"$") {
        return Cow::Borrowed(line);
    }
    let data = line
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX));
    match data.and_then(|data| STANDARD.decode(data).ok()) {
        Some(body) => Cow::Owned(body),
        None => Cow::Borrowed(line),
    }
}

fn can_be_a_line(body: &[u8]) -> bool {
    !body.is_empty()
        && !body.starts_with(MARKER)
        && memchr::memchr2(b'\n', b'\r', body).is_none()
        && std::str::from_utf8(body).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(body: &[u8]) -> Vec<u8> {
        let mut lines = Vec::new();
        append_line(body, &mut lines);
        lines
    }

    #[test]
    fn json_stays_as_it_is_byte_for_byte() {
        assert_eq!(line(b"{ \"a\":1.0 }"), b"{ \"a\":1.0 }\n");
    }

    #[test]
    fn a_body_that_cannot_be_a_line_is_wrapped() {
        let wrapped = b"{\"$sluice\":\"base64\",\"data\":\"\"}\n";
        assert_eq!(line(b""), wrapped);
        for body in [
            &b"a\nb"[..],
            b"a\r",
            b"\xff\xfe",
            b"{\"$sluice\":1}",
            PREFIX,
        ] {
            assert!(line(body).starts_with(PREFIX), "{body:?}");
        }
    }

    #[test]
    fn a_line_by_hand_that_only_starts_like_a_wrapped_one_is_its_own_body() {
        let odd = b"{\"$sluice\":\"base64\",\"data\":\"%%\"}";
        assert_eq!(restore_body(odd).as_ref(), odd);
    }

    proptest! {
        #[test]
        fn the_line_restores_the_bytes_of_any_body_b3(
            body in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..200),
                ".*".prop_map(String::into_bytes),
                proptest::collection::vec(any::<u8>(), 0..20)
                    .prop_map(|tail| [MARKER, &tail].concat()),
            ]
        ) {
            let line = line(&body);
            let (last, text) = line.split_last().unwrap();
            prop_assert_eq!(*last, b'\n');
            prop_assert!(!text.contains(&b'\n') && !text.contains(&b'\r'));
            prop_assert!(std::str::from_utf8(text).is_ok());
            let restored = restore_body(text);
            prop_assert_eq!(restored.as_ref(), &body[..]);
        }
    }
}
