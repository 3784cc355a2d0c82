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

use std::fmt::Write as _;
use std::io::Write as _;

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use bytes::Bytes;
use chrono::{DateTime, Datelike as _, TimeDelta, Timelike as _, Utc};
use serde::Serialize;
use uuid::Uuid;

use retry::RetryContext;

/// The part of a body that differs between two attempts with the same trigger value.
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
    /// `Data` holding JSON text in a string, for which there is room for so many bytes.
    pub(crate) fn with_text<T: Serialize + ?Sized>(binding: &str, value: &T, size: usize) -> Self {
        let mut out = Self::open(binding, size);
        write_text(value, &mut out);
        Self::close(out)
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
        always(written);
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
    pub(crate) fn text<T: Serialize + ?Sized>(mut self, key: &str, value: &T) -> Self {
        self.out.extend_from_slice(json_text(key).as_bytes());
        self.out.push(b':');
        write_text(value, &mut self.out);
        self.out.push(b',');
        self
    }

    /// The payload.
    pub(crate) fn finish(self) -> Payload {
        Payload {
            head: Bytes::from(self.out),
        }
    }
}

/// Unwraps what cannot fail: the wire's types always serialise, and memory takes everything.
fn always<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => unreachable!("wire types always serialise: {error}"),
    }
}

/// JSON as Json.NET writes it.
pub(crate) fn json_text<T: Serialize + ?Sized>(value: &T) -> String {
    let text = always(serde_json::to_string(value));
    // Json.NET escapes these three, serde_json does not; they can only be inside strings.
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        let text = text.replace('\u{85}', "\\u0085");
        return text
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029");
    }
    text
}

/// Writes JSON text in a JSON string, as [`json_text`] of a [`json_text`] is, but without the text between.
fn write_text<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    out.push(b'"');
    always(serde_json::to_writer(InString(out), value));
    out.push(b'"');
}

/// Takes JSON text and writes it as the inside of a JSON string.
struct InString<'out>(&'out mut Vec<u8>);

impl std::io::Write for InString<'_> {
    /// Whole characters come in each piece, as serde_json writes them.
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        let mut rest = piece;
        let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0xc2 | 0xe2);
        while let Some(at) = rest.iter().position(is_special) {
            let (plain, special) = rest.split_at(at);
            self.0.extend_from_slice(plain);
            let (text, tail): (&[u8], &[u8]) = match special {
                [b'"', tail @ ..] => (b"\\\"", tail),
                [b'\\', tail @ ..] => (b"\\\\", tail),
                // The three that Json.NET escapes, in the text and so once more in the string.
                [0xc2, 0x85, tail @ ..] => (b"\\\\u0085", tail),
                [0xe2, 0x80, 0xa8, tail @ ..] => (b"\\\\u2028", tail),
                [0xe2, 0x80, 0xa9, tail @ ..] => (b"\\\\u2029", tail),
                [other, tail @ ..] => (std::slice::from_ref(other), tail),
                [] => (&[], &[]),
            };
            self.0.extend_from_slice(text);
            rest = tail;
        }
        self.0.extend_from_slice(rest);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A UTC time without zone, with up to seven digits of a second and no trailing zeros.
pub(crate) fn unspecified(time: DateTime<Utc>) -> String {
    let mut text = String::with_capacity(33);
    let (date, clock) = (time.date_naive(), time.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    let (hour, minute, second) = (clock.hour(), clock.minute(), clock.second());
    // A string takes everything.
    let _ = write!(
        text,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    );
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
    const SECONDS_BEFORE_1970: i64 = 62_135_596_800;
    DateTime::UNIX_EPOCH - TimeDelta::seconds(SECONDS_BEFORE_1970)
}

/// Pairs that are written as an object in their own order.
pub(crate) fn ordered<S, V>(pairs: &[(String, V)], serializer: S) -> Result<S::Ok, S::Error>
where
    S: serde::Serializer,
    V: Serialize,
{
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}
