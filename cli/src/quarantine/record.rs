//! A line of quarantine: a rejected record as silver keeps it. Kept are numbers of lines and records from 0; people and
//! programs are told them from 1, under a name that is not the kept one. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize, Serializer};
use sluice::value::time::parse_rfc3339;

use super::refusal::Refused;

/// A rejected record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Rejected {
    /// The bronze object.
    pub(crate) source: String,
    /// The number of its line there, from 0.
    #[serde(rename(serialize = "line_number"), serialize_with = "from_one")]
    pub(crate) line: u32,
    /// Its number in its event, from 0.
    #[serde(
        default,
        rename(serialize = "record_number"),
        serialize_with = "from_one"
    )]
    pub(crate) record: u32,
    /// Whether the event was rejected whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) event: bool,
    /// That of the event in its partition of the hub.
    #[serde(default)]
    pub(crate) sequence_number: Option<i64>,
    /// When the hub took the event.
    pub(crate) enqueued_time: String,
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) column: Option<String>,
    #[serde(default)]
    pub(crate) position: usize,
    #[serde(default)]
    pub(crate) detail: String,
    /// Whether the body is only the beginning.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) truncated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body_base64: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) withheld: bool,
}

impl Rejected {
    /// When the hub took the event, in microseconds since 1970; nothing if the line does not say it as it should.
    pub(crate) fn enqueued(&self) -> Option<i64> {
        parse_rfc3339(self.enqueued_time.as_bytes()).ok()
    }

    /// Writes it for people, for `width` columns of a terminal.
    pub(crate) fn text(&self, width: Option<usize>) -> String {
        let bytes = self.body_base64.as_ref();
        let bytes = bytes.and_then(|text| STANDARD.decode(text).ok());
        let body = self.body.as_deref().map(str::as_bytes);
        Refused {
            place: &self.place(),
            reason: &self.reason,
            column: self.column.as_deref(),
            position: self.position,
            detail: &self.detail,
            is_event: self.event,
            body: body.or(bytes.as_deref()),
        }
        .text(width)
    }

    /// Names its place: when it came, and the line of the bronze object that has it.
    fn place(&self) -> String {
        let record = match self.record {
            0 => String::new(),
            _ => format!(", record {}", self.record_number()),
        };
        let (time, source, line) = (&self.enqueued_time, &self.source, self.line_number());
        format!("{time}, {source} line {line}{record}")
    }

    /// The number of its line in the bronze object, from 1.
    pub(crate) fn line_number(&self) -> u64 {
        u64::from(self.line) + 1
    }

    /// Its number in its event, from 1.
    pub(crate) fn record_number(&self) -> u64 {
        u64::from(self.record) + 1
    }
}

/// Writes a number that is kept from 0.
fn from_one<S: Serializer>(kept: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::from(*kept) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"source":"orders/0/2025/11/14/11/7-9.jsonl","line":2,"record":0,"sequence_number":9,"enqueued_time":"2025-11-14T11:44:34.343Z","reason":"invalid_value","column":"order_id","position":13,"detail":"1.5 has a fraction","body":"{\"order_id\": 1.5}"}"#;

    #[test]
    fn a_record_is_shown_with_its_place_and_a_pointer_under_the_value() {
        let rejected: Rejected = serde_json::from_str(LINE).unwrap();
        assert_eq!(
            rejected.text(None),
            "  2025-11-14T11:44:34.343Z, orders/0/2025/11/14/11/7-9.jsonl line 3, position 13: invalid_value, column order_id\n    {\"order_id\": 1.5}\n                 ^^^\n    1.5 has a fraction"
        );
        assert_eq!(rejected.enqueued(), Some(1_763_120_674_343_000));
        let again = serde_json::to_string(&rejected).unwrap();
        let told = LINE.replace(
            "\"line\":2,\"record\":0,",
            "\"line_number\":3,\"record_number\":1,",
        );
        assert_eq!(
            again, told,
            "programs get what is kept, with numbers as people are told them"
        );
    }

    #[test]
    fn bytes_are_shown_as_well_as_they_can_be_and_what_is_withheld_is_not() {
        let bytes = LINE.replace(
            r#""body":"{\"order_id\": 1.5}""#,
            &format!(r#""body_base64":"{}""#, STANDARD.encode(b"\xff{")),
        );
        let rejected: Rejected = serde_json::from_str(&bytes).unwrap();
        assert!(
            rejected.text(None).contains("\u{fffd}{"),
            "{}",
            rejected.text(None)
        );
        let none = LINE.replace(r#""body":"{\"order_id\": 1.5}""#, r#""withheld":true"#);
        let rejected: Rejected = serde_json::from_str(&none).unwrap();
        assert!(rejected.text(None).contains("(withheld: "));
    }
}
