//! The columns of silver in Delta's words; pure.

use serde_json::{Value, json};

use super::DeltaError;
use crate::table::evolution::SchemaRecord;
use crate::table::schema::{ENQUEUED_TIME, RESCUED, SEQUENCE_NUMBER, SOURCE};

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

/// Returns Delta's schema: the columns of the files, then those of the directories.
pub(super) fn schema_string(recorded: &SchemaRecord) -> Result<String, DeltaError> {
    let mut fields = Vec::new();
    for column in &recorded.columns {
        let kind = delta_type(&column.kind)?;
        fields.push(field(
            &column.name,
            kind,
            !column.required,
            column.description.as_deref(),
        ));
    }
    let own =
        |name, kind: &str, nullable, comment| field(name, kind.to_owned(), nullable, Some(comment));
    fields.push(own(SOURCE, "string", false, "The bronze object of the row"));
    fields.push(own(
        SEQUENCE_NUMBER,
        "long",
        true,
        "The event's number in its hub partition",
    ));
    fields.push(own(
        ENQUEUED_TIME,
        "timestamp",
        false,
        "When the hub took the last event of the bronze object",
    ));
    if recorded.rescued {
        let comment = "The fields that no column names, as JSON";
        fields.push(own(RESCUED, "string", true, comment));
    }
    for (name, kind) in partition_columns(&recorded.period)? {
        let comment = "The period of the event time, in UTC";
        fields.push(own(name, kind, true, comment));
    }
    Ok(json!({ "type": "struct", "fields": fields }).to_string())
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
