//! The columns of silver in Delta's words; pure.

use serde_json::{Value, json};

use super::DeltaError;
use crate::table::evolution::{SchemaRecord, Standing};
use crate::table::schema::{ENQUEUED_TIME, LINE, RECORD, RESCUED, SEQUENCE_NUMBER, SOURCE};

/// Returns the columns that directories stand for, which are not in the files, and their types.
pub(super) fn partition_columns(
    period: &str,
) -> Result<&'static [(&'static str, &'static str)], DeltaError> {
    match period {
        "hour" => Ok(&[("event_date", "date"), ("event_hour", "integer")]),
        "day" => Ok(&[("event_date", "date")]),
        "month" => Ok(&[("event_month", "string")]),
        other => Err(DeltaError::Schema(format!("unknown period {other}"))),
    }
}

/// Returns Delta's schema: the columns of the files, with those of the directories between those of the beginning and those
/// that came later.
pub(super) fn schema_string(recorded: &SchemaRecord) -> Result<String, DeltaError> {
    let mut fields = Vec::new();
    for column in recorded.standing() {
        match column {
            Standing::Declared(column) => {
                let (kind, comment) = (delta_type(&column.kind)?, column.description.as_deref());
                fields.push(field(&column.name, kind, !column.required, comment));
            }
            Standing::Own(name) => {
                let (kind, nullable, comment) = own(name)?;
                fields.push(field(name, kind.to_owned(), nullable, Some(comment)));
            }
            Standing::Directories => {
                for (name, kind) in partition_columns(&recorded.period)? {
                    let comment = "The period of the event time, in UTC";
                    fields.push(field(name, (*kind).to_owned(), true, Some(comment)));
                }
            }
        }
    }
    Ok(json!({ "type": "struct", "fields": fields }).to_string())
}

/// Returns the type of a column of our own, whether it may be null, and what it means.
fn own(name: &str) -> Result<(&'static str, bool, &'static str), DeltaError> {
    Ok(match name {
        SOURCE => ("string", false, "The bronze object of the row"),
        LINE => ("integer", false, "The line of the bronze object, from 0"),
        RECORD => ("integer", false, "The record of the line, from 0"),
        SEQUENCE_NUMBER => ("long", true, "The event's number in its hub partition"),
        ENQUEUED_TIME => (
            "timestamp",
            false,
            "When the hub took the last event of the bronze object",
        ),
        RESCUED => ("string", true, "The fields that no column names, as JSON"),
        other => return Err(DeltaError::Schema(format!("unknown column {other}"))),
    })
}

fn field(name: &str, kind: String, nullable: bool, comment: Option<&str>) -> Value {
    let metadata = comment.map_or_else(|| json!({}), |comment| json!({ "comment": comment }));
    json!({ "name": name, "type": kind, "nullable": nullable, "metadata": metadata })
}

/// Translates a type of the dataset file.
fn delta_type(kind: &str) -> Result<String, DeltaError> {
    let known = match kind {
        "int64" => "long",
        "double" => "double",
        "string" | "json" => "string",
        "bool" => "boolean",
        "timestamp" => "timestamp",
        "date" => "date",
        decimal if decimal.starts_with("decimal(") => decimal,
        other => return Err(DeltaError::Schema(format!("unknown type {other}"))),
    };
    Ok(known.to_owned())
}
