//! The envelope of an invocation and of its answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use thiserror::Error;

/// A request that is not what the host sends for its trigger. The host sends it again, to no avail: somebody must look.
#[derive(Debug, Error)]
pub enum InvocationError {
    /// The body is not the JSON of an invocation.
    #[error("read the invocation as JSON")]
    Json(#[source] serde_json::Error),
    /// Likewise, as the strict scanner says it.
    #[error("read the invocation as JSON: {message} (byte {at})")]
    Syntax {
        /// The byte offset of what does not fit.
        at: usize,
        /// What is wrong.
        message: &'static str,
    },
    /// `Data` holds no binding.
    #[error("the invocation's Data is empty; function.json must have one binding")]
    NoData,
    /// A part is missing or malformed.
    #[error("the invocation's {part} is missing or malformed: {detail}")]
    Part {
        /// Which part.
        part: &'static str,
        /// What was found, or what was expected.
        detail: String,
    },
}

/// An invocation: `Data` by binding name, and the trigger's metadata.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a, M> {
    #[serde(rename = "Data", borrow)]
    data: BTreeMap<Cow<'a, str>, &'a RawValue>,
    #[serde(rename = "Metadata")]
    pub(super) metadata: M,
}

impl<'a, M: Deserialize<'a>> Envelope<'a, M> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, InvocationError> {
        serde_json::from_slice(body).map_err(InvocationError::Json)
    }

    /// Returns the value of the only binding, which is a string on the wire. Nothing is copied unless it has escapes.
    pub(super) fn text(&self) -> Result<Cow<'a, str>, InvocationError> {
        let value = self.data.values().next().ok_or(InvocationError::NoData)?;
        text(value, "Data")
    }
}

/// Reads a JSON string.
pub(super) fn text<'a>(
    value: &'a RawValue,
    part: &'static str,
) -> Result<Cow<'a, str>, InvocationError> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'a>>(value.get())
        .map(|text| text.0)
        .map_err(|error| InvocationError::Part {
            part,
            detail: error.to_string(),
        })
}

/// Reads JSON text that the host put into a string.
pub(super) fn nested<'a, T: Deserialize<'a>>(
    text: &'a str,
    part: &'static str,
) -> Result<T, InvocationError> {
    serde_json::from_str(text).map_err(|error| InvocationError::Part {
        part,
        detail: error.to_string(),
    })
}
