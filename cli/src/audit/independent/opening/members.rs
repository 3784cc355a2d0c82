//! Members that hold something, replaced by it.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sluice::dataset::{NonFinite, OpenStep, Payload};

use super::room::{Refused, Room};
use crate::audit::independent::json::{at, finite, value};

/// What has been opened so far.
enum Held {
    /// The text of a JSON value.
    Value(Vec<u8>),
    Bytes(Vec<u8>),
}

/// Replaces what is to be replaced in a text that should be one value, and tells which members could not be opened.
pub(super) fn open<'t>(
    payload: &Payload,
    mut text: Cow<'t, [u8]>,
    room: &mut Room,
) -> Result<(Cow<'t, [u8]>, Vec<usize>), Refused> {
    let is_finite = payload.non_finite == NonFinite::Null;
    if is_finite {
        text = Cow::Owned(finite(&text));
    }
    let mut unopened = Vec::new();
    for (number, member) in payload.open.iter().enumerate() {
        // What is no value stays as it is, and is no row.
        let Some(whole) = value(&text) else {
            break;
        };
        let held = at(whole, member.at.segments(), payload.ignore_case);
        let Some(held) = held.filter(|held| *held != "null") else {
            continue;
        };
        let start = held.as_ptr() as usize - whole.as_ptr() as usize;
        let end = start + held.len();
        match steps(held, &member.steps, is_finite, room)? {
            None => unopened.push(number),
            Some(opened) => {
                let (before, after) = (text.get(..start), text.get(end..));
                let parts = [
                    before.unwrap_or_default(),
                    &opened,
                    after.unwrap_or_default(),
                ];
                text = Cow::Owned(parts.concat());
            }
        }
    }
    Ok((text, unopened))
}

/// Returns the text of the JSON value that a value holds; nothing if it cannot be opened.
fn steps(
    held: &str,
    steps: &[OpenStep],
    is_finite: bool,
    room: &mut Room,
) -> Result<Option<Vec<u8>>, Refused> {
    let mut held = Held::Value(held.as_bytes().to_vec());
    for step in steps {
        let Some(text) = held.text() else {
            return Ok(None);
        };
        let next = match step {
            OpenStep::Base64 => match decoded(&text) {
                Some(bytes) => {
                    room.take(bytes.len())?;
                    Some(Held::Bytes(bytes))
                }
                None => None,
            },
            OpenStep::Unpack(codec) => room.unpack(*codec, &text)?.map(Held::Bytes),
            OpenStep::Json => {
                room.take(text.len())?;
                let text = if is_finite { finite(&text) } else { text };
                value(&text).map(|text| Held::Value(text.trim().as_bytes().to_vec()))
            }
        };
        let Some(next) = next else {
            return Ok(None);
        };
        held = next;
    }
    match held {
        Held::Value(text) => Ok(Some(text)),
        Held::Bytes(bytes) => as_text(&bytes, room),
    }
}

impl Held {
    /// Returns the text that is held, if it is a string or bytes.
    fn text(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Value(value) => {
                let text: String = serde_json::from_slice(&value).ok()?;
                Some(text.into_bytes())
            }
        }
    }
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let decode = |alphabet: &Alphabet| {
        let config = GeneralPurposeConfig::new();
        let config = config.with_decode_padding_mode(DecodePaddingMode::Indifferent);
        GeneralPurpose::new(alphabet, config).decode(text).ok()
    };
    decode(&STANDARD).or_else(|| decode(&URL_SAFE))
}

/// Writes bytes that are text as a JSON string. What it has more than the bytes takes room: two quotes, and the escapes as
/// silver writes them.
fn as_text(bytes: &[u8], room: &mut Room) -> Result<Option<Vec<u8>>, Refused> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(None);
    };
    let more = bytes.iter().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..0x20 => 5,
        _ => 0,
    });
    room.take(2 + more.sum::<usize>())?;
    Ok(serde_json::to_vec(text).ok())
}
