//! Where the values of a column are read and which it takes, as far as the dataset file says more than the default; pure.

use crate::dataset::{Bound, Column, ColumnType, Literal, Origin, TimestampFormat};
use crate::value::decimal;
use crate::value::path::FieldPath;
use crate::value::time::Date;

/// Returns the canonical text of each key of a column's table that has one, by the key's name.
pub(super) fn parts_of(column: &Column) -> Vec<(&'static str, String)> {
    let kind = column.value_kind();
    let rules = &column.rules;
    let bound = |bound: &Bound| bound_text(bound, kind);
    let literal = |literal: &Literal| literal_text(literal, kind);
    let mut nulls = rules.nulls.clone();
    nulls.sort_unstable();
    let notation = rules.notation.as_ref();
    let parts = [
        ("nulls", list(nulls)),
        ("default", rules.default.as_ref().map(literal)),
        ("format", format_text(column)),
        (
            "zone",
            notation
                .and_then(|notation| notation.zone.as_ref())
                .map(|zone| zone.name().to_owned()),
        ),
        ("min", column.min.as_ref().map(bound)),
        ("max", column.max.as_ref().map(bound)),
        ("allowed", list(rules.allowed.iter().map(literal).collect())),
        ("pattern", rules.pattern.as_ref().map(ToString::to_string)),
    ];
    let parts = parts
        .into_iter()
        .filter_map(|(key, text)| Some((key, text?)));
    places_of(column).into_iter().chain(parts).collect()
}

/// Says where a column is read, unless it is where one that says nothing is.
fn places_of(column: &Column) -> Vec<(&'static str, String)> {
    if let [place] = column.from.as_slice()
        && place.origin == Origin::Record
        && place.path.is_field(&column.name)
    {
        return Vec::new();
    }
    let places = Origin::ALL.into_iter().filter_map(|origin| {
        // However a place is written.
        let paths = column.paths(origin);
        let paths = paths.map(|path| FieldPath::to(path.segments().to_vec()).to_string());
        Some((origin.key(), list(paths.collect())?))
    });
    places.collect()
}

/// Writes texts such that other texts are written otherwise; nothing where there is none.
fn list(texts: Vec<String>) -> Option<String> {
    match texts.as_slice() {
        [] => None,
        [text] if !text.starts_with('[') => Some(text.clone()),
        texts => Some(format!("{texts:?}")),
    }
}

fn format_text(column: &Column) -> Option<String> {
    let notation = column.rules.notation.as_ref();
    let format = notation.and_then(|notation| notation.format.as_ref());
    if let Some(format) = format {
        return Some(format.to_string());
    }
    let unix = match column.value_kind() {
        ColumnType::Timestamp(TimestampFormat::UnixSeconds) => "unix_seconds",
        ColumnType::Timestamp(TimestampFormat::UnixMillis) => "unix_millis",
        ColumnType::Timestamp(TimestampFormat::UnixMicros) => "unix_micros",
        ColumnType::Timestamp(TimestampFormat::UnixNanos) => "unix_nanos",
        _ => return None,
    };
    Some(unix.to_owned())
}

fn literal_text(literal: &Literal, kind: ColumnType) -> String {
    match literal {
        Literal::Bound(bound) => bound_text(bound, kind),
        Literal::Text(text) => text.clone(),
        Literal::Bool(value) => value.to_string(),
    }
}

fn bound_text(bound: &Bound, kind: ColumnType) -> String {
    match (bound, kind) {
        (Bound::Decimal(value), ColumnType::Decimal { scale, .. }) => {
            decimal::format(*value, scale)
        }
        (Bound::Decimal(value), _) => value.to_string(),
        (Bound::Int64(value), _) => value.to_string(),
        (Bound::Double(value), _) => value.to_string(),
        (Bound::Timestamp(time), _) => time.to_string(),
        (Bound::Date(day), _) => Date::from_days((*day).into()).to_string(),
    }
}
