//! Which rows of silver a rule is true of, as alerts; pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{ArrayRef, RecordBatch};
use serde_json::{Map, Value};

use super::error::AggregateError;
use super::filter::Filter;
use super::groups::datum;
use crate::dataset::{ColumnIndex, Dataset};
use crate::error::Invariant;
use crate::event::EventTime;
use crate::expr::Verdict;
use crate::table::keys::KeyHasher;
use crate::warehouse::schema::{RuleSchema, RuleTrigger, ValueType};
use crate::warehouse::{MOST_ALERTS, NewAlert, Told, alert_id};

/// Judges rows by several rules at once.
#[derive(Debug)]
pub struct Watchers {
    /// The dataset's name.
    dataset: String,
    columns: Vec<ColumnIndex>,
    /// The place of the event time among the columns.
    event_time: usize,
    /// What tells rows apart: the columns of the key, or all where every record is a row.
    key: Vec<usize>,
    hasher: KeyHasher,
    rules: Vec<Watcher>,
}

#[derive(Debug)]
struct Watcher {
    name: String,
    filter: Filter,
    /// The fields of an alert: their names and where they are.
    fields: Vec<(String, usize, ValueType)>,
    /// What is older is not told.
    oldest: i64,
    told: Told,
}

impl Watchers {
    /// Makes those of these rules, where nothing is told that is older than they are fresh at `as_of`.
    ///
    /// # Errors
    /// Fails if a rule is none on rows of this dataset.
    pub fn new<'r>(
        dataset: &Arc<Dataset>,
        rules: impl Iterator<Item = (&'r Arc<RuleSchema>, Option<EventTime>)> + Clone,
    ) -> Result<Self, AggregateError> {
        let position = |name: &str| {
            let mut columns = dataset.columns.iter();
            columns.position(|column| column.name == *name)
        };
        let mut needed: BTreeSet<usize> = [dataset.event_time.position()].into();
        match &dataset.key {
            Some(key) => needed.extend(key.columns.iter().map(|column| column.position())),
            None => needed.extend(0..dataset.columns.len()),
        }
        for (rule, _) in rules.clone() {
            if let RuleTrigger::When(condition) = &rule.trigger {
                needed.extend(condition.columns());
            }
            needed.extend(rule.fields.iter().filter_map(|name| position(name)));
        }
        let columns: Vec<ColumnIndex> = needed.iter().copied().map(ColumnIndex::new).collect();
        let place = |position: usize| needed.iter().position(|needed| *needed == position);
        let (key, hasher) = match &dataset.key {
            Some(key) => {
                let places = key.columns.iter().map(|column| place(column.position()));
                let places: Option<Vec<usize>> = places.collect();
                (places, KeyHasher::of_keys(key, dataset.event_time))
            }
            None => {
                let all = (0..columns.len()).collect();
                (Some(all), KeyHasher::of_all(columns.len()))
            }
        };
        let places = place(dataset.event_time.position()).zip(key);
        let (event_time, key) = places.ok_or(Invariant("what tells rows apart is read"))?;
        let mut watchers = Vec::new();
        for (rule, as_of) in rules {
            let RuleTrigger::When(condition) = &rule.trigger else {
                return Err(Invariant("a rule on rows has a condition").into());
            };
            let fields = rule.fields.iter().filter_map(|name| {
                let position = position(name)?;
                let kind = dataset.columns.get(position)?.kind;
                Some((name.clone(), place(position)?, kind.into()))
            });
            watchers.push(Watcher {
                name: rule.name.clone(),
                filter: Filter::new(condition, &columns, dataset.columns.len())?,
                fields: fields.collect(),
                oldest: as_of.map_or(i64::MIN, |as_of| as_of.0.saturating_sub(rule.fresh)),
                told: Told::default(),
            });
        }
        Ok(Self {
            dataset: dataset.name.clone(),
            columns,
            event_time,
            key,
            hasher,
            rules: watchers,
        })
    }

    /// Returns the columns that rows must have, in this order.
    #[must_use]
    pub fn columns(&self) -> &[ColumnIndex] {
        &self.columns
    }

    /// Judges rows.
    ///
    /// # Errors
    /// Fails if a column is not what [`Self::columns`] has there.
    pub fn add(&mut self, rows: &RecordBatch) -> Result<(), AggregateError> {
        let times = rows.columns().get(self.event_time);
        let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
        let times = times.ok_or(Invariant("the event time is read"))?;
        let mut hashes = None;
        for watcher in &mut self.rules {
            let verdicts = watcher.filter.verdicts(rows)?;
            let failed = verdicts.iter();
            let failed = failed.filter(|verdict| matches!(verdict, Verdict::Invalid(_)));
            watcher.told.failed += failed.count() as u64;
            let holds = verdicts.iter().map(|verdict| *verdict == Verdict::Holds);
            let holds: Vec<bool> = holds.collect();
            if !holds.contains(&true) {
                continue;
            }
            let hashes = match &hashes {
                Some(hashes) => hashes,
                None => hashes.insert(hashes_of(rows, &self.key, &self.hasher)?),
            };
            watcher.tell(&self.dataset, rows, (&holds, times.values(), hashes))?;
        }
        Ok(())
    }

    /// Returns what each rule tells.
    pub fn finish(self) -> impl Iterator<Item = (String, Told)> {
        let rules = self.rules.into_iter();
        rules.map(|watcher| (watcher.name, watcher.told))
    }
}

/// Returns the hash of what each row is known by.
fn hashes_of(
    rows: &RecordBatch,
    key: &[usize],
    hasher: &KeyHasher,
) -> Result<Vec<u128>, AggregateError> {
    let columns = key.iter().filter_map(|place| rows.columns().get(*place));
    let columns: Vec<ArrayRef> = columns.map(Arc::clone).collect();
    hasher
        .hashes(&columns)
        .map_err(|error| AggregateError::Column {
            column: format!("that tells rows apart ({error})"),
        })
}

impl Watcher {
    fn tell(
        &mut self,
        dataset: &str,
        rows: &RecordBatch,
        (holds, times, hashes): (&[bool], &[i64], &[u128]),
    ) -> Result<(), AggregateError> {
        for (row, ((holds, time), hash)) in holds.iter().zip(times).zip(hashes).enumerate() {
            if !holds {
                continue;
            }
            if *time < self.oldest {
                self.told.stale += 1;
                continue;
            }
            if self.told.alerts.len() > MOST_ALERTS {
                self.told.more += 1;
                continue;
            }
            let mut fields = Map::new();
            for (name, place, kind) in &self.fields {
                let value = match rows.columns().get(*place) {
                    Some(column) => datum(column, row)?.json(*kind),
                    None => Value::Null,
                };
                fields.insert(name.clone(), value);
            }
            let hash = format!("{hash:032x}");
            self.told.alerts.push(NewAlert {
                id: alert_id(&[dataset, &self.name, "row", &hash]),
                group: None,
                start: None,
                event_time: *time,
                fields: Value::Object(fields).to_string(),
            });
        }
        Ok(())
    }
}
