//! Reads how far every layer is. A layer that cannot be read is reported, and the others are still shown.
//!
//! What silver has is one read of its head, whatever the age of the lake, and where events were empty or filtered, two reads
//! for each hub partition; one more of its latest commits tells of columns that are always null. What takes a listing of bronze, the ledger or the log is read only where it is asked for.

mod alerts;
mod gold;
pub(crate) mod nulls;
pub(crate) mod unkept;

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Warning;
use sluice::event::{EventTime, PartitionId, SequenceNumber, UnixMillis};
use sluice::gold::last_replaced;
use sluice::maintain::TableStatus;
use sluice::store::object::{ObjectInfo, ObjectRange, paths};
use sluice::table::log::{Head, LedgerEntry, LogError, Nulled, PartitionProgress, Totals};
use sluice::warehouse::Warehouse;
use sluice_local::hub_client::{EventHubConnection, PartitionState};

use crate::output::Balance;
use crate::target::{Stores, events_ever, read_partitions};
pub(crate) use alerts::Alerts;
#[cfg(test)]
pub(crate) use alerts::Rule;
pub(crate) use gold::{GoldTable, NextTable, RemovedTable, read_gold};
pub(crate) use nulls::NullColumn;
pub(crate) use unkept::{Unkept, find as find_unkept};

/// How far everything is. A further section is a further field here, filled by [`gather`] and shown by `sluice status`.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(crate) dataset: String,
    pub(crate) generation: u32,
    /// What the dataset file may not mean.
    pub(crate) warnings: Vec<Warning>,
    /// When it was read.
    pub(crate) at: String,
    #[serde(serialize_with = "or_error")]
    pub(crate) hub: Result<Hub, String>,
    pub(crate) silver: Option<Silver>,
    /// What takes more than a few reads, if it was asked for.
    #[serde(flatten)]
    pub(crate) deep: Option<Deep>,
    #[serde(serialize_with = "or_error")]
    pub(crate) gold: Result<Vec<GoldTable>, String>,
    /// The tables of gold that are shown and that the dataset file no longer has.
    pub(crate) gold_removed: Vec<RemovedTable>,
    /// What rules have raised; nothing where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alerts: Option<Alerts>,
    /// Why gold's last run changed nothing, if a later package had run before it and that was a short while ago.
    pub(crate) gold_replaced: Option<String>,
}

/// What is only found by listing bronze, reading the ledger, or reading the log.
#[derive(Debug, Serialize)]
pub(crate) struct Deep {
    pub(crate) bronze: Bronze,
    /// What bronze has and the ledger has not.
    pub(crate) waiting: Waiting,
    /// Why the dataset file no longer fits silver, with the way out.
    pub(crate) misfit: Option<String>,
    /// What maintenance looks after: files, log, Delta log, and what silver has not refined.
    #[serde(serialize_with = "or_error")]
    pub(crate) maintenance: Result<TableStatus, String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Hub {
    pub(crate) name: String,
    /// Events that it has taken, by its sequence numbers.
    pub(crate) events: u64,
    pub(crate) partitions: Vec<HubPartition>,
}

#[derive(Debug, Serialize)]
pub(crate) struct HubPartition {
    pub(crate) id: String,
    pub(crate) first_sequence: i64,
    pub(crate) last_sequence: i64,
    /// When its newest event was enqueued.
    #[serde(skip)]
    pub(crate) last_enqueued: Option<UnixMillis>,
    /// Events that silver has not refined, where its head can tell.
    pub(crate) unrefined: Option<u64>,
    /// Those of them that are not even in bronze, if bronze was listed.
    pub(crate) behind: Option<u64>,
    /// The last number that silver has, where the hub has later events of lower numbers: it was made anew, or a copy without
    /// its last events has taken over. Who reads it waits behind a checkpoint for a number that is yet to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) waits_behind: Option<i64>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Bronze {
    pub(crate) objects: u64,
    pub(crate) events: u64,
    pub(crate) bytes: u64,
    /// Events of the hub that are not here yet, where the hub can be read.
    pub(crate) behind: Option<u64>,
    /// When the newest event here was taken by the hub.
    pub(crate) newest: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Silver {
    pub(crate) version: u64,
    pub(crate) watermark: Option<String>,
    /// Seconds from the watermark to now.
    pub(crate) watermark_behind_now: Option<i64>,
    /// Seconds from the watermark to the arrival of the newest event in the hub: how old events are when they come.
    pub(crate) watermark_behind_arrival: Option<i64>,
    pub(crate) lines: u64,
    /// Events without a record.
    pub(crate) empty: u64,
    /// Events with a record or more.
    pub(crate) opened: u64,
    /// The records in them.
    pub(crate) records: u64,
    pub(crate) rows: u64,
    pub(crate) duplicates: u64,
    /// Those of the duplicates that are known to differ from the row that stays.
    pub(crate) conflicts: u64,
    pub(crate) late: u64,
    /// Records that the dataset's condition leaves out.
    pub(crate) filtered: u64,
    /// Records that were rejected and not taken up again.
    pub(crate) quarantined: u64,
    /// Records that were rejected and taken up again: they count as what they have become.
    pub(crate) redriven: u64,
    /// How many were ever rejected, those that were taken up again included.
    pub(crate) quarantined_by_reason: BTreeMap<String, u64>,
    /// Values that became null because their column could not take them.
    pub(crate) nulled: Nulled,
    /// Bronze objects that are refined.
    pub(crate) objects: u64,
    /// Files that are live.
    pub(crate) files: u64,
    /// Events of the hub that are not refined, where the hub can be read and the head can tell.
    pub(crate) behind: Option<u64>,
    /// Hours of a hub partition of which hardly anything was kept.
    pub(crate) unkept: Vec<Unkept>,
    /// Columns without a single value in the latest rows.
    pub(crate) null_columns: Vec<NullColumn>,
}

#[derive(Debug, Default, Serialize)]
pub(crate) struct Waiting {
    pub(crate) objects: u64,
    pub(crate) lines: u64,
    /// The age of the oldest of them, in seconds.
    pub(crate) oldest: Option<i64>,
}

/// Writes what was read, or `{"error": reason}`.
fn or_error<T: Serialize, S: Serializer>(
    read: &Result<T, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match read {
        Ok(value) => value.serialize(serializer),
        Err(error) => BTreeMap::from([("error", error)]).serialize(serializer),
    }
}

/// Reads everything that a few reads tell, and the rest where it is asked for.
pub(crate) async fn gather(
    stores: &Stores,
    hub: Result<EventHubConnection, String>,
    warehouse: Result<Arc<dyn Warehouse>, String>,
    is_deep: bool,
) -> Result<Status, Box<dyn Error + Send + Sync>> {
    let dataset = &stores.dataset;
    // The hub first: what is refined by the time the head is read may be more, never less.
    let mut hub = match hub {
        Ok(hub) => read_hub(&hub).await,
        Err(reason) => Err(reason),
    };
    let deep = match is_deep {
        true => Some(read_deep(stores, hub.as_mut().ok()).await?),
        false => None,
    };
    let head = stores.log.head().await?;
    let behind = hub
        .as_mut()
        .ok()
        .and_then(|hub| compare_head(hub, head.as_ref()));
    let silver = match &head {
        Some(head) => Some(read_silver(stores, head, behind).await?),
        None => None,
    };
    let gold = match warehouse {
        Ok(warehouse) => {
            let head = head.as_ref();
            let head = head.map(|head| (head.version.0, head.log.as_deref()));
            read_gold(warehouse.as_ref(), head).await
        }
        Err(reason) => Err(reason),
    };
    let replaced = match &gold {
        Ok(_) => last_replaced(&stores.state, dataset).await?,
        Err(_) => None,
    };
    let (gold, gold_removed, alerts) = match gold {
        Ok(gold) => (Ok(gold.tables), gold.removed, gold.alerts),
        Err(reason) => (Err(reason), Vec::new(), None),
    };
    Ok(Status {
        dataset: dataset.name.clone(),
        generation: dataset.generation,
        warnings: dataset.warnings(),
        at: SystemClock.now().to_string(),
        hub,
        silver,
        deep,
        gold,
        gold_removed,
        alerts,
        gold_replaced: replaced.and_then(|last| gold::replaced(last, SystemClock.now())),
    })
}

async fn read_deep(
    stores: &Stores,
    hub: Option<&mut Hub>,
) -> Result<Deep, Box<dyn Error + Send + Sync>> {
    let prefix = paths::bronze_dataset(&stores.dataset.name);
    let objects = stores.lake.list(&prefix).await?;
    let behind = hub.map(|hub| compare_hub(hub, &objects));
    let ledger = stores.log.ledger_prefix("").await?;
    let facts = stores.maintenance().status().await;
    Ok(Deep {
        bronze: bronze(&objects, behind),
        waiting: compare_ledger(&objects, &ledger, SystemClock.now().0),
        misfit: stores.misfit().await?,
        maintenance: facts.map_err(|error| sluice::error::chain(&error)),
    })
}

/// Notes for each partition how many of its events silver has not refined, and returns their sum, if all can be told.
pub(crate) fn compare_head(hub: &mut Hub, head: Option<&Head>) -> Option<u64> {
    let nothing = PartitionProgress::default();
    let mut total = Some(0);
    for partition in &mut hub.partitions {
        let own = head.and_then(|head| head.partitions.get(&PartitionId(partition.id.clone())));
        // Silver beyond the hub has gone on since the hub was asked, unless the hub has later events: it counts anew then, and
        // nothing of that has been refined.
        let waits_behind = own.and_then(|own| {
            let refined = own.refined_to.filter(|to| to.0 > partition.last_sequence)?;
            let has_later = partition.last_enqueued > Some(own.enqueued_time()?);
            has_later.then_some(refined.0)
        });
        partition.waits_behind = waits_behind;
        let own = own.filter(|_| waits_behind.is_none()).unwrap_or(&nothing);
        let first = SequenceNumber(partition.first_sequence);
        let last = SequenceNumber(partition.last_sequence);
        partition.unrefined = own.unrefined(first, last);
        total = total.zip(partition.unrefined).map(|(sum, own)| sum + own);
    }
    total
}

/// Reads what the hub's partitions hold; fails in words.
pub(crate) async fn read_hub(hub: &EventHubConnection) -> Result<Hub, String> {
    let partitions = read_partitions(hub).await?;
    Ok(Hub {
        name: hub.hub().to_owned(),
        events: events_ever(&partitions),
        partitions: partitions.into_iter().map(hub_partition).collect(),
    })
}

fn hub_partition((id, state): (String, PartitionState)) -> HubPartition {
    HubPartition {
        id,
        first_sequence: state.begin_sequence,
        last_sequence: state.last_sequence,
        last_enqueued: state.last_enqueued_ms.map(UnixMillis),
        unrefined: None,
        behind: None,
        waits_behind: None,
    }
}

/// Notes for each partition how many of its events come after bronze's newest, and returns their sum.
fn compare_hub(hub: &mut Hub, objects: &[ObjectInfo]) -> u64 {
    let mut newest: BTreeMap<&str, ObjectRange> = BTreeMap::new();
    for object in objects {
        let range = ObjectRange::from_metadata(&object.metadata);
        if let (Some(partition), Some(range)) = (object.metadata.get("partition"), range) {
            // By time: a hub that was made anew counts from 0 again.
            let kept = newest.entry(partition).or_insert(range);
            if (range.last_enqueued, range.sequence.last) > (kept.last_enqueued, kept.sequence.last)
            {
                *kept = range;
            }
        }
    }
    let mut total = 0;
    for partition in &mut hub.partitions {
        // Bronze beyond the hub has gone on since the hub was asked, unless the hub has later events: it was made anew
        // then, and nothing of it has arrived.
        let is_of_now = |range: &&ObjectRange| {
            range.sequence.last.0 <= partition.last_sequence
                || partition.last_enqueued <= Some(range.last_enqueued)
        };
        let stored = newest.get(partition.id.as_str()).filter(is_of_now);
        let stored = stored.map_or(-1, |range| range.sequence.last.0);
        let from = stored.max(partition.first_sequence - 1);
        let behind = u64::try_from(partition.last_sequence - from).unwrap_or(0);
        partition.behind = Some(behind);
        total += behind;
    }
    total
}

fn bronze(objects: &[ObjectInfo], behind: Option<u64>) -> Bronze {
    let newest = objects
        .iter()
        .filter_map(|object| ObjectRange::from_metadata(&object.metadata));
    let newest = newest.map(|range| range.last_enqueued).max();
    Bronze {
        objects: objects.len() as u64,
        events: objects.iter().map(lines).sum(),
        bytes: objects.iter().map(|object| object.size).sum(),
        behind,
        newest: newest.map(|time| time.to_string()),
    }
}

/// The lines that an object says it has; one that was put there by hand says nothing and counts as none.
fn lines(object: &ObjectInfo) -> u64 {
    let lines = object.metadata.get("lines");
    lines.and_then(|lines| lines.parse().ok()).unwrap_or(0)
}

/// Returns what became of everything up to the head.
///
/// # Errors
/// Fails if the ledger has to be counted and cannot be read.
pub(crate) async fn totals(stores: &Stores, head: &Head) -> Result<Totals, LogError> {
    match &head.totals {
        Some(totals) => Ok(totals.clone()),
        // An earlier build wrote it, and maintenance has not counted yet.
        None => stores.log.count(head).await,
    }
}

async fn read_silver(
    stores: &Stores,
    head: &Head,
    behind: Option<u64>,
) -> Result<Silver, Box<dyn Error + Send + Sync>> {
    let totals = totals(stores, head).await?;
    let unkept = find_unkept(&stores.dataset, &stores.log, head, &totals.counts).await?;
    let rows = totals.counts.rows;
    let null_columns = nulls::of_latest(&stores.dataset, &stores.log, head, rows).await?;
    Ok(Silver {
        null_columns,
        ..silver(head, totals, behind, unkept)
    })
}

impl Silver {
    /// What became of everything that it took.
    pub(crate) fn balance(&self) -> Balance {
        Balance {
            lines: self.lines,
            empty: self.empty,
            records: self.records,
            rows: self.rows,
            duplicates: self.duplicates,
            conflicts: self.conflicts,
            filtered: self.filtered,
            quarantined: self.quarantined,
            nulled: self.nulled.total(),
        }
    }
}

/// Puts together what is known of silver.
pub(crate) fn silver(
    head: &Head,
    totals: Totals,
    behind: Option<u64>,
    unkept: Vec<Unkept>,
) -> Silver {
    let counts = totals.counts;
    let now = SystemClock.now().as_event_time();
    let arrival = head.clock.map(UnixMillis::as_event_time);
    let before = |time: EventTime| Some((time.0 - head.watermark?.0) / 1_000_000);
    let reasons = counts.quarantined.iter();
    Silver {
        version: head.version.0,
        watermark: head.watermark.map(|watermark| watermark.to_string()),
        watermark_behind_now: before(now),
        watermark_behind_arrival: arrival.and_then(before),
        lines: counts.lines,
        empty: counts.empty,
        opened: counts.opened,
        records: counts.records_once(),
        rows: counts.rows,
        duplicates: counts.duplicates,
        conflicts: counts.conflicts,
        late: counts.late,
        filtered: counts.filtered,
        quarantined: counts.quarantined_still(),
        redriven: counts.redriven,
        quarantined_by_reason: reasons
            .map(|(reason, count)| (reason.to_string(), *count))
            .collect(),
        nulled: counts.nulled,
        objects: totals.sources,
        files: totals.files,
        behind,
        unkept,
        null_columns: Vec::new(),
    }
}

fn compare_ledger(objects: &[ObjectInfo], ledger: &[LedgerEntry], now: i64) -> Waiting {
    let committed: HashSet<&str> = ledger.iter().map(|entry| entry.source.as_str()).collect();
    let mut waiting = Waiting::default();
    for object in objects
        .iter()
        .filter(|object| !committed.contains(object.path.name()))
    {
        waiting.objects += 1;
        waiting.lines += lines(object);
        let age = (now - object.created.0) / 1_000;
        waiting.oldest = waiting.oldest.max(Some(age.max(0)));
    }
    waiting
}

#[cfg(test)]
mod tests;
