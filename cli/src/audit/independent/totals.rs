//! An aggregate of silver that is computed in the plainest way: row by row, exactly, sharing no code with gold's own.

use std::collections::HashMap;

use arrow_array::{Array, NullArray, RecordBatch};
use chrono::{DateTime, Datelike, NaiveDate, Weekday};
use sluice::dataset::Dataset;
use sluice::expr::{Condition, Input, Verdict};
use sluice::value::Grain;
use sluice::warehouse::schema::{MeasureSource, TableSchema, ValueType};

use super::cells::{Cell, Column};
use super::keys::{Pass, hash};
use super::total::Total;
use crate::output::count;
use sluice::dataset::ColumnIndex;
use sluice::error::Invariant;

/// The aggregate of one gold table, of the groups that a pass takes.
pub(crate) struct Totals<'a> {
    schema: &'a TableSchema,
    dataset: &'a Dataset,
    pass: Pass,
    /// The start of the first period that counts, in microseconds since 1970.
    kept_from: Option<i64>,
    groups: HashMap<Vec<u8>, Vec<Total>>,
    encoded: Vec<u8>,
}

impl<'a> Totals<'a> {
    pub(crate) fn new(
        schema: &'a TableSchema,
        dataset: &'a Dataset,
        (pass, kept_from): (Pass, Option<i64>),
    ) -> Self {
        Self {
            schema,
            dataset,
            pass,
            kept_from,
            groups: HashMap::new(),
            encoded: Vec::new(),
        }
    }

    /// The names of the columns of silver that it reads.
    pub(crate) fn columns(&self) -> Result<Vec<String>, Invariant> {
        let measured = self
            .schema
            .measures
            .iter()
            .filter_map(|m| column_of(m.source));
        let dimensions = self.schema.dimensions.iter().map(|d| d.column);
        let conditions = self.schema.measures.iter().map(|m| &m.condition);
        let conditions = conditions.chain([&self.schema.condition]).flatten();
        let needed = conditions.flat_map(Condition::columns);
        let all = dimensions.chain(measured).chain([self.dataset.event_time]);
        let all = all.chain(needed.map(ColumnIndex::new));
        all.map(|index| Ok(self.dataset.column(index)?.name.clone()))
            .collect()
    }

    /// Adds rows; fails in words if they are not what they should be.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), String> {
        let times = self.column(batch, self.dataset.event_time)?;
        let dimensions: Vec<Column<'_>> = self
            .schema
            .dimensions
            .iter()
            .map(|dimension| self.column(batch, dimension.column))
            .collect::<Result<_, _>>()?;
        let measures: Vec<Option<Column<'_>>> = self
            .schema
            .measures
            .iter()
            .map(|measure| {
                column_of(measure.source)
                    .map(|c| self.column(batch, c))
                    .transpose()
            })
            .collect::<Result<_, _>>()?;
        let has_group = self.judge(batch, self.schema.condition.as_ref())?;
        let conditions = self.schema.measures.iter().map(|m| m.condition.as_ref());
        let counts: Vec<Vec<bool>> = conditions
            .map(|condition| self.judge(batch, condition))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            if !holds(&has_group, row) {
                continue;
            }
            let Cell::Timestamp(time) = times.cell(row) else {
                return Err("a row has no event time".to_owned());
            };
            for start in periods(self.schema, time) {
                if start.as_ref().and_then(begin) < self.kept_from {
                    continue;
                }
                self.encoded.clear();
                if let Some(start) = start {
                    start.encode(&mut self.encoded);
                }
                for dimension in &dimensions {
                    dimension.cell(row).encode(&mut self.encoded);
                }
                let Some(totals) = self.group() else {
                    continue;
                };
                let measured = totals.iter_mut().zip(&measures).zip(&counts);
                for ((total, column), _) in measured.filter(|(_, counts)| holds(counts, row)) {
                    total.add(column.as_ref().map(|column| column.cell(row)), time)?;
                }
            }
        }
        Ok(())
    }

    /// The totals of the group that is encoded; nothing if another pass takes it.
    fn group(&mut self) -> Option<&mut Vec<Total>> {
        if self.pass.of > 1 && !self.pass.takes(hash(&self.encoded)) {
            return None;
        }
        if !self.groups.contains_key(&self.encoded) {
            let measures = self.schema.measures.iter();
            let totals = measures.map(|m| Total::of(m.source)).collect();
            self.groups.insert(self.encoded.clone(), totals);
        }
        self.groups.get_mut(&self.encoded)
    }

    /// Returns of which rows a condition is true; nothing where there is none. What a condition is of a row is the language's
    /// to say, whose evaluator is the only one.
    fn judge(
        &self,
        batch: &RecordBatch,
        condition: Option<&Condition>,
    ) -> Result<Vec<bool>, String> {
        let Some(condition) = condition else {
            return Ok(Vec::new());
        };
        let none = NullArray::new(0);
        let columns = self.dataset.columns.iter().map(|column| {
            let values = batch.column_by_name(&column.name);
            Input {
                values: values.map_or(&none as &dyn Array, |values| values.as_ref()),
                invalid: None,
            }
        });
        let columns: Vec<Input<'_>> = columns.collect();
        let verdicts = condition.judge(&columns, batch.num_rows());
        let verdicts = verdicts.map_err(|error| format!("a condition fails: {error}"))?;
        let verdicts = verdicts.into_iter();
        Ok(verdicts.map(|verdict| verdict == Verdict::Holds).collect())
    }

    fn column<'b>(&self, batch: &'b RecordBatch, index: ColumnIndex) -> Result<Column<'b>, String> {
        let column = self
            .dataset
            .column(index)
            .map_err(|defect| defect.to_string())?;
        let found = Column::of(
            batch.column_by_name(&column.name),
            ValueType::from(column.kind),
        );
        found.ok_or_else(|| {
            format!(
                "column {} has another type than {}",
                column.name, column.kind
            )
        })
    }

    /// Takes a row of the gold table, and returns in words how it differs.
    pub(crate) fn take(&mut self, row: &GoldRow) -> Option<String> {
        let Some(totals) = self.groups.remove(&row.group) else {
            return Some(format!("has a row for {}, silver has none", row.shown));
        };
        for ((measure, total), text) in self.schema.measures.iter().zip(totals).zip(&row.measures) {
            let found = Cell::parse(text.as_deref(), measure.kind);
            if !found.is_some_and(|found| total.allows(&found)) {
                return Some(format!(
                    "{} of {} is {}, silver adds up to {}",
                    measure.name,
                    row.shown,
                    text.as_deref().unwrap_or("null"),
                    total.show(scale_of(measure.kind))
                ));
            }
        }
        None
    }

    /// How many groups gold has not shown, after all of its rows were taken.
    pub(crate) fn left(&self) -> u64 {
        self.groups.len() as u64
    }

    /// The rows of the first group that gold has not shown.
    pub(crate) fn rows_of_a_group_left(&self) -> Option<String> {
        let totals = self.groups.values().next()?;
        let measures = self.schema.measures.iter().zip(totals);
        let shown = measures.map(|(measure, total)| {
            let scale = scale_of(measure.kind);
            format!("{} {}", measure.name, total.show(scale))
        });
        Some(shown.collect::<Vec<_>>().join(", "))
    }
}

/// A row of a gold table.
pub(crate) struct GoldRow {
    /// The start of its period, in microseconds since 1970.
    pub(crate) start: Option<i64>,
    /// Time and dimensions, encoded as [`Totals`] does.
    pub(crate) group: Vec<u8>,
    /// The measures as text.
    pub(crate) measures: Vec<Option<String>>,
    /// Time and dimensions for people.
    pub(crate) shown: String,
}

impl GoldRow {
    /// Reads a row with the columns that the schema gives the table.
    pub(crate) fn read(
        row: &[Option<String>],
        columns: &[(String, ValueType)],
        leading: usize,
    ) -> Result<Self, String> {
        if row.len() != columns.len() {
            return Err(format!(
                "has a row of {} in {}",
                count(row.len() as u64, "value"),
                count(columns.len() as u64, "column")
            ));
        }
        let mut group = Vec::new();
        let mut shown = Vec::new();
        let mut start = None;
        for ((name, kind), text) in columns.iter().zip(row).take(leading) {
            let cell = Cell::parse(text.as_deref(), *kind);
            let cell = cell.ok_or_else(|| {
                format!("has {text:?} as {name}, which is not a value of its type")
            })?;
            if shown.is_empty() {
                start = begin(&cell);
            }
            cell.encode(&mut group);
            shown.push(format!("{name} = {}", cell.show(scale_of(*kind))));
        }
        let shown = match shown.is_empty() {
            true => "all time".to_owned(),
            false => shown.join(", "),
        };
        Ok(Self {
            start,
            group,
            measures: row.iter().skip(leading).cloned().collect(),
            shown,
        })
    }
}

/// Returns whether a row counts by the verdicts of a condition; every row does where there is no condition.
fn holds(verdicts: &[bool], row: usize) -> bool {
    verdicts.get(row).copied().unwrap_or(verdicts.is_empty())
}

fn column_of(source: MeasureSource) -> Option<ColumnIndex> {
    match source {
        MeasureSource::Rows => None,
        MeasureSource::Values(column)
        | MeasureSource::Sum(column)
        | MeasureSource::Min(column)
        | MeasureSource::Max(column)
        | MeasureSource::First(column)
        | MeasureSource::Last(column)
        | MeasureSource::Distinct(column) => Some(column),
    }
}

fn scale_of(kind: ValueType) -> u8 {
    match kind {
        ValueType::Decimal { scale, .. } => scale,
        _ => 0,
    }
}

/// The start of a period in microseconds since 1970.
fn begin(start: &Cell<'_>) -> Option<i64> {
    match start {
        Cell::Timestamp(micros) => Some(*micros),
        Cell::Date(days) => Some(i64::from(*days) * 86_400_000_000),
        _ => None,
    }
}

/// The times of the rows that an event counts in: as the clocks of the table's zone show its own, and of windows that overlap
/// each that has begun and is not over.
fn periods(table: &TableSchema, micros: i64) -> Vec<Option<Cell<'static>>> {
    let shown = table
        .zone
        .as_ref()
        .map_or(micros, |zone| zone.clock(micros));
    let Some((every, length)) = table.every.zip(table.grain.window_minutes()) else {
        return vec![period(table.grain, shown)];
    };
    let minute = micros.div_euclid(60_000_000);
    let starts = (0..length).map(|back| minute - back);
    let starts = starts.filter(|start| start.rem_euclid(i64::from(every)) == 0);
    let starts = starts.map(|start| Some(Cell::Timestamp(start * 60_000_000)));
    starts.collect()
}

/// The time of a row as the table's time column has it.
fn period(grain: Grain, micros: i64) -> Option<Cell<'static>> {
    let day = || DateTime::from_timestamp_micros(micros).map(|time| time.date_naive());
    let date = |day: Option<NaiveDate>| {
        Some(day.map_or(Cell::Null, |day| Cell::Date(day.to_epoch_days())))
    };
    let minutes = |minutes: i64| {
        let step = minutes * 60_000_000;
        Some(Cell::Timestamp(micros.div_euclid(step) * step))
    };
    match grain {
        Grain::All => None,
        Grain::FiveMinutes => minutes(5),
        Grain::TenMinutes => minutes(10),
        Grain::FifteenMinutes => minutes(15),
        Grain::TwentyMinutes => minutes(20),
        Grain::ThirtyMinutes => minutes(30),
        Grain::Hour => minutes(60),
        Grain::Week => date(day().map(|day| day.week(Weekday::Mon).first_day())),
        Grain::Day => date(day()),
        Grain::Month => date(day().and_then(|day| day.with_day(1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<(String, ValueType)> {
        let column = |name: &str, kind| (name.to_owned(), kind);
        vec![
            column("day", ValueType::Date),
            column("orders", ValueType::Int64),
        ]
    }

    fn read(values: &[&str]) -> Result<GoldRow, String> {
        let row: Vec<_> = values
            .iter()
            .map(|value| Some((*value).to_owned()))
            .collect();
        GoldRow::read(&row, &columns(), 1)
    }

    #[test]
    fn a_gold_row_is_its_group_and_its_measures() {
        let row = read(&["2025-11-14", "7"]).unwrap();
        assert_eq!(row.measures, [Some("7".to_owned())]);
        assert_eq!(row.shown, "day = 2025-11-14");
    }

    #[test]
    fn a_gold_row_with_other_columns_than_its_table_is_a_difference() {
        for values in [&["2025-11-14"][..], &["2025-11-14", "7", "8"]] {
            let error = read(values).err().unwrap();
            assert!(error.ends_with("in 2 columns"), "{error}");
        }
        let error = read(&["yesterday", "7"]).err().unwrap();
        assert!(error.contains("not a value of its type"), "{error}");
    }

    #[test]
    fn a_period_starts_where_its_column_says_also_before_1970() {
        const DAY: i64 = 86_400_000_000;
        assert_eq!(period(Grain::All, -1), None);
        let hour = Cell::Timestamp(-3_600_000_000);
        assert_eq!(period(Grain::Hour, -1), Some(hour));
        let window = Cell::Timestamp(-300_000_000);
        assert_eq!(period(Grain::FiveMinutes, -1), Some(window));
        let window = Cell::Timestamp(1_800_000_000);
        assert_eq!(period(Grain::ThirtyMinutes, 1_800_000_000), Some(window));
        // 1970 began on a Thursday.
        assert_eq!(period(Grain::Week, 0), Some(Cell::Date(-3)));
        assert_eq!(period(Grain::Week, 4 * DAY), Some(Cell::Date(4)));
        assert_eq!(period(Grain::Week, 4 * DAY - 1), Some(Cell::Date(-3)));
        assert_eq!(period(Grain::Day, -1), Some(Cell::Date(-1)));
        assert_eq!(period(Grain::Day, DAY), Some(Cell::Date(1)));
        assert_eq!(period(Grain::Month, -1), Some(Cell::Date(-31)));
    }
}
