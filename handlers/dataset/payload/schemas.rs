//! Reads the key `schemas` of a `[payload]` table, and the files that it names.

use std::path::{Component, Path};
use std::sync::Arc;

use toml::de::DeValue;

use super::WriterSchema;
use crate::dataset::reader::{Keys, Located};
use crate::value::avro::schema::Schema;
use crate::wording::quoted;

const WANTED: &str = "a list of files, such as [\"meters.avsc\"], or a table of files by the ids that content types give them, such as { 1f2e = \"meters.avsc\" }";

/// Returns the text of a file beside the dataset file, or says why there is none.
pub(in crate::dataset) type ReadFile<'r> = &'r dyn Fn(&str) -> Result<String, String>;

/// Reads the schemas.
pub(super) fn read_schemas(keys: &Keys<'_>, read_file: ReadFile<'_>) -> Vec<WriterSchema> {
    let Some(value) = keys.value("schemas") else {
        return Vec::new();
    };
    let mut schemas = Vec::new();
    match value.value {
        DeValue::Array(_) => {
            for file in keys.strings("schemas").unwrap_or_default() {
                schemas.extend(read_schema(keys, None, file, read_file));
            }
        }
        DeValue::Table(_) => {
            for (id, file) in keys.required_entries("schemas", WANTED) {
                let Some(name) = file.value.as_str() else {
                    keys.report("schemas", file.at, format!("must be {WANTED}"));
                    continue;
                };
                let file = Located {
                    value: name,
                    at: file.at,
                };
                schemas.extend(read_schema(keys, Some(id), file, read_file));
            }
        }
        other => {
            let message = format!("must be {WANTED}, not of type {}", other.type_str());
            keys.report("schemas", value.at, message);
        }
    }
    schemas
}

fn read_schema(
    keys: &Keys<'_>,
    id: Option<&str>,
    file: Located<&str>,
    read_file: ReadFile<'_>,
) -> Option<WriterSchema> {
    let report = |message: String| {
        let message = format!("{} {message}", quoted(file.value));
        keys.report("schemas", file.at, message);
    };
    // It is packaged together with the dataset file.
    if !is_below(file.value) {
        report("must be a file in the folder of the dataset file, or below it".to_owned());
        return None;
    }
    let text = match read_file(file.value) {
        Ok(text) => text,
        Err(error) => {
            report(format!("cannot be read: {error}"));
            return None;
        }
    };
    match Schema::parse(&text) {
        Ok(schema) => Some(WriterSchema {
            id: id.map(str::to_owned),
            file: file.value.to_owned(),
            schema: Arc::new(schema),
        }),
        Err(error) => {
            report(format!("is no schema of Avro: {error}"));
            None
        }
    }
}

/// Returns whether a name leads to a file below a folder, on every system.
fn is_below(name: &str) -> bool {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !name.is_empty() && !name.contains('\\') && Path::new(name).components().all(is_plain)
}
