//! Avro: any bytes, and any bytes by any schema in each of the forms that are read, between two good values.
//!
//! The first byte chooses the form. In that of any bytes, the rest is the body, of which no more is known than that its
//! neighbours keep their rows and that each row of its own is JSON. In all others the next byte chooses how many values a
//! container says it has, a line with the schema follows, and the rest are values of it; what comes out is compared with
//! what a plain reader makes of them. A container is one block.

mod plain;

use std::sync::Arc;

use sluice::dataset::{Dataset, WriterSchema};
use sluice::event::{RejectReason, SourceEvent};
use sluice::silver::trial::{Fate, Trial};
use sluice::value::avro::schema::Schema;

use super::choice::Choice;
use super::fates::{dataset, event, fates, only, same_fates, text, wholes};
use super::json;
use super::packing::pack;
use plain::Plain;

/// How values are written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Anything at all.
    Bytes,
    /// A container, whose values are packed so.
    Container(&'static str),
    /// The fingerprint of the schema and a value.
    SingleObject,
    /// A value, whose schema the content type names.
    EventHubs,
}

const FORMS: [Form; 6] = [
    Form::Bytes,
    Form::Container("null"),
    Form::Container("deflate"),
    Form::Container("zstandard"),
    Form::SingleObject,
    Form::EventHubs,
];
const MAX_BYTES: usize = 20_000;
const MAX_RECORDS: usize = 50;
const DATASET: &str = r#"
name = "fuzzed"
event_time = "at"
[dedup]
keep = "all"
[payload]
format = "avro"
max_bytes = 20000
max_records = 50
[[column]]
name = "at"
type = "timestamp"
from_system = "enqueued_time"
required = true
[[column]]
name = "whole"
type = "json"
from = "$"
"#;
const GOOD: &str = r#"{"type":"record","name":"Good","fields":[{"name":"id","type":"long"}]}"#;

/// Checks bytes.
pub(crate) fn check(data: &[u8]) {
    let mut choice = Choice(data);
    let form = choice.one(&FORMS);
    let good = Arc::new(Schema::parse(GOOD).unwrap());
    let mut dataset = dataset(DATASET);
    add(&mut dataset, "good", &good);
    if let Form::Bytes = form {
        told(&dataset, &good, &event(choice.0, b""));
        return;
    }
    let count = choice.one(&[1, 0, 2, 3, 50, 51, i64::MAX]);
    let written_by = String::from_utf8_lossy(choice.until(b'\n')).into_owned();
    let values = choice.0;
    let schema = Schema::parse(&written_by);
    if let Ok(schema) = &schema {
        add(&mut dataset, "given", &Arc::new(schema.clone()));
    }
    let (body, system): (Vec<u8>, &[u8]) = match (form, &schema) {
        (Form::Container(codec), _) => (container(codec, &written_by, count, values), b""),
        (_, Err(_)) => return,
        (Form::SingleObject, Ok(schema)) => {
            let fingerprint = schema.fingerprint().to_le_bytes();
            ([&b"\xC3\x01"[..], &fingerprint, values].concat(), b"")
        }
        _ => (values.to_vec(), br#"{"content-type":"avro/binary+given"}"#),
    };
    let tried = told(&dataset, &good, &event(&body, system));
    if body.is_empty() {
        return;
    }
    let expected = match schema.is_ok() {
        false => Err(RejectReason::UnknownSchema),
        true => expected(form, &written_by, count, values),
    };
    compare(&tried, &expected);
}

fn add(dataset: &mut Dataset, id: &str, schema: &Arc<Schema>) {
    dataset.payload.schemas.push(WriterSchema {
        id: Some(id.to_owned()),
        file: format!("{id}.avsc"),
        schema: Arc::clone(schema),
    });
}

/// Tells what becomes of an event between good ones, all rows of which are JSON.
fn told(dataset: &Dataset, good: &Schema, given: &SourceEvent) -> Trial {
    let mark = [&b"\xC3\x01"[..], &good.fingerprint().to_le_bytes()].concat();
    let good = |id: u8| event(&[&mark[..], &[id * 2]].concat(), b"");
    let alone = fates(dataset, std::slice::from_ref(given));
    let among = fates(dataset, &[good(1), given.clone(), good(2)]);
    same_fates(&alone, &among, 1);
    for (line, expected) in [(0, r#"{"id":1}"#), (2, r#"{"id":2}"#)] {
        let Some(Fate::Row { row }) = only(&among, line) else {
            panic!("{:?}", among.records);
        };
        assert_eq!(text(&among.values, "whole", *row), Some(expected));
    }
    for row in 0..alone.values.num_rows() {
        let whole = text(&alone.values, "whole", row).unwrap_or("null");
        assert!(json::is_value(whole.as_bytes()), "{whole}");
    }
    alone
}

/// Writes a whole number.
fn long(value: i64, out: &mut Vec<u8>) {
    let mut bits = (value << 1 ^ value >> 63) as u64;
    while bits >= 0x80 {
        out.push(bits as u8 | 0x80);
        bits >>= 7;
    }
    out.push(bits as u8);
}

fn with_length(bytes: &[u8], out: &mut Vec<u8>) {
    long(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

/// Writes a container of one block.
fn container(codec: &str, schema: &str, count: i64, values: &[u8]) -> Vec<u8> {
    let sync = [7; 16];
    let mut out = b"Obj\x01".to_vec();
    long(2, &mut out);
    for (name, value) in [("avro.schema", schema), ("avro.codec", codec)] {
        with_length(name.as_bytes(), &mut out);
        with_length(value.as_bytes(), &mut out);
    }
    long(0, &mut out);
    out.extend_from_slice(&sync);
    long(count, &mut out);
    with_length(&packed(codec, values), &mut out);
    out.extend_from_slice(&sync);
    out
}

fn packed(codec: &str, values: &[u8]) -> Vec<u8> {
    match codec {
        "deflate" => pack("deflate", values),
        "zstandard" => pack("zstd", values),
        _ => values.to_vec(),
    }
}

/// Returns the texts of the values, or a reason to refuse them: where they are broken and large, either.
fn expected(
    form: Form,
    schema: &str,
    count: i64,
    values: &[u8],
) -> Result<Vec<String>, RejectReason> {
    let count = if let Form::Container(_) = form {
        count
    } else {
        1
    };
    let mut left = MAX_BYTES;
    if let Form::Container("deflate" | "zstandard") = form {
        left = left
            .checked_sub(values.len())
            .ok_or(RejectReason::TooLarge)?;
    }
    let mut plain = Plain::of(schema, values);
    let mut texts = Vec::new();
    for _ in 0..count {
        let text = plain.next(left)?;
        left = left.checked_sub(text.len()).ok_or(RejectReason::TooLarge)?;
        if texts.len() == MAX_RECORDS {
            return Err(RejectReason::TooLarge);
        }
        texts.push(text);
    }
    match plain.is_at_end() {
        true => Ok(texts),
        false => Err(RejectReason::NotOpened),
    }
}

fn compare(tried: &Trial, expected: &Result<Vec<String>, RejectReason>) {
    let texts = match expected {
        Err(reason) => {
            let Some(Fate::Quarantined(refusal)) = only(tried, 0) else {
                panic!("{reason:?} {:?}", tried.records);
            };
            assert!(refusal.event);
            assert_eq!(refusal.reason, *reason, "{refusal:?}");
            return;
        }
        Ok(texts) => texts,
    };
    if texts.is_empty() {
        let fate = only(tried, 0);
        assert!(matches!(fate, Some(Fate::Empty)), "{:?}", tried.records);
        return;
    }
    assert_eq!(wholes(tried, 0), *texts);
}
