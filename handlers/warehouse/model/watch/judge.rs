//! Of which groups a condition is true, and what an alert tells of them; pure.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    NullArray, StringArray, TimestampMicrosecondArray,
};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128;

use super::group::Group;
use crate::error::Invariant;
use crate::expr::{Condition, Input, Verdict};
use crate::value::decimal;
use crate::value::time::MICROS_PER_DAY;
use crate::warehouse::model::{Datum, text};
use crate::warehouse::schema::{
    MeasureSource, RuleSchema, RuleTrigger, TableSchema, ValueType, WatchedColumn, WatchedValue,
    watched_columns,
};

/// Returns the id of what is known by these parts, none of which has a line break.
#[must_use]
pub fn alert_id(parts: &[&str]) -> String {
    format!("{:032x}", xxh3_128(parts.join("\n").as_bytes()))
}

/// Returns of which groups a condition is true, and of how many it could not be computed.
pub(in crate::warehouse) fn judge(
    condition: &Condition,
    table: &TableSchema,
    groups: &[Group<'_>],
) -> Result<(Vec<bool>, u64), Invariant> {
    let needed = condition.columns();
    let columns = watched_columns(table);
    let arrays = columns.iter().enumerate().map(|(place, column)| {
        Ok(match needed.contains(&place) {
            true => array(column, table, groups)?,
            // What the condition does not name is not looked at.
            false => Arc::new(NullArray::new(0)) as ArrayRef,
        })
    });
    let arrays: Vec<ArrayRef> = arrays.collect::<Result<_, Invariant>>()?;
    let inputs: Vec<Input<'_>> = arrays
        .iter()
        .map(|array| Input {
            values: array.as_ref() as &dyn Array,
            invalid: None,
        })
        .collect();
    let verdicts = condition.judge(&inputs, groups.len());
    let verdicts = verdicts.map_err(|_| OTHER)?;
    let failed = verdicts.iter();
    let failed = failed.filter(|verdict| matches!(verdict, Verdict::Invalid(_)));
    let failed = failed.count() as u64;
    let holds = verdicts.iter().map(|verdict| *verdict == Verdict::Holds);
    Ok((holds.collect(), failed))
}

const OTHER: Invariant = Invariant("a rule's columns have the types that it was read for");

fn array(
    column: &WatchedColumn,
    table: &TableSchema,
    groups: &[Group<'_>],
) -> Result<ArrayRef, Invariant> {
    let values = groups.iter().map(|group| value(column, table, group));
    macro_rules! of {
        ($array:ident, $variant:ident) => {{
            let values = values.map(|value| match value {
                Datum::Null => Ok(None),
                Datum::$variant(value) => Ok(Some(value)),
                _ => Err(OTHER),
            });
            let values = values.collect::<Result<Vec<_>, Invariant>>()?;
            Arc::new($array::from(values))
        }};
    }
    Ok(match column.kind {
        ValueType::Int64 => of!(Int64Array, Int64),
        ValueType::Double => of!(Float64Array, Double),
        ValueType::Decimal { .. } => of!(Decimal128Array, Decimal),
        ValueType::Text => of!(StringArray, Text),
        ValueType::Bool => of!(BooleanArray, Bool),
        ValueType::Timestamp => of!(TimestampMicrosecondArray, Timestamp),
        ValueType::Date => of!(Date32Array, Date),
    })
}

/// Returns a value as the table's report shows it; an average has more digits.
fn value(column: &WatchedColumn, table: &TableSchema, group: &Group<'_>) -> Datum {
    let measure = |place: usize| group.measures.get(place).cloned().unwrap_or(Datum::Null);
    match column.from {
        WatchedValue::Start => match column.kind {
            ValueType::Date => {
                let days = group.start.div_euclid(MICROS_PER_DAY);
                i32::try_from(days).map_or(Datum::Null, Datum::Date)
            }
            _ => Datum::Timestamp(group.start),
        },
        WatchedValue::Dimension(place) => {
            group.dimensions.get(place).cloned().unwrap_or(Datum::Null)
        }
        WatchedValue::Measure(place) => match measure(place) {
            Datum::Picked(picked) => picked.value,
            Datum::Sketch(sketch) => Datum::Int64(sketch.estimate()),
            datum => datum,
        },
        WatchedValue::Average(sum) => {
            let scale = |kind| match kind {
                ValueType::Decimal { scale, .. } => scale,
                _ => 0,
            };
            let own = table.measures.get(sum).map_or(0, |sum| scale(sum.kind));
            let digits = scale(column.kind).saturating_sub(own);
            match (measure(sum), measure(sum + 1)) {
                (Datum::Decimal(sum), Datum::Int64(count)) => {
                    average(sum, count, digits).map_or(Datum::Null, Datum::Decimal)
                }
                _ => Datum::Null,
            }
        }
    }
}

/// Divides, with so many more digits after the point, and rounds half away from zero; nothing where nothing was counted, or
/// where it has too many digits.
fn average(sum: i128, count: i64, digits: u8) -> Option<i128> {
    let (count, unit) = (i128::from(count), 10_i128.checked_pow(digits.into())?);
    let whole = sum.checked_div(count)?.checked_mul(unit)?;
    // Below the count, so that it has room.
    let rest = sum.checked_rem(count)?.checked_mul(unit)?;
    let (part, left) = (rest / count, rest % count);
    let up = i128::from(left.abs() >= (count.abs() - left.abs())) * rest.signum();
    let value = whole.checked_add(part)?.checked_add(up)?;
    decimal::fits(value).then_some(value)
}

/// Returns the latest event time of a group, for a rule that waits for silence.
pub(super) fn last_seen(rule: &RuleSchema, group: &Group<'_>) -> Option<i64> {
    match &rule.trigger {
        RuleTrigger::Silent { measure, .. } => match group.measures.get(*measure) {
            Some(Datum::Timestamp(time)) => Some(*time),
            _ => None,
        },
        RuleTrigger::When(_) => None,
    }
}

/// Returns the latest time that a group of a table holds, if it holds one.
pub(super) fn newest(table: &TableSchema, group: &Group<'_>) -> Option<i64> {
    let measures = table.measures.iter().zip(group.measures);
    let times = measures.filter_map(|(measure, datum)| match (measure.source, datum) {
        (MeasureSource::Max(_), Datum::Timestamp(time)) => Some(*time),
        _ => None,
    });
    times.max()
}

/// Returns the fields of an alert as a JSON object: whole numbers, doubles and Booleans as such, decimals and times as text
/// with all of their digits.
pub(super) fn fields(
    rule: &RuleSchema,
    table: &TableSchema,
    group: &Group<'_>,
) -> Result<String, Invariant> {
    let columns = watched_columns(table);
    let mut object = Map::new();
    for name in &rule.fields {
        let Some(column) = columns.iter().find(|column| column.name == *name) else {
            continue;
        };
        let value = match column.from {
            WatchedValue::Start => text::period(table.grain, group.start).map(Value::from),
            _ => Some(value(column, table, group).json(column.kind)),
        };
        object.insert(name.clone(), value.unwrap_or(Value::Null));
    }
    Ok(Value::Object(object).to_string())
}

impl Datum {
    /// Returns the value as JSON: whole numbers, doubles and Booleans as such, everything else as text.
    #[must_use]
    pub fn json(&self, kind: ValueType) -> Value {
        match self {
            Self::Int64(number) => Value::from(*number),
            Self::Double(number) => Value::from(*number),
            Self::Bool(is_true) => Value::from(*is_true),
            other => other.text(kind).map_or(Value::Null, Value::from),
        }
    }
}
