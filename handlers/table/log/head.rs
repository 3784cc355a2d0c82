//! The entity of the head.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::entities::{
    MalformedEntity, count, json, optional, path, put, put_text, put_totals, text, to_json, totals,
    version,
};
use super::{Beyond, Head, PartitionProgress, SnapshotRef, Times, Totals, Version};
use crate::event::{EventTime, PartitionId, SequenceNumber, SequenceRange, UnixMillis};
use crate::store::entity::{Entity, Properties, Stored};

/// The row key of the head.
pub(super) const HEAD: &str = "head";
/// The property that names the log.
const LOG: &str = "log";
/// How many rejected records were taken up again. It is among the totals too; builds that do not know it keep it here as it
/// was, and lose it there.
const REDRIVEN: &str = "redriven";

/// How far a partition has been refined. Its times stand apart in `partitions`, where earlier builds look for them and
/// nothing else.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Refined {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<SequenceNumber>,
    /// First and last sequence number, and the event time and enqueued time where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    beyond: Vec<Vec<i64>>,
}

/// Returns the head of a log that begins with the commit `id`, which names the log for ever.
pub(super) fn encode_first_head(id: &str) -> Result<Entity, MalformedEntity> {
    let mut properties = Properties::new();
    put(&mut properties, "version", 0);
    put_text(&mut properties, LOG, id);
    put_text(&mut properties, "partitions", "{}");
    put_totals(&mut properties, Some(&Totals::default()), Version(0))?;
    Ok(Entity {
        row: HEAD.to_owned(),
        properties,
    })
}

/// Writes what the head says; properties that others keep in it stay as they were read.
pub(super) fn encode_head(head: &Head) -> Result<Entity, MalformedEntity> {
    let mut properties = head.stored.entity.properties.clone();
    put(&mut properties, "version", head.version.as_i64());
    if let Some(watermark) = head.watermark {
        put(&mut properties, "watermark", watermark.0);
    }
    if let Some(clock) = head.clock {
        put(&mut properties, "clock", clock.0);
    }
    if let Some(log) = &head.log {
        put_text(&mut properties, LOG, log);
    }
    put_partitions(&mut properties, &head.partitions)?;
    if let Some(snapshot) = &head.snapshot {
        let version = snapshot.version.as_i64();
        put(&mut properties, "snapshot_version", version);
        put_text(&mut properties, "snapshot", snapshot.path.as_str());
    }
    put_totals(&mut properties, head.totals.as_ref(), head.version)?;
    // Of a head without totals it stays as it was, and so no totals count that lack it.
    if let Some(totals) = &head.totals
        && (totals.counts.redriven > 0 || properties.contains_key(REDRIVEN))
    {
        put(&mut properties, REDRIVEN, saturated(totals.counts.redriven));
    }
    Ok(Entity {
        row: HEAD.to_owned(),
        properties,
    })
}

fn saturated(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) fn decode_head(stored: Stored) -> Result<Head, MalformedEntity> {
    let properties = &stored.entity.properties;
    let version = version(properties)?;
    let partitions = partitions(properties)?;
    // A build that has no clock moves on what the partitions say, and no more.
    let enqueued = partitions.values().map(PartitionProgress::enqueued_time);
    let clock = optional(properties, "clock").map(UnixMillis);
    Ok(Head {
        version,
        watermark: optional(properties, "watermark").map(EventTime),
        clock: enqueued.chain([clock]).flatten().max(),
        partitions,
        snapshot: snapshot(properties)?,
        totals: own_totals(properties, version)?,
        log: log_id(properties)?,
        stored,
    })
}

/// Returns the totals, unless they lack what was taken up again: then maintenance counts.
fn own_totals(
    properties: &Properties,
    version: Version,
) -> Result<Option<Totals>, MalformedEntity> {
    let redriven = optional(properties, REDRIVEN).unwrap_or(0);
    let totals = totals(properties, version)?;
    Ok(totals.filter(|totals| saturated(totals.counts.redriven) == redriven))
}

fn put_partitions(
    properties: &mut Properties,
    partitions: &BTreeMap<PartitionId, PartitionProgress>,
) -> Result<(), MalformedEntity> {
    let times: BTreeMap<&PartitionId, Times> = partitions
        .iter()
        .filter_map(|(id, own)| Some((id, own.times?)))
        .collect();
    put_text(properties, "partitions", &to_json("partitions", &times)?);
    let refined: BTreeMap<&PartitionId, Refined> = partitions
        .iter()
        .filter(|(_, own)| own.refined_to.is_some() || !own.beyond.is_empty())
        .map(|(id, own)| (id, written(own)))
        .collect();
    if !refined.is_empty() || properties.contains_key("refined") {
        put_text(properties, "refined", &to_json("refined", &refined)?);
    }
    Ok(())
}

fn written(progress: &PartitionProgress) -> Refined {
    let beyond = progress.beyond.iter().map(|beyond| {
        let range = [beyond.range.first.0, beyond.range.last.0];
        let times = beyond
            .times
            .map(|times| [times.event_time.0, times.enqueued_time.0]);
        range
            .into_iter()
            .chain(times.into_iter().flatten())
            .collect()
    });
    Refined {
        to: progress.refined_to,
        beyond: beyond.collect(),
    }
}

fn partitions(
    properties: &Properties,
) -> Result<BTreeMap<PartitionId, PartitionProgress>, MalformedEntity> {
    let times: BTreeMap<PartitionId, Times> = json(properties, "partitions")?;
    // Builds before gaps were kept did not write it.
    let refined: BTreeMap<PartitionId, Refined> = match properties.contains_key("refined") {
        true => json(properties, "refined")?,
        false => BTreeMap::new(),
    };
    let mut partitions: BTreeMap<PartitionId, PartitionProgress> = BTreeMap::new();
    for (id, times) in times {
        partitions.entry(id).or_default().times = Some(times);
    }
    for (id, refined) in refined {
        let own = partitions.entry(id).or_default();
        own.refined_to = refined.to;
        let beyond = refined.beyond.iter().map(|numbers| beyond(numbers));
        own.beyond = beyond.collect::<Result<_, _>>()?;
    }
    Ok(partitions)
}

fn beyond(numbers: &[i64]) -> Result<Beyond, MalformedEntity> {
    let (first, last, times) = match *numbers {
        [first, last] => (first, last, None),
        [first, last, event_time, enqueued_time] => {
            let times = Times {
                event_time: EventTime(event_time),
                enqueued_time: UnixMillis(enqueued_time),
            };
            (first, last, Some(times))
        }
        _ => return Err(MalformedEntity::Property("refined")),
    };
    let range = SequenceRange {
        first: SequenceNumber(first),
        last: SequenceNumber(last),
    };
    Ok(Beyond { range, times })
}

fn log_id(properties: &Properties) -> Result<Option<String>, MalformedEntity> {
    let is_named = properties.contains_key(LOG);
    is_named.then(|| text(properties, LOG)).transpose()
}

fn snapshot(properties: &Properties) -> Result<Option<SnapshotRef>, MalformedEntity> {
    if !properties.contains_key("snapshot") {
        return Ok(None);
    }
    Ok(Some(SnapshotRef {
        version: count(properties, "snapshot_version").map(Version)?,
        path: path(properties, "snapshot")?,
    }))
}
