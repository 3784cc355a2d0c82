//! The steps from a member's value to what it holds.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::budget::Budget;
use crate::dataset::{NonFinite, OpenStep};
use crate::silver::cast::reject::Reject;
use crate::value::json::escape::{decode, encode};
use crate::value::json::find::find;
use crate::value::json::non_finite;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, ANY_PADDING);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, ANY_PADDING);

/// What has been opened so far.
enum Held<'v> {
    /// The text of a JSON value.
    Value(Cow<'v, [u8]>),
    Bytes(Vec<u8>),
}

impl Held<'_> {
    /// Returns the text that is held: that of a string, or bytes.
    fn text(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Bytes(bytes) => Some(Cow::Borrowed(bytes)),
            Self::Value(value) => {
                let text = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
                if !text.contains(&b'\\') {
                    return Some(Cow::Borrowed(text));
                }
                let mut decoded = Vec::with_capacity(text.len());
                decode(text, &mut decoded);
                Some(Cow::Owned(decoded))
            }
        }
    }
}

/// Returns the text of the JSON value that `value` holds, which is the text of one; nothing if it cannot be opened.
///
/// # Errors
/// Fails if the event becomes too large by it.
pub(super) fn open(
    value: &[u8],
    steps: &[OpenStep],
    non_finite: NonFinite,
    budget: &mut Budget,
) -> Result<Option<Vec<u8>>, Reject> {
    let mut held = Held::Value(Cow::Borrowed(value));
    for step in steps {
        let Some(next) = take(&held, *step, non_finite, budget)? else {
            return Ok(None);
        };
        held = next;
    }
    match held {
        Held::Value(value) => Ok(Some(value.into_owned())),
        // What is no JSON is text.
        Held::Bytes(bytes) => {
            if std::str::from_utf8(&bytes).is_err() {
                return Ok(None);
            }
            let mut text = Vec::with_capacity(bytes.len() + 2);
            encode(&bytes, &mut text);
            budget.take(text.len() - bytes.len())?;
            Ok(Some(text))
        }
    }
}

fn take<'h>(
    held: &Held<'_>,
    step: OpenStep,
    non_finite: NonFinite,
    budget: &mut Budget,
) -> Result<Option<Held<'h>>, Reject> {
    let Some(text) = held.text() else {
        return Ok(None);
    };
    let next = match step {
        OpenStep::Base64 => {
            let bytes = PLAIN.decode(&text).or_else(|_| URL.decode(&text)).ok();
            budget.take(bytes.as_ref().map_or(0, Vec::len))?;
            bytes.map(Held::Bytes)
        }
        OpenStep::Unpack(codec) => budget.unpack(codec, &text)?.ok().map(Held::Bytes),
        OpenStep::Json => {
            budget.take(text.len())?;
            let text = match non_finite {
                NonFinite::Null => non_finite::nulled(&text),
                NonFinite::Refuse => text,
            };
            let is_value = find(&text, false, &[], false).is_ok();
            is_value.then(|| Held::Value(Cow::Owned(trimmed(&text).to_vec())))
        }
    };
    Ok(next)
}

/// Returns a value without the blanks around it.
fn trimmed(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}
