//! Reads the `[payload]` table of a dataset file.

use toml::de::DeTable;

use super::open::read_open;
use super::schemas::{ReadFile, read_schemas};
use super::{Compression, NonFinite, Payload, PayloadFormat};
use crate::dataset::problem::Sink;
use crate::dataset::reader::{Keys, Located, keys};
use crate::value::path::{FieldPath, PathError};
use crate::wording::quoted;

const COMPRESSIONS: &str =
    "\"none\", \"auto\" (as its first bytes say), \"gzip\", \"zstd\", \"zlib\" or \"deflate\"";
const FORMATS: &str = "\"json\", \"jsonl\" (a record a line) or \"avro\"";
const NON_FINITE: &str = "\"refuse\" or \"null\"";
/// What `max_bytes` is at most.
const MOST_BYTES: usize = 256 * 1024 * 1024;
/// What `max_records` is at most.
const MOST_RECORDS: usize = 1_000_000;

/// Reads the table, which may be absent.
pub(in crate::dataset) fn read<'a>(
    sink: &'a Sink<'a>,
    table: Option<Located<&'a DeTable<'a>>>,
    read_file: ReadFile<'_>,
) -> Payload {
    let plain = Payload::default();
    let Some(table) = table else {
        return plain;
    };
    let keys = Keys::new(sink, table, "payload".to_owned(), &keys::PAYLOAD);
    let compression = keys.parsed("compression", COMPRESSIONS, Compression::named);
    let format = keys.parsed("format", FORMATS, PayloadFormat::named);
    let non_finite = keys.parsed("non_finite", NON_FINITE, NonFinite::named);
    let records = read_records(&keys);
    let ignore_case = keys.boolean("ignore_case").unwrap_or(plain.ignore_case);
    let payload = Payload {
        compression: compression.unwrap_or(plain.compression),
        format: format.unwrap_or(plain.format),
        open: read_open(sink, &keys, records.as_ref(), ignore_case),
        records,
        ignore_case,
        non_finite: non_finite.unwrap_or(plain.non_finite),
        max_bytes: limit(&keys, "max_bytes", MOST_BYTES).unwrap_or(plain.max_bytes),
        max_records: limit(&keys, "max_records", MOST_RECORDS).unwrap_or(plain.max_records),
        schemas: read_schemas(&keys, read_file),
    };
    check_together(&keys, &payload);
    payload
}

fn limit(keys: &Keys<'_>, key: &str, most: usize) -> Option<usize> {
    let limit = usize::try_from(keys.positive(key)?).ok()?;
    if limit > most {
        let at = keys.at_value(key);
        keys.report(
            key,
            at,
            format!("{limit} is more than {most}, the most that is allowed"),
        );
    }
    Some(limit)
}

/// Reads the path to an array, and what stands for its elements.
fn read_records(keys: &Keys<'_>) -> Option<FieldPath> {
    const ELEMENTS: &str = "[*]";
    const WANTED: &str = "must be a path to an array and then [*] for its elements, such as \"$.records[*]\", or \"$[*]\" where the event is the array";
    let text = keys.string("records")?;
    let report = |message: String| {
        keys.report(
            "records",
            text.at,
            format!("{} {message}", quoted(text.value)),
        );
    };
    if !text.value.starts_with("$.") && !text.value.starts_with("$[") {
        report(WANTED.to_owned());
        return None;
    }
    let Some(array) = text.value.strip_suffix(ELEMENTS) else {
        report(match FieldPath::parse(text.value) {
            Ok(path) => format!("ends in one value: the elements of that are \"{path}[*]\""),
            Err(error) => misplaced(text.value, error),
        });
        return None;
    };
    match FieldPath::parse(array) {
        Ok(path) => Some(path),
        Err(error) => {
            report(misplaced(text.value, error));
            None
        }
    }
}

/// Says what is wrong with the path to the array; what stands for several values may only be its end.
fn misplaced(text: &str, error: PathError) -> String {
    let rest: String = text.chars().skip(error.character - 1).collect();
    match rest.starts_with('*') {
        true => format!(
            "at character {}: \"*\" stands only in the [*] at the end: the array is one value, and an element of an array is such as [0]",
            error.character
        ),
        false => error.to_string(),
    }
}

/// Reports keys that do not go together.
fn check_together(keys: &Keys<'_>, payload: &Payload) {
    let report = |key: &str, message: &str| {
        if let Some(value) = keys.value(key) {
            keys.report(key, value.at, message);
        }
    };
    if payload.format == PayloadFormat::JsonLines {
        report(
            "records",
            "each line is a record already where format = \"jsonl\": leave this out",
        );
    }
    if payload.format != PayloadFormat::Avro {
        report("schemas", "is for format = \"avro\" only");
    }
    let has_ids = payload.schemas.iter().any(|schema| schema.id.is_some());
    if has_ids && payload.compression == Compression::Auto {
        report(
            "compression",
            "\"auto\" goes by the first bytes, and those of an Avro value that only its content type tells the schema of may be any: write \"none\", or the one that is used",
        );
    }
}
