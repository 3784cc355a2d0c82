//! Values of gold as text that people read: a value by its type, and a group by the values of its key.

use chrono::{DateTime, NaiveDate, SecondsFormat};

use super::Datum;
use crate::value::hash::hex;
use crate::value::{Grain, decimal};
use crate::warehouse::schema::{TableSchema, ValueType};

/// How many characters of a value name its group.
pub(in crate::warehouse) const MOST_CHARS: usize = 200;
/// The name of the group of a table that has one.
pub(in crate::warehouse) const ALL_ROWS: &str = "all rows";
/// What stands for a value that is null.
pub(in crate::warehouse) const NULL: &str = "null";

impl Datum {
    /// Returns the value as text; nothing where it is null, or lies outside the calendar.
    pub(in crate::warehouse) fn text(&self, kind: ValueType) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Int64(number) => Some(number.to_string()),
            Self::Double(number) => Some(number.to_string()),
            Self::Decimal(unscaled) => {
                let scale = match kind {
                    ValueType::Decimal { scale, .. } => scale,
                    _ => 0,
                };
                Some(decimal::format(*unscaled, scale))
            }
            Self::Text(text) => Some(text.clone()),
            Self::Bool(is_true) => Some(is_true.to_string()),
            Self::Timestamp(micros) => timestamp(*micros),
            Self::Date(days) => {
                NaiveDate::from_epoch_days(*days).map(|day| day.format("%Y-%m-%d").to_string())
            }
            Self::Bytes(bytes) => Some(hex(bytes)),
            Self::Picked(picked) => picked.value.text(kind),
            Self::Sketch(sketch) => Some(sketch.estimate().to_string()),
        }
    }
}

/// Returns the start of a period as its grain writes it.
pub(in crate::warehouse) fn period(grain: Grain, start: i64) -> Option<String> {
    let time = DateTime::from_timestamp_micros(start)?;
    Some(match grain {
        Grain::FiveMinutes
        | Grain::TenMinutes
        | Grain::FifteenMinutes
        | Grain::TwentyMinutes
        | Grain::ThirtyMinutes
        | Grain::Hour => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        Grain::Day | Grain::Week | Grain::Month | Grain::All => time.format("%Y-%m-%d").to_string(),
    })
}

/// Returns a point in time as text of one width.
pub(in crate::warehouse) fn timestamp(micros: i64) -> Option<String> {
    let time = DateTime::from_timestamp_micros(micros)?;
    Some(time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Names a group of a table by its period and its dimension values, in the order of the table's columns.
pub(crate) fn group(table: &TableSchema, start: i64, dimensions: &[Datum]) -> String {
    let time = table.time().map(|name| (name, period(table.grain, start)));
    let dimensions = table.dimensions.iter().zip(dimensions);
    let dimensions = dimensions.map(|(column, datum)| (&*column.name, datum.text(column.kind)));
    group_of(time.into_iter().chain(dimensions))
}

/// Names a group by columns and their values.
pub(in crate::warehouse) fn group_of<'a>(
    columns: impl Iterator<Item = (&'a str, Option<String>)>,
) -> String {
    let terms = columns.map(|(name, value)| {
        let value = value.as_deref().unwrap_or(NULL);
        let value: String = value.chars().take(MOST_CHARS).collect();
        format!("{name} = {value}")
    });
    let terms: Vec<String> = terms.collect();
    match terms.is_empty() {
        true => ALL_ROWS.to_owned(),
        false => terms.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::fixture::{TABLES, schema_of};

    #[test]
    fn a_group_is_named_by_its_period_and_its_dimensions() {
        let table = &schema_of(TABLES).tables[0];
        let named = |who: Datum| group(table, 86_400_000_000, &[who]);
        assert_eq!(
            named(Datum::Text("w1".into())),
            "day = 1970-01-02, who = w1"
        );
        assert_eq!(named(Datum::Null), "day = 1970-01-02, who = null");
        let long = named(Datum::Text("w".repeat(1_000)));
        assert_eq!(long.matches('w').count(), MOST_CHARS + "who".len() - 2);
        assert_eq!(group_of(std::iter::empty()), "all rows");
    }

    #[test]
    fn every_value_is_written_by_its_type() {
        let cents = ValueType::Decimal {
            precision: 38,
            scale: 2,
        };
        for (datum, kind, text) in [
            (Datum::Int64(-7), ValueType::Int64, "-7"),
            (Datum::Double(0.5), ValueType::Double, "0.5"),
            (Datum::Decimal(-5), cents, "-0.05"),
            (Datum::Bool(true), ValueType::Bool, "true"),
            (Datum::Date(1), ValueType::Date, "1970-01-02"),
            (
                Datum::Timestamp(1),
                ValueType::Timestamp,
                "1970-01-01T00:00:00.000001Z",
            ),
        ] {
            assert_eq!(datum.text(kind).as_deref(), Some(text));
        }
        assert_eq!(Datum::Date(i32::MAX).text(ValueType::Date), None);
    }
}
