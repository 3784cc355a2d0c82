//! The objects of bronze, as a listing tells of them.

use sluice::event::{PartitionId, UnixMillis};
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

/// Returns when each life of a partition began: a hub that was made anew counts from 0 again, later.
pub(super) fn births(ranges: impl Iterator<Item = ObjectRange>) -> Vec<UnixMillis> {
    let mut births: Vec<UnixMillis> = ranges
        .filter(|range| range.sequence.first.0 == 0)
        .map(|range| range.first_enqueued)
        .collect();
    births.sort_unstable();
    births
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
