//! A bronze object to be refined, from whichever trigger or listing it came. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use super::{Metadata, ObjectFormat, ObjectRange};
use crate::event::{PartitionId, SequenceRange, UnixMillis};

/// A bronze object as the trigger delivered it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in the container.
    pub name: String,
    /// Its lines.
    pub content: Bytes,
    /// How they are to be read.
    pub format: ObjectFormat,
    /// The hub partition, unless the object was put there by hand.
    pub partition: Option<PartitionId>,
    /// The sequence numbers of its lines, likewise.
    pub range: Option<SequenceRange>,
    /// The highest enqueued time in it; when it was created, if it was put there by hand.
    pub enqueued_time: UnixMillis,
    /// Which of its records are to be refined; nothing where all are.
    pub only: Option<Arc<Selection>>,
}

/// Records of a bronze object, by the numbers of their lines, from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection(pub BTreeMap<u32, Pick>);

/// Records of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// Whatever is in it.
    Event,
    /// Those of these numbers, from 0.
    Records(BTreeSet<u32>),
}

impl Pick {
    /// Returns whether a record of this number is one of them.
    #[must_use]
    pub fn has(&self, record: u32) -> bool {
        match self {
            Self::Event => true,
            Self::Records(numbers) => numbers.contains(&record),
        }
    }
}

impl Source {
    /// Makes a source of an object's name in its container, its content and its metadata (names in lower case).
    ///
    /// An object without bronze's metadata was put there by hand: its events belong to no partition and count as
    /// enqueued when the object was `created`.
    #[must_use]
    pub fn of_object(
        name: String,
        content: Bytes,
        metadata: &Metadata,
        created: UnixMillis,
    ) -> Self {
        let range = ObjectRange::from_metadata(metadata);
        let partition = metadata.get("partition").cloned().map(PartitionId);
        Self {
            name,
            content,
            format: ObjectFormat::from_metadata(metadata),
            partition: partition.filter(|_| range.is_some()),
            range: range.map(|range| range.sequence),
            enqueued_time: range.map_or(created, |range| range.last_enqueued),
            only: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(metadata: &[(&str, &str)]) -> Source {
        let metadata = metadata
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Source::of_object("a".into(), Bytes::new(), &metadata, UnixMillis(9))
    }

    #[test]
    fn bronze_metadata_gives_partition_range_and_time() {
        let source = source(&[
            ("partition", "3"),
            ("first_sequence", "5"),
            ("last_sequence", "7"),
            ("first_enqueued_ms", "10"),
            ("last_enqueued_ms", "20"),
        ]);
        assert_eq!(source.partition, Some(PartitionId("3".into())));
        assert_eq!(source.range.map(|range| range.last.0), Some(7));
        assert_eq!(source.enqueued_time, UnixMillis(20));
    }

    #[test]
    fn an_object_put_by_hand_has_no_partition_and_counts_from_its_creation() {
        let source = source(&[("partition", "3")]);
        assert_eq!((source.partition, source.range), (None, None));
        assert_eq!(source.enqueued_time, UnixMillis(9));
    }
}
