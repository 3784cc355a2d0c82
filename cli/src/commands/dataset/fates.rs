//! The fates of tried events with their values as text, and how many there are of each; what `try` and `test` show. Pure.

use std::collections::BTreeMap;

use arrow_array::{RecordBatch, UInt32Array};
use arrow_schema::ArrowError;
use arrow_select::take::take_record_batch;
use bytes::Bytes;
use serde_json::{Value, json};
use sluice::dataset::{ColumnIndex, ColumnType, Dataset};
use sluice::event::UnixMillis;
use sluice::silver::RefineError;
use sluice::silver::trial::{Fate, Record, Refusal, Trial, trial};
use thiserror::Error;

use crate::output::{Balance, Rows, count, thousands};

/// Events that cannot be tried.
#[derive(Debug, Error)]
pub(in crate::commands) enum TryError {
    /// By the production path.
    #[error(transparent)]
    Refine(#[from] RefineError),
    /// Rows cannot be laid out.
    #[error("lay out rows")]
    LayOut(#[from] ArrowError),
}

/// What became of events.
#[derive(Debug)]
pub(super) struct Fates {
    pub(super) trial: Trial,
    /// The columns that are shown, the dataset's and the unknown fields, with the type of each.
    pub(super) columns: Vec<ShownColumn>,
    /// The values of these columns, for each row of the trial.
    pub(super) texts: Vec<Vec<Option<String>>>,
}

/// A column that is shown.
#[derive(Clone, Debug)]
pub(super) struct ShownColumn {
    pub(super) name: String,
    pub(super) kind: ColumnType,
}

/// The fields that no column names.
const RESCUED: &str = "_rescued";

impl Fates {
    /// Tries events, as if the hub had taken all of them at one time.
    ///
    /// # Errors
    /// Fails if the events are too many for one group, or by a defect.
    pub(super) fn of(dataset: &Dataset, lines: &[Bytes], at: UnixMillis) -> Result<Self, TryError> {
        let trial = trial(dataset, lines, at)?;
        let rows = Rows::of(&trial.values)?;
        let shown: Vec<(usize, ShownColumn)> = rows
            .columns()
            .into_iter()
            .enumerate()
            .filter_map(|(at, name)| Some((at, shown_column(dataset, at, name)?)))
            .collect();
        let texts = rows.texts()?.into_iter();
        let texts = texts.map(|row| {
            let values = shown.iter().map(|(at, _)| row.get(*at).cloned().flatten());
            values.collect()
        });
        Ok(Self {
            texts: texts.collect(),
            columns: shown.into_iter().map(|(_, column)| column).collect(),
            trial,
        })
    }

    /// Returns the values of a row of the trial.
    pub(super) fn row(&self, row: usize) -> &[Option<String>] {
        self.texts.get(row).map_or(&[], Vec::as_slice)
    }

    /// Returns these columns of the rows that are no duplicates.
    ///
    /// # Errors
    /// Fails by a defect only.
    pub(super) fn kept(&self, columns: &[ColumnIndex]) -> Result<RecordBatch, ArrowError> {
        let records = self.trial.records.iter();
        let rows = records.filter_map(|record| match record.fate {
            Fate::Row { row } => u32::try_from(row).ok(),
            _ => None,
        });
        let rows = UInt32Array::from_iter_values(rows);
        let columns: Vec<usize> = columns.iter().map(|index| index.position()).collect();
        take_record_batch(&self.trial.values.project(&columns)?, &rows)
    }

    /// Returns the records with their refusals, of those that are refused.
    pub(super) fn refused(&self) -> impl Iterator<Item = (&Record, &Refusal)> {
        let records = self.trial.records.iter();
        records.filter_map(|record| match &record.fate {
            Fate::Quarantined(refusal) => Some((record, refusal)),
            Fate::Row { .. } | Fate::Duplicate { .. } | Fate::Filtered | Fate::Empty => None,
        })
    }

    /// Counts.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            lines: self.trial.lines,
            ..Totals::default()
        };
        for record in &self.trial.records {
            match &record.fate {
                Fate::Empty => totals.empty += 1,
                Fate::Filtered => totals.filtered += 1,
                Fate::Row { .. } => totals.rows += 1,
                Fate::Duplicate { is_conflict, .. } => {
                    totals.duplicates += 1;
                    totals.conflicts += u64::from(*is_conflict);
                }
                Fate::Quarantined(refusal) => {
                    *totals
                        .quarantined
                        .entry(refusal.reason.as_str())
                        .or_default() += 1;
                }
            }
        }
        let nulled = self.trial.nulled.iter();
        totals.nulled = nulled
            .map(|(column, reason, count)| (format!("{column} {reason}"), count))
            .collect();
        totals
    }
}

fn shown_column(dataset: &Dataset, at: usize, name: String) -> Option<ShownColumn> {
    let kind = match dataset.columns.get(at) {
        Some(column) => column.kind,
        None if name == RESCUED => ColumnType::Json,
        None => return None,
    };
    Some(ShownColumn { name, kind })
}

/// Names a fate, as the documents do.
pub(super) fn word(fate: &Fate) -> &'static str {
    match fate {
        Fate::Row { .. } => "row",
        Fate::Duplicate { .. } => "duplicate",
        Fate::Quarantined(_) => "quarantined",
        Fate::Filtered => "filtered",
        Fate::Empty => "empty",
    }
}

/// How many events and records have which fate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) lines: u64,
    pub(super) empty: u64,
    pub(super) rows: u64,
    pub(super) duplicates: u64,
    pub(super) conflicts: u64,
    pub(super) filtered: u64,
    /// By reason.
    pub(super) quarantined: BTreeMap<&'static str, u64>,
    /// By column and reason.
    pub(super) nulled: BTreeMap<String, u64>,
}

impl Totals {
    /// How many are quarantined.
    pub(super) fn refused(&self) -> u64 {
        self.quarantined.values().sum()
    }

    fn records(&self) -> u64 {
        self.rows + self.duplicates + self.filtered + self.refused()
    }

    /// Returns the balance, such as `5 events = 3 rows + 1 duplicate + 1 quarantined`.
    pub(super) fn balance(&self) -> String {
        let balance = Balance {
            lines: self.lines,
            empty: self.empty,
            records: self.records(),
            rows: self.rows,
            duplicates: self.duplicates,
            conflicts: self.conflicts,
            filtered: self.filtered,
            quarantined: self.refused(),
            // Said by column and reason, beside it.
            nulled: 0,
        };
        let text = balance.text(&count(self.lines, "event"));
        format!("{text}{}", listed(&self.quarantined))
    }

    /// Says what became null, if anything did.
    pub(super) fn nulled(&self) -> Option<String> {
        let all: u64 = self.nulled.values().sum();
        (all > 0).then(|| {
            format!(
                "{} became null{}",
                count(all, "value"),
                listed(&self.nulled)
            )
        })
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        json!({
            "lines": self.lines,
            "empty": self.empty,
            "records": self.records(),
            "rows": self.rows,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "filtered": self.filtered,
            "quarantined": self.quarantined,
            "nulled": self.nulled,
        })
    }
}

fn listed<K: AsRef<str>>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let each = counts.iter();
    let each = each.map(|(what, count)| format!("{} {}", what.as_ref(), thousands(*count)));
    format!(" ({})", each.collect::<Vec<_>>().join(", "))
}
