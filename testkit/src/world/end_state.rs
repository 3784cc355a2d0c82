//! What the stores of a world hold, without what differs from run to run.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use futures::TryStreamExt;
use sluice::table::TableId;
use sluice::table::log::{Counts, Totals, Version};
use sluice::table::parquet::read_columns;

use super::stores::World;
use crate::read;
use sluice::dataset::{ColumnIndex, GoldTable};

/// A row of silver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SilverRow {
    /// The first part of the key.
    pub id: i64,
    /// The second one: microseconds since 1970.
    pub at: i64,
    /// Cents.
    pub amount: Option<i128>,
    /// A dimension.
    pub who: Option<String>,
    /// Fields without a column.
    pub rescued: Option<String>,
}

/// What the stores hold, without ids, files, versions and times of processing.
#[derive(Debug, PartialEq, Eq)]
pub struct EndState {
    /// Partition, sequence number and body of each line of bronze.
    pub bronze: Vec<(String, i64, Vec<u8>)>,
    /// The live rows.
    pub silver: Vec<SilverRow>,
    /// The sum of the ledger; late ones and conflicts depend on the order of commits and are left out.
    pub ledger: Counts,
    /// The records of quarantine, without the objects that they came from.
    pub quarantine: Vec<String>,
    /// The rows of each gold table.
    pub gold: BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>,
}

impl World {
    /// Returns the rows of the live files, sorted. Their columns are those of [`THINGS`](crate::datasets::THINGS).
    pub async fn silver(&self) -> Vec<SilverRow> {
        if self.log().head().await.unwrap().is_none() {
            return Vec::new();
        }
        let batches = read::silver(&self.lake, &self.log()).await;
        let mut rows: Vec<_> = batches.iter().flat_map(rows).collect();
        rows.sort();
        rows
    }

    /// Returns what the stores hold, and checks what holds at any time: S1, S2, S5 and G1.
    pub async fn end_state(&self) -> EndState {
        let silver = self.silver().await;
        if self.dataset.key.is_some() {
            let keys: BTreeSet<_> = silver.iter().map(|row| (row.id, row.at)).collect();
            assert_eq!(keys.len(), silver.len(), "no key twice in silver (S1)");
        }

        let entries = self.ledger().await;
        let mut quarantine = Vec::new();
        for entry in &entries {
            assert!(entry.counts.is_conserved(), "{entry:?} (S2)");
            if let Some(path) = &entry.quarantine {
                for part in TableId::quarantine_parts(path) {
                    let content = self.lake.get(&part).await.unwrap().unwrap();
                    let text = String::from_utf8(content.to_vec()).unwrap();
                    quarantine.extend(text.lines().map(bad_line));
                }
            }
        }
        quarantine.sort();
        let ledger = sum(entries.iter().map(|entry| &entry.counts));
        let commits = self.commits().await;
        let logged = sum(commits.iter().map(|commit| &commit.counts));
        assert_eq!(logged, ledger, "the log and the ledger agree");
        assert_eq!(ledger.rows, silver.len() as u64);
        self.check_totals().await;
        self.check_balance().await;

        EndState {
            bronze: self.bronze().await,
            silver,
            ledger,
            quarantine,
            gold: self.gold().await,
        }
    }

    /// Checks that the head and the last commit say what the ledger adds up to, and how many files are live.
    pub async fn check_totals(&self) {
        let Some(head) = self.log().head().await.unwrap() else {
            return;
        };
        let counted = self.log().count(&head).await.unwrap();
        assert_eq!(head.totals.as_ref(), Some(&counted), "the head counts");
        let mut before: Option<Totals> = None;
        for commit in self.commits().await {
            if let Some(before) = &before {
                assert_eq!(commit.totals, Some(before.after(&commit)));
            }
            before.clone_from(&commit.totals);
        }
        assert_eq!(before, Some(counted), "the log counts");
    }

    async fn bronze(&self) -> Vec<(String, i64, Vec<u8>)> {
        let mut lines = Vec::new();
        for source in self.sources().await {
            let partition = source.partition.unwrap().0;
            let first = source.range.unwrap().first.0;
            let bodies = (first..).zip(read::bodies(&source.content));
            lines.extend(bodies.map(|(sequence, body)| (partition.clone(), sequence, body)));
        }
        lines.sort();
        lines
    }

    async fn gold(&self) -> BTreeMap<String, Vec<BTreeMap<String, Option<String>>>> {
        let warehouse = self.warehouse();
        let missing = warehouse.look().await.unwrap().missing;
        let mut gold = BTreeMap::new();
        let is_there = |table: &&GoldTable| !missing.contains(&table.table);
        for table in self.dataset.gold.iter().filter(is_there) {
            let read = read::gold(&*warehouse, &table.table).await;
            let row = |row: Vec<_>| read.columns.iter().cloned().zip(row).collect();
            let rows = read.rows.into_iter().map(row).collect();
            gold.insert(table.table.clone(), rows);
        }
        gold
    }

    /// Returns how far every gold table has come, if they all stand at one version.
    pub async fn published(&self) -> Option<Version> {
        let progress = self.warehouse().progress().await.unwrap();
        let versions: BTreeSet<Version> = progress.values().map(|at| at.version).collect();
        assert!(versions.len() <= 1, "{versions:?}");
        versions.into_iter().next()
    }

    /// Returns the first column of all rows at the head, which must hold no value twice (S1).
    pub async fn ids(&self) -> BTreeSet<i64> {
        let mut ids = BTreeSet::new();
        let first = [ColumnIndex::new(0)];
        for live in self.snapshot().await.files.values() {
            let batches = read_columns(&self.lake, &live.file, &self.dataset, &first);
            let batches: Vec<_> = batches.await.unwrap().try_collect().await.unwrap();
            for batch in batches {
                for id in batch.column(0).as_primitive::<Int64Type>().values() {
                    assert!(ids.insert(*id), "{id} is there twice");
                }
            }
        }
        ids
    }

    /// Waits until the Delta log has the head, which committers write beside their work.
    pub async fn delta_published(&self) {
        let (dataset, generation) = (&self.dataset.name, self.dataset.generation);
        let entry = TableId::new(dataset, generation).delta_entry(self.version().await.0);
        while self.lake.head(&entry).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    }
}

/// A gold table, a period and a dimension.
type Group<'a> = (&'static str, i64, Option<&'a str>);

/// Adds silver up anew: the counts and sums of the gold tables of [`THINGS`](crate::datasets::THINGS).
#[must_use]
pub fn aggregate(silver: &[SilverRow]) -> BTreeMap<String, Vec<(String, String)>> {
    let mut groups: BTreeMap<Group<'_>, (u64, Option<i128>)> = BTreeMap::new();
    for row in silver {
        let hour = row.at.div_euclid(3_600_000_000);
        let places = [
            ("hourly", hour, None),
            ("by_who", hour.div_euclid(24), row.who.as_deref()),
            ("ever", 0, None),
        ];
        for place in places {
            let (count, total) = groups.entry(place).or_default();
            *count += 1;
            if let Some(amount) = row.amount {
                *total = Some(total.unwrap_or(0) + amount);
            }
        }
    }
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for ((table, _, _), (count, total)) in groups {
        let total = total.map_or("null".to_owned(), |cents| {
            format!("{}.{:02}", cents / 100, cents % 100)
        });
        let rows = tables.entry(table.to_owned()).or_default();
        rows.push((count.to_string(), total));
    }
    tables.values_mut().for_each(|rows| rows.sort());
    tables
}

impl EndState {
    /// Checks that gold is the aggregate of silver (G1).
    pub fn check_gold(&self) {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let expected = aggregate(&self.silver);
        for (table, rows) in &self.gold {
            let mut found: Vec<_> = rows
                .iter()
                .map(|row| (text(&row["n"]), text(&row["total"])))
                .collect();
            found.sort();
            let expected = expected.get(table).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{table} is the aggregate of silver (G1)");
        }
    }
}

/// A record of quarantine without the object that its line came from: which events share one may differ.
fn bad_line(record: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(record).unwrap();
    let fields = record.as_object_mut().unwrap();
    for name in ["source", "line", "enqueued_time"] {
        assert!(fields.remove(name).is_some(), "{name}");
    }
    record.to_string()
}

/// Returns the rows of a batch, which has the columns of [`THINGS`](crate::datasets::THINGS).
fn rows(batch: &RecordBatch) -> impl Iterator<Item = SilverRow> {
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let ids = column("id").as_primitive::<Int64Type>();
    let times = column("at").as_primitive::<TimestampMicrosecondType>();
    let amounts = column("amount").as_primitive::<Decimal128Type>();
    let who = column("who").as_string::<i32>();
    let rescued = column("_rescued").as_string::<i32>();
    (0..batch.num_rows()).map(move |row| SilverRow {
        id: ids.value(row),
        at: times.value(row),
        amount: amounts.is_valid(row).then(|| amounts.value(row)),
        who: who.is_valid(row).then(|| who.value(row).to_owned()),
        rescued: rescued.is_valid(row).then(|| rescued.value(row).to_owned()),
    })
}

fn sum<'a>(counts: impl IntoIterator<Item = &'a Counts>) -> Counts {
    let mut sum = Counts::default();
    counts.into_iter().for_each(|counts| sum.add(counts));
    (sum.late, sum.conflicts) = (0, 0);
    sum
}
