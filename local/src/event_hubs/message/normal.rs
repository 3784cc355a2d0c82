//! The one form that events are stored in, which every client can decode: pure.
//!
//! Clients write what the standard leaves open, or forbids, in several ways, and some cannot read what others write: a
//! footer before the body, a data section that is null, sections that are null. The service hands on such events too.

use std::borrow::Cow;

use super::section::{
    APPLICATION_PROPERTIES, DATA, DELIVERY_ANNOTATIONS, FOOTER, HEADER, MESSAGE_ANNOTATIONS,
    Malformed, PROPERTIES, SEQUENCE, Section, VALUE,
};
use crate::event_hubs::encoding::{self, NULL};

/// What stands for a data section that is null.
const EMPTY_DATA: &[u8] = &[0x00, 0x53, DATA, 0xa0, 0];

/// Returns the message with its sections in their order, without those that are null; nothing else is changed.
///
/// # Errors
/// Fails if it does not consist of sections of their types.
pub(in crate::event_hubs) fn normal(message: &[u8]) -> Result<Cow<'_, [u8]>, Malformed> {
    let mut sections = Section::all(message)?;
    for section in &sections {
        check(section)?;
    }
    let is_normal = sections.is_sorted_by_key(rank)
        && !sections
            .iter()
            .any(|section| section.value == [NULL] && section.code != VALUE);
    if is_normal {
        return Ok(Cow::Borrowed(message));
    }
    sections.sort_by_key(rank);
    let mut normal = Vec::with_capacity(message.len() + EMPTY_DATA.len());
    for section in sections {
        match (section.code, section.value) {
            (DATA, [NULL]) => normal.extend_from_slice(EMPTY_DATA),
            (VALUE, _) => normal.extend_from_slice(section.bytes),
            (_, [NULL]) => {}
            _ => normal.extend_from_slice(section.bytes),
        }
    }
    Ok(Cow::Owned(normal))
}

/// Where a section comes; the three kinds of bodies are at one place.
fn rank(section: &Section<'_>) -> u8 {
    match section.code {
        SEQUENCE | VALUE => DATA,
        code => code,
    }
}

fn check(section: &Section<'_>) -> Result<(), Malformed> {
    if section.value == [NULL] {
        return Ok(());
    }
    match section.code {
        DELIVERY_ANNOTATIONS | MESSAGE_ANNOTATIONS | APPLICATION_PROPERTIES | FOOTER => {
            section.entries().map(|_| ())
        }
        HEADER | PROPERTIES | SEQUENCE => match section.value {
            [0x45 | 0xc0 | 0xd0, ..] => Ok(()),
            _ => Err(Malformed("a section that is to be a list is none")),
        },
        DATA => match encoding::binary(section.value) {
            Some(_) => Ok(()),
            None => Err(Malformed("a data section is not binary")),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROPERTY_LIST: &[u8] = &[0x00, 0x53, 0x73, 0x45];
    const ANNOTATIONS: &[u8] = &[0x00, 0x53, 0x72, 0xc1, 1, 0];
    const BODY: &[u8] = &[0x00, 0x53, 0x75, 0xa0, 1, b'x'];
    const END: &[u8] = &[0x00, 0x53, 0x78, 0xc1, 1, 0];

    fn of(message: &[u8]) -> Vec<u8> {
        normal(message).unwrap().into_owned()
    }

    #[test]
    fn normal_messages_are_not_copied() {
        for sections in [
            &[][..],
            &[ANNOTATIONS, PROPERTY_LIST, BODY, END],
            &[ANNOTATIONS, BODY, BODY],
            &[&[0x00, 0x53, 0x77, NULL]],
        ] {
            let message = sections.concat();
            assert!(matches!(normal(&message), Ok(Cow::Borrowed(same)) if same == message));
        }
    }

    #[test]
    fn a_footer_before_the_body_goes_to_the_end() {
        let message = [END, PROPERTY_LIST, BODY, ANNOTATIONS, BODY].concat();
        assert_eq!(
            of(&message),
            [ANNOTATIONS, PROPERTY_LIST, BODY, BODY, END].concat()
        );
    }

    #[test]
    fn null_data_is_empty_and_other_null_sections_are_left_out() {
        let null = |code| [0x00, 0x53, code, NULL];
        assert_eq!(of(&null(DATA)), EMPTY_DATA);
        let long = [&[0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, DATA, NULL][..], BODY].concat();
        assert_eq!(of(&long), [EMPTY_DATA, BODY].concat());
        for code in [HEADER, PROPERTIES, APPLICATION_PROPERTIES, FOOTER] {
            assert_eq!(of(&[&null(code)[..], BODY].concat()), BODY, "{code:x}");
        }
    }

    #[test]
    fn other_bytes_are_malformed_and_it_is_said_how() {
        for (bytes, how) in [
            (&b"hello"[..], "else than a section"),
            (&[0, 0x53, 0x10, 0x45], "does not know"),
            (&[0, 0x53, 0x70], "cut short"),
            (&[0, 0x53, 0x72, 0xc1, 9], "cut short"),
            (&[0, 0x53, 0x72, 0x45], "to be a map"),
            (&[0, 0x53, 0x74, 0xc1, 2, 1, NULL], "to be a map"),
            (&[0, 0x53, 0x73, 0xa1, 0], "to be a list"),
            (&[0, 0x53, 0x75, 0xa1, 1, b'x'], "not binary"),
        ] {
            let error = normal(bytes).unwrap_err().to_string();
            assert!(error.contains(how), "{bytes:?}: {error}");
        }
    }
}
