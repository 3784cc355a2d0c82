//! The rules that are watched for, over the tables as they lie in a database; pure.
//!
//! The books keep a rule as text, so that a later build can go on with it until the table that it watches is swapped.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::error::SchemaError;
use super::measure::{MeasureColumn, MeasureSource};
use super::table::TableSchema;
use super::value_type::ValueType;
use crate::dataset::{AVERAGE_SCALE, Alert, ROWS, TableIndex, Trigger, Watched};
use crate::error::Invariant;
use crate::expr::{self, Condition, Scope, Type};
use crate::value::decimal::MAX_PRECISION;
use crate::value::time::micros;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSchema {
    /// Its name.
    pub name: String,
    /// The table that it watches; nothing where that is silver's rows.
    pub table: Option<TableIndex>,
    /// When it raises an alert.
    pub trigger: RuleTrigger,
    /// The columns that an alert carries, by name.
    pub fields: Vec<String>,
    /// Who is told.
    pub notify: Vec<String>,
    /// How far behind event time something may be and still raise an alert, in microseconds.
    pub fresh: i64,
    /// How many microseconds of event time lie at least between two alerts of a group, where that is bounded.
    pub rearm: Option<i64>,
    /// Whether the targets are told as well that it is over.
    pub notify_cleared: bool,
    /// A hash of what it watches and when it raises an alert; when that changes, it starts anew.
    pub definition: String,
    /// All of it as text.
    pub text: String,
}

/// When a rule raises an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleTrigger {
    /// When a condition becomes true; it is over the columns of the dataset, or [those](watched_columns) of a table.
    When(Condition),
    /// When the measure of that place, a latest event time, is so many microseconds behind.
    Silent {
        /// By its place in [`TableSchema::measures`].
        measure: usize,
        /// How far.
        after: i64,
    },
}

/// A column of a table that a rule may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ValueType,
    /// Whether it may be null.
    pub nullable: bool,
    /// Where its value comes from.
    pub from: WatchedValue,
}

/// Where the value of a watched column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedValue {
    /// The start of the period.
    Start,
    /// The dimension of that place.
    Dimension(usize),
    /// The measure of that place.
    Measure(usize),
    /// The average of the sum of that place and the count after it.
    Average(usize),
}

/// What the books keep of a rule.
#[derive(Debug, Serialize, Deserialize)]
struct Text {
    on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    silent: Option<String>,
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    after: Option<i64>,
    fields: Vec<String>,
    notify: Vec<String>,
    fresh: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rearm: Option<i64>,
    #[serde(default)]
    notify_cleared: bool,
}

/// Returns the columns of a table that a rule may name: its time, its dimensions and its measures as its report shows them.
#[must_use]
pub fn watched_columns(table: &TableSchema) -> Vec<WatchedColumn> {
    let mut columns = Vec::new();
    if let Some(name) = table.time() {
        columns.push(WatchedColumn {
            name: name.to_owned(),
            kind: table.time_type(),
            nullable: false,
            from: WatchedValue::Start,
        });
    }
    for (place, dimension) in table.dimensions.iter().enumerate() {
        columns.push(WatchedColumn {
            name: dimension.name.clone(),
            kind: dimension.kind,
            nullable: true,
            from: WatchedValue::Dimension(place),
        });
    }
    let mut place = 0;
    while let Some(measure) = table.measures.get(place) {
        let average = average(measure, table.measures.get(place + 1));
        columns.push(match &average {
            Some((name, scale)) => WatchedColumn {
                name: (*name).to_owned(),
                kind: ValueType::Decimal {
                    precision: MAX_PRECISION,
                    scale: *scale,
                },
                nullable: true,
                from: WatchedValue::Average(place),
            },
            None => WatchedColumn {
                name: measure.name.clone(),
                kind: measure.kind,
                nullable: measure.source.is_nullable(),
                from: WatchedValue::Measure(place),
            },
        });
        place += 1 + usize::from(average.is_some());
    }
    columns
}

/// Returns the name of the average that two measures are kept for, and its digits after the point: only averages have
/// counts of values.
fn average<'a>(sum: &'a MeasureColumn, count: Option<&MeasureColumn>) -> Option<(&'a str, u8)> {
    let (MeasureSource::Sum(of), MeasureSource::Values(also_of)) = (sum.source, count?.source)
    else {
        return None;
    };
    let name = sum.name.strip_suffix("_sum").filter(|_| of == also_of)?;
    let scale = match sum.kind {
        ValueType::Decimal { scale, .. } => scale,
        _ => 0,
    };
    Some((name, scale.max(AVERAGE_SCALE)))
}

impl WatchedColumn {
    fn as_named(&self) -> expr::Column<'_> {
        let kind = match self.kind {
            ValueType::Int64 => Type::Int64,
            ValueType::Double => Type::Double,
            ValueType::Decimal { precision, scale } => Type::Decimal { precision, scale },
            ValueType::Text => Type::String,
            ValueType::Bool => Type::Bool,
            ValueType::Timestamp => Type::Timestamp,
            ValueType::Date => Type::Date,
        };
        expr::Column {
            name: &self.name,
            kind,
            nullable: self.nullable,
        }
    }
}

impl RuleSchema {
    /// Works out a rule of the dataset file over its tables.
    pub(super) fn of(alert: &Alert, tables: &[TableSchema]) -> Result<Self, SchemaError> {
        let (table, on) = match alert.on {
            Watched::Rows => (None, ROWS),
            Watched::Table(index) => {
                let table = tables.get(index.position());
                let table = table.ok_or(Invariant("a rule watches a table of its file"))?;
                (Some((index, table)), table.name.as_str())
            }
        };
        let (when, silent, after) = match &alert.trigger {
            Trigger::When(condition) => (Some(condition.text().to_owned()), None, None),
            Trigger::Silent { measure, after } => {
                (None, Some(measure.clone()), Some(micros(*after)))
            }
        };
        let text = Text {
            on: on.to_owned(),
            when,
            silent,
            after,
            fields: alert.fields.clone(),
            notify: alert.notify.iter().map(ToString::to_string).collect(),
            fresh: micros(alert.fresh),
            rearm: alert.rearm.map(micros),
            notify_cleared: alert.notify_cleared,
        };
        let rule = match (&alert.trigger, table) {
            (Trigger::When(condition), None) => Some(Self::made(
                (&alert.name, None),
                RuleTrigger::When(condition.clone()),
                text,
            )),
            (_, Some((index, table))) => Self::over((&alert.name, index), table, text),
            (Trigger::Silent { .. }, None) => None,
        };
        Ok(rule.ok_or(Invariant("a rule that was checked is understood"))?)
    }

    /// Reads a rule on a table from its text in the books; nothing if it is not understood, or names what the table does
    /// not have as it lies.
    #[must_use]
    pub fn read(named: (&str, TableIndex), table: &TableSchema, text: &str) -> Option<Self> {
        let text: Text = serde_json::from_str(text).ok()?;
        (text.on == table.name)
            .then(|| Self::over(named, table, text))
            .flatten()
    }

    fn over((name, index): (&str, TableIndex), table: &TableSchema, text: Text) -> Option<Self> {
        let columns = watched_columns(table);
        let trigger = match (&text.when, &text.silent, text.after) {
            (Some(when), None, None) => {
                let columns: Vec<_> = columns.iter().map(WatchedColumn::as_named).collect();
                let scope = Scope {
                    columns: &columns,
                    later: &[],
                };
                RuleTrigger::When(Condition::read(when, scope).ok()?)
            }
            (None, Some(silent), Some(after)) => {
                let column = columns.iter().find(|column| column.name == *silent)?;
                let WatchedValue::Measure(measure) = column.from else {
                    return None;
                };
                (column.kind == ValueType::Timestamp)
                    .then_some(RuleTrigger::Silent { measure, after })?
            }
            _ => return None,
        };
        Some(Self::made((name, Some(index)), trigger, text))
    }

    fn made((name, table): (&str, Option<TableIndex>), trigger: RuleTrigger, text: Text) -> Self {
        let watched = format!(
            "1 {:?} {:?} {:?} {:?}",
            text.on, text.when, text.silent, text.after
        );
        Self {
            name: name.to_owned(),
            table,
            trigger,
            definition: format!("{:032x}", xxh3_128(watched.as_bytes())),
            // Text and numbers, which JSON always takes.
            text: serde_json::to_string(&text).unwrap_or_default(),
            fields: text.fields,
            notify: text.notify,
            fresh: text.fresh,
            rearm: text.rearm,
            notify_cleared: text.notify_cleared,
        }
    }

    /// Returns the measure by whose range it looks for groups, as an index into those of its table.
    pub(super) fn searched(&self) -> Option<usize> {
        match self.trigger {
            RuleTrigger::Silent { measure, .. } => Some(measure),
            _ => None,
        }
    }

    /// Returns whether it waits for silence.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self.trigger, RuleTrigger::Silent { .. })
    }
}
