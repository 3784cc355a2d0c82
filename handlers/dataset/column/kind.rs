//! The type of a column: the keys `type` and `format` of a `[[column]]` table.

use crate::dataset::reader::{Keys, Located};
use crate::dataset::types::{ColumnType, TimestampFormat};
use crate::wording::quoted;

const TYPES: &str =
    "one of int64, double, decimal(precision,scale), string, bool, timestamp, date, json";
const FORMATS: &str = "\"rfc3339\", \"unix_seconds\", \"unix_millis\", \"unix_micros\", \"unix_nanos\", or a format of strptime such as \"%d.%m.%Y %H:%M:%S\"";

/// Reads the type of the values.
pub(super) fn read(keys: &Keys<'_>) -> Option<ColumnType> {
    let format = keys.parsed("format", FORMATS, |text| match text {
        "unix_seconds" => Some(TimestampFormat::UnixSeconds),
        "unix_millis" => Some(TimestampFormat::UnixMillis),
        "unix_micros" => Some(TimestampFormat::UnixMicros),
        "unix_nanos" => Some(TimestampFormat::UnixNanos),
        "rfc3339" => Some(TimestampFormat::Rfc3339),
        other => other.contains('%').then_some(TimestampFormat::Strptime),
    });
    let text = keys.required_string("type", TYPES)?;
    let kind = match text.value {
        "int64" => Some(ColumnType::Int64),
        "double" => Some(ColumnType::Double),
        "string" => Some(ColumnType::String),
        "bool" => Some(ColumnType::Bool),
        "date" => Some(ColumnType::Date),
        "json" => Some(ColumnType::Json),
        "timestamp" => Some(ColumnType::Timestamp(
            format.unwrap_or(TimestampFormat::Rfc3339),
        )),
        other => read_decimal(
            keys,
            Located {
                value: other,
                at: text.at,
            },
        ),
    };
    if let (Some(kind), Some(at)) = (kind, keys.value("format").map(|format| format.at)) {
        let message = match (kind, format) {
            (ColumnType::Timestamp(_), _) | (ColumnType::Date, Some(TimestampFormat::Strptime)) => {
                None
            }
            (ColumnType::Date, Some(_)) => {
                Some("the format of a date is one of strptime, such as \"%d.%m.%Y\"")
            }
            (ColumnType::Date, None) => None,
            _ => Some("only a timestamp and a date have a format"),
        };
        if let Some(message) = message {
            keys.report("format", at, message);
        }
    }
    kind
}

fn read_decimal(keys: &Keys<'_>, text: Located<&str>) -> Option<ColumnType> {
    let report = |message: String| {
        keys.report(
            "type",
            text.at,
            format!("{}: {message}", quoted(text.value)),
        );
        None
    };
    let arguments = text.value.strip_prefix("decimal");
    let Some(arguments) = arguments else {
        return report(format!("it is {TYPES}"));
    };
    let arguments = arguments
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'));
    let numbers = arguments
        .and_then(|rest| rest.split_once(','))
        .and_then(|(precision, scale)| {
            Some((
                precision.trim().parse::<u8>().ok()?,
                scale.trim().parse::<u8>().ok()?,
            ))
        });
    let Some((precision, scale)) = numbers else {
        return report(
            "a decimal names its digits and those after the point, such as decimal(18,2)"
                .to_owned(),
        );
    };
    if !(1..=38).contains(&precision) {
        return report(format!("precision must be 1 to 38, not {precision}"));
    }
    if scale > precision {
        return report(format!(
            "scale must be 0 to the precision {precision}, not {scale}"
        ));
    }
    Some(ColumnType::Decimal { precision, scale })
}

/// Reads the type of a column that says when the hub took the event: bronze has it in milliseconds.
pub(super) fn read_enqueued_time(keys: &Keys<'_>) -> Option<ColumnType> {
    if let Some(format) = keys.value("format") {
        let message = "the enqueued time has a format of its own; leave the key out";
        keys.report("format", format.at, message);
        return None;
    }
    let kind = read(keys)?;
    if let ColumnType::Timestamp(_) = kind {
        return Some(ColumnType::Timestamp(TimestampFormat::UnixMillis));
    }
    let message = format!("{kind} does not hold the enqueued time: it is a timestamp");
    keys.report("type", keys.at_value("type"), message);
    None
}
