//! The objects of bronze, as a listing tells of them.

use std::collections::BTreeMap;

use sluice::event::{PartitionId, SequenceNumber, UnixMillis};
use sluice::store::StorageError;
use sluice::store::object::{ObjectFormat, ObjectRange, paths};

use crate::audit::subject::Subject;

/// An object of bronze.
pub(crate) struct BronzeObject {
    /// Its name in the container, which is what the ledger calls it.
    pub(super) name: String,
    pub(super) created: UnixMillis,
    /// Its partition and range; an object put there by hand has none.
    pub(super) place: Option<(PartitionId, ObjectRange)>,
    /// Its lines, as its metadata says.
    pub(super) lines: Option<u64>,
    /// How they are to be read.
    pub(super) format: ObjectFormat,
}

impl BronzeObject {
    /// When its events were enqueued, unless it says so of each of them.
    pub(super) fn enqueued(&self) -> UnixMillis {
        let place = self.place.as_ref();
        place.map_or(self.created, |(_, range)| range.last_enqueued)
    }

    /// The sequence number of the event in a line.
    pub(super) fn sequence_number(&self, line: usize) -> Option<i64> {
        let (_, range) = self.place.as_ref()?;
        let line = i64::try_from(line).ok()?;
        range.sequence.first.0.checked_add(line)
    }

    /// Its partition and range; an object put there by hand has none.
    pub(super) fn place(&self) -> Option<(&PartitionId, ObjectRange)> {
        let (partition, range) = self.place.as_ref()?;
        Some((partition, *range))
    }
}

/// A time in which a partition gave each number once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// When its first event was enqueued.
    pub(super) began: UnixMillis,
    /// The number of that event.
    pub(super) first: SequenceNumber,
}

/// Returns the lives of a partition after its first one, in the order of time.
///
/// A hub that was made anew counts from 0 again. One that a copy has taken over which lacked the last events gives their
/// numbers again: an object begins with a number of an object all of whose events came earlier. What was stored twice is no
/// such thing, since an event has one time: it lies within the times of the object that has it.
pub(super) fn lives(ranges: impl Iterator<Item = ObjectRange>) -> Vec<Life> {
    let mut ranges: Vec<ObjectRange> = ranges.collect();
    ranges.sort_unstable_by_key(|range| (range.first_enqueued, range.sequence));
    let (mut lives, mut has_counted) = (Vec::new(), false);
    // The objects of the last life, by their first numbers.
    let mut own: BTreeMap<SequenceNumber, ObjectRange> = BTreeMap::new();
    for range in ranges {
        let first = range.sequence.first;
        let below = own.range(..=first).next_back().map(|(_, below)| below);
        let is_given_again = below.is_some_and(|below| {
            below.sequence.contains(first) && below.last_enqueued < range.first_enqueued
        });
        let counts_anew = first.0 == 0 && (has_counted || !lives.is_empty());
        has_counted |= first.0 == 0;
        if counts_anew || is_given_again {
            lives.push(Life {
                began: range.first_enqueued,
                first,
            });
            own.clear();
        }
        own.insert(first, range);
    }
    lives
}

/// Returns how many lives have begun after the first one when an object's events came.
pub(super) fn life_of(range: &ObjectRange, lives: &[Life]) -> usize {
    lives.partition_point(|life| life.began <= range.first_enqueued)
}

/// Lists the objects of the dataset.
pub(crate) async fn list(subject: &Subject) -> Result<Vec<BronzeObject>, StorageError> {
    let prefix = paths::bronze_dataset(&subject.dataset.name);
    let listed = subject.lake.list(&prefix).await?;
    let own = listed
        .into_iter()
        .filter(|info| subject.dataset.owns(info.path.name()));
    let objects = own.map(|info| {
        let metadata = &info.metadata;
        let partition = metadata.get("partition").cloned().map(PartitionId);
        BronzeObject {
            name: info.path.name().to_owned(),
            created: info.created,
            place: partition.zip(ObjectRange::from_metadata(metadata)),
            lines: metadata.get("lines").and_then(|lines| lines.parse().ok()),
            format: ObjectFormat::from_metadata(metadata),
        }
    });
    Ok(objects.collect())
}
