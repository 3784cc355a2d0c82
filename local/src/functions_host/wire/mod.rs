//! Request bodies exactly as the real host writes them.
//!
//! `{"Data":{…},"Metadata":{…}}` in a fixed order of keys. Objects are objects; everything else is
//! JSON text inside a JSON string; bytes are base64. The text is Json.NET's: compact, and escaping
//! what Json.NET escapes. Time and chance come in a [`Stamp`].

pub(crate) mod blob;
pub(crate) mod event_hub;
pub(crate) mod retry;
#[cfg(test)]
mod tests;
pub(crate) mod timer;

use std::io::Write as _;

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, Timelike as _, Utc};
use serde::Serialize;
use uuid::Uuid;

use retry::RetryContext;

/// What differs between two attempts with the same trigger value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) utc_now: DateTime<Utc>,
    pub(crate) rand_guid: Uuid,
}

impl Stamp {
    /// Takes the time and draws a number.
    pub(crate) fn now() -> Self {
        Self {
            utc_now: Utc::now(),
            rand_guid: Uuid::new_v4(),
        }
    }
}

/// The part of a body that stays the same over all attempts: all but `sys` and `RetryContext`.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    head: Bytes,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Sys<'call> {
    method_name: &'call str,
    utc_now: String,
    rand_guid: String,
}

impl Payload {
    /// The body of one attempt, in two pieces so that the large one is not copied.
    pub(crate) fn body(
        &self,
        function: &str,
        stamp: Stamp,
        retry: Option<&RetryContext>,
    ) -> [Bytes; 2] {
        let utc_now = format!("{}Z", unspecified(stamp.utc_now));
        let sys = Sys {
            method_name: function,
            utc_now,
            rand_guid: stamp.rand_guid.to_string(),
        };
        let mut tail = format!("\"sys\":{}", json_text(&sys));
        if let Some(retry) = retry {
            tail.push_str(",\"RetryContext\":");
            tail.push_str(&json_text(retry));
        }
        tail.push_str("}}");
        [self.head.clone(), Bytes::from(tail)]
    }
}

/// Writes a [`Payload`], `Data` first.
#[derive(Debug)]
pub(crate) struct PayloadWriter {
    out: Vec<u8>,
}

impl PayloadWriter {
    /// `Data` holding JSON text in a string.
    pub(crate) fn with_text<T: Serialize + ?Sized>(binding: &str, value: &T) -> Self {
        Self::with_object(binding, &json_text(value))
    }

    /// `Data` holding an object.
    pub(crate) fn with_object<T: Serialize + ?Sized>(binding: &str, value: &T) -> Self {
        Self::with_raw(binding, json_text(value).as_bytes())
    }

    /// `Data` holding bytes as base64, which are encoded in place: they may be large.
    pub(crate) fn with_bytes(binding: &str, bytes: &[u8]) -> Self {
        let mut out = Self::open(binding, bytes.len() / 3 * 4);
        out.push(b'"');
        let mut encoder = EncoderWriter::new(&mut out, &STANDARD);
        let written = encoder
            .write_all(bytes)
            .and_then(|()| encoder.finish().map(|_| ()));
        debug_assert!(written.is_ok(), "a vector takes everything");
        drop(encoder);
        out.push(b'"');
        Self::close(out)
    }

    fn with_raw(binding: &str, value: &[u8]) -> Self {
        let mut out = Self::open(binding, value.len());
        out.extend_from_slice(value);
        Self::close(out)
    }

    fn open(binding: &str, size: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(size + 4096);
        out.extend_from_slice(b"{\"Data\":{");
        out.extend_from_slice(json_text(binding).as_bytes());
        out.push(b':');
        out
    }

    fn close(mut out: Vec<u8>) -> Self {
        out.extend_from_slice(b"},\"Metadata\":{");
        Self { out }
    }

    /// Adds metadata that is an object.
    pub(crate) fn object<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        self.out.extend_from_slice(json_text(key).as_bytes());
        self.out.push(b':');
        self.out.extend_from_slice(json_text(value).as_bytes());
        self.out.push(b',');
        self
    }

    /// Adds metadata that is JSON text in a string.
    pub(crate) fn text<T: Serialize + ?Sized>(self, key: &str, value: &T) -> Self {
        self.object(key, &json_text(value))
    }

    /// The payload.
    pub(crate) fn finish(self) -> Payload {
        Payload {
            head: Bytes::from(self.out),
        }
    }
}

/// JSON as Json.NET writes it.
pub(crate) fn json_text<T: Serialize + ?Sized>(value: &T) -> String {
    let text = serde_json::to_string(value);
    debug_assert!(text.is_ok(), "wire types always serialise");
    let text = text.unwrap_or_default();
    // Json.NET escapes these three, serde_json does not; they can only be inside strings.
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        let text = text.replace('\u{85}', "\\u0085");
        return text
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029");
    }
    text
}

/// A UTC time without zone, with up to seven digits of a second and no trailing zeros.
pub(crate) fn unspecified(time: DateTime<Utc>) -> String {
    let text = time.format("%Y-%m-%dT%H:%M:%S").to_string();
    let ticks = time.nanosecond() % 1_000_000_000 / 100;
    if ticks == 0 {
        return text;
    }
    let fraction = format!("{ticks:07}");
    format!("{text}.{}", fraction.trim_end_matches('0'))
}

/// A UTC time with `+00:00`.
pub(crate) fn with_offset(time: DateTime<Utc>) -> String {
    format!("{}+00:00", unspecified(time))
}

/// .NET's `DateTime.MinValue`, its way to say "never".
pub(crate) fn never() -> DateTime<Utc> {
    chrono::NaiveDate::from_ymd_opt(1, 1, 1)
        .map(|date| date.and_time(chrono::NaiveTime::MIN))
        .unwrap_or(NaiveDateTime::MIN)
        .and_utc()
}

/// Pairs that are written as an object in their own order.
pub(crate) fn ordered<S, V>(pairs: &[(String, V)], serializer: S) -> Result<S::Ok, S::Error>
where
    S: serde::Serializer,
    V: Serialize,
{
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}
