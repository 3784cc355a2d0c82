//! Opens a body by plain decoders and a plain parser.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use sluice::event::RejectReason;
use sluice::value::path::FieldPath;

use super::super::json;
use super::super::packing::{Unpacking, codec_of, unpack};
use super::way::Way;

/// What plain means find in a body.
#[derive(Debug)]
pub(super) enum Found {
    Refused(RejectReason),
    /// Their texts; an event without any is empty.
    Records(Vec<Vec<u8>>),
    /// Something that is not compared.
    Unknown,
}

/// A byte order mark.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Finds the records of a body; `left` is how many bytes may yet be opened.
pub(super) fn open(way: &Way, body: &[u8], left: &mut usize) -> Result<Found, RejectReason> {
    if json::is_blank(body) {
        return Ok(Found::Records(Vec::new()));
    }
    let codec = match way.compression {
        "none" => None,
        "auto" => codec_of(body),
        codec => Some(codec),
    };
    let unpacked = codec.map(|codec| unpack(codec, body, *left)).transpose();
    let unpacked = unpacked.map_err(|problem| match problem {
        Unpacking::Broken => RejectReason::NotOpened,
        Unpacking::TooLarge => RejectReason::TooLarge,
    })?;
    let text = unpacked.as_deref().unwrap_or(body);
    if way.is_opened() {
        take(left, text.len())?;
    }
    if way.nulls_non_finite && may_have_non_finite(way, text) {
        return Ok(Found::Unknown);
    }
    let bare = text.strip_prefix(MARK).unwrap_or(text);
    let found = match (way.is_lines, way.is_opened()) {
        (true, _) => Found::Records(lines(way, bare, left)?),
        (false, _) if json::is_blank(bare) => Found::Records(Vec::new()),
        (false, false) => Found::Records(vec![text.to_vec()]),
        (false, true) => value(way, bare, left)?,
    };
    match &found {
        Found::Records(records) if records.len() > way.limits().1 => Err(RejectReason::TooLarge),
        _ => Ok(found),
    }
}

/// Finds the records of lines.
fn lines(way: &Way, text: &[u8], left: &mut usize) -> Result<Vec<Vec<u8>>, RejectReason> {
    let mut records = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !json::is_blank(line) {
            records.push(opened(way, line, left)?.0);
        }
    }
    Ok(records)
}

/// Finds the records of one value.
fn value(way: &Way, text: &[u8], left: &mut usize) -> Result<Found, RejectReason> {
    let (text, is_open) = opened(way, text, left)?;
    let Some(path) = way.records else {
        return Ok(Found::Records(vec![text]));
    };
    if !json::is_value(&text) {
        return Ok(Found::Refused(RejectReason::NotAnObject));
    }
    let path = FieldPath::parse(path).unwrap();
    let text = String::from_utf8(text).unwrap();
    let array = json::at(&text, path.segments(), way.ignores_case);
    let Some(elements) = array.and_then(json::elements) else {
        return Ok(Found::Refused(
            match is_open || way.records != Some("$.data") {
                true => RejectReason::NoRecords,
                false => RejectReason::NotOpened,
            },
        ));
    };
    let records = elements
        .into_iter()
        .map(|element| element.as_bytes().to_vec());
    Ok(Found::Records(records.collect()))
}

fn take(left: &mut usize, bytes: usize) -> Result<(), RejectReason> {
    *left = left.checked_sub(bytes).ok_or(RejectReason::TooLarge)?;
    Ok(())
}

/// Returns whether something in a text may be a number that is none, which becomes null.
fn may_have_non_finite(way: &Way, text: &[u8]) -> bool {
    let words = [b"nan", b"NaN", b"inf", b"Inf"];
    let has_word = words
        .iter()
        .any(|word| text.windows(3).any(|part| part == *word));
    has_word || !way.steps.is_empty()
}

/// Replaces the member that is opened by what it holds, and tells whether it could be.
fn opened(way: &Way, text: &[u8], left: &mut usize) -> Result<(Vec<u8>, bool), RejectReason> {
    let as_it_is = text.to_vec();
    if way.steps.is_empty() || !json::is_value(text) {
        return Ok((as_it_is, true));
    }
    let text = std::str::from_utf8(text).unwrap();
    let path = FieldPath::parse("$.data").unwrap();
    let Some(value) = json::at(text, path.segments(), way.ignores_case) else {
        return Ok((as_it_is, true));
    };
    if value == "null" {
        return Ok((as_it_is, true));
    }
    let Some(held) = unheld(way.steps, value, left)? else {
        return Ok((as_it_is, false));
    };
    let start = json::start(text, value);
    let (before, after) = (&text[..start], &text[start + value.len()..]);
    Ok(([before.as_bytes(), &held, after.as_bytes()].concat(), true))
}

/// Returns what a value holds; nothing if it cannot be opened.
fn unheld(steps: &[&str], value: &str, left: &mut usize) -> Result<Option<Vec<u8>>, RejectReason> {
    let Ok(text) = serde_json::from_str::<String>(value) else {
        return Ok(None);
    };
    let mut held = text.into_bytes();
    for step in steps {
        held = match *step {
            "base64" => {
                let Some(bytes) = from_base64(&held) else {
                    return Ok(None);
                };
                take(left, bytes.len())?;
                bytes
            }
            "json" => {
                take(left, held.len())?;
                if !json::is_value(&held) {
                    return Ok(None);
                }
                held.trim_ascii().to_vec()
            }
            codec => match unpack(codec, &held, *left) {
                Ok(bytes) => {
                    take(left, bytes.len())?;
                    bytes
                }
                Err(Unpacking::Broken) => return Ok(None),
                Err(Unpacking::TooLarge) => return Err(RejectReason::TooLarge),
            },
        };
    }
    if steps.last() == Some(&"json") {
        return Ok(Some(held));
    }
    let Ok(text) = String::from_utf8(held) else {
        return Ok(None);
    };
    let quoted = json::quoted(&text);
    take(left, quoted.len() - text.len())?;
    Ok(Some(quoted.into_bytes()))
}

/// Decodes base64 of either alphabet, with padding, some of it or none.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let bare = text
        .strip_suffix(b"==")
        .or(text.strip_suffix(b"="))
        .unwrap_or(text);
    let wanted = (4 - bare.len() % 4) % 4;
    if text.len() - bare.len() > wanted {
        return None;
    }
    let decoded = [STANDARD_NO_PAD, URL_SAFE_NO_PAD];
    decoded.iter().find_map(|engine| engine.decode(bare).ok())
}
