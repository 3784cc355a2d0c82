//! Which events an object of bronze holds: its name and metadata say it, and nothing else does (B2). Pure.

use super::Metadata;
use crate::event::{PartitionId, SequenceNumber, SequenceRange, SourceEvent, UnixMillis};

/// How an object is to be read, as its metadata says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectFormat {
    /// Lines only (format 1): of an earlier build, or put there by hand.
    Lines,
    /// The last line holds the times of the events in the others (format 2).
    LinesAndTimes,
    /// What this build does not know: of a later build.
    Unknown(String),
}

impl ObjectFormat {
    /// Reads the format from user metadata. What bronze did not write has lines only, whatever it calls its format.
    #[must_use]
    pub fn from_metadata(metadata: &Metadata) -> Self {
        if ObjectRange::from_metadata(metadata).is_none() {
            return Self::Lines;
        }
        match metadata.get("format").map(String::as_str) {
            None | Some("1") => Self::Lines,
            Some("2") => Self::LinesAndTimes,
            Some(other) => Self::Unknown(other.to_owned()),
        }
    }
}

/// What an object holds, as its metadata says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectRange {
    /// Its sequence numbers.
    pub sequence: SequenceRange,
    /// The lowest enqueued time in it.
    pub first_enqueued: UnixMillis,
    /// The highest enqueued time in it.
    pub last_enqueued: UnixMillis,
}

impl ObjectRange {
    /// Returns the range of a run of events, or nothing for none.
    #[must_use]
    pub fn of(events: &[SourceEvent]) -> Option<Self> {
        let (first, last) = (events.first()?, events.last()?);
        let times = events.iter().map(|event| event.enqueued_time);
        Some(Self {
            sequence: SequenceRange {
                first: first.sequence_number,
                last: last.sequence_number,
            },
            first_enqueued: times.clone().min()?,
            last_enqueued: times.max()?,
        })
    }

    /// Returns how many events it has.
    #[must_use]
    pub fn events(&self) -> u64 {
        let SequenceRange { first, last } = self.sequence;
        u64::try_from(last.0.saturating_sub(first.0).saturating_add(1)).unwrap_or(0)
    }

    /// Returns whether the object may hold `event`: it does, unless the hub has given the number to two events.
    #[must_use]
    pub fn holds(&self, event: &SourceEvent) -> bool {
        self.sequence.contains(event.sequence_number)
            && self.first_enqueued <= event.enqueued_time
            && event.enqueued_time <= self.last_enqueued
    }

    /// Writes the range as user metadata.
    #[must_use]
    pub fn to_metadata(&self, partition: &PartitionId, lines: usize) -> Metadata {
        [
            ("format", "2".to_owned()),
            ("partition", partition.0.clone()),
            ("first_sequence", self.sequence.first.to_string()),
            ("last_sequence", self.sequence.last.to_string()),
            ("first_enqueued_ms", self.first_enqueued.0.to_string()),
            ("last_enqueued_ms", self.last_enqueued.0.to_string()),
            ("lines", lines.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Reads the range from user metadata, whose names are in lower case.
    #[must_use]
    pub fn from_metadata(metadata: &Metadata) -> Option<Self> {
        let number = |name: &str| metadata.get(name)?.parse::<i64>().ok();
        Some(Self {
            sequence: SequenceRange {
                first: SequenceNumber(number("first_sequence")?),
                last: SequenceNumber(number("last_sequence")?),
            },
            first_enqueued: UnixMillis(number("first_enqueued_ms")?),
            last_enqueued: UnixMillis(number("last_enqueued_ms")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(sequence: i64, enqueued: i64) -> SourceEvent {
        SourceEvent::plain(
            Bytes::from_static(b"{}"),
            SequenceNumber(sequence),
            UnixMillis(enqueued),
        )
    }

    fn object(first: i64, last: i64, from: i64, until: i64) -> ObjectRange {
        ObjectRange {
            sequence: SequenceRange {
                first: SequenceNumber(first),
                last: SequenceNumber(last),
            },
            first_enqueued: UnixMillis(from),
            last_enqueued: UnixMillis(until),
        }
    }

    #[test]
    fn metadata_gives_the_range_back_b2() {
        let range = object(3, 8, 1_000, 1_700);
        let metadata = range.to_metadata(&PartitionId("7".into()), 6);
        assert_eq!(ObjectRange::from_metadata(&metadata), Some(range));
        assert_eq!(metadata.get("lines").map(String::as_str), Some("6"));
    }

    #[test]
    fn the_format_is_that_of_the_metadata_unless_the_object_was_put_by_hand() {
        let mut metadata = object(3, 8, 1_000, 1_700).to_metadata(&PartitionId("7".into()), 6);
        let mut format_of = |format: &str| {
            metadata.insert("format".to_owned(), format.to_owned());
            ObjectFormat::from_metadata(&metadata)
        };
        assert_eq!(format_of("1"), ObjectFormat::Lines);
        assert_eq!(format_of("2"), ObjectFormat::LinesAndTimes);
        assert_eq!(format_of("3"), ObjectFormat::Unknown("3".to_owned()));
        let by_hand = [("format".to_owned(), "csv".to_owned())].into();
        assert_eq!(ObjectFormat::from_metadata(&by_hand), ObjectFormat::Lines);
    }

    #[test]
    fn a_range_takes_the_extremes_of_times_that_are_out_of_order() {
        let range = ObjectRange::of(&[event(1, 50), event(2, 40), event(3, 60)]).unwrap();
        assert_eq!(range, object(1, 3, 40, 60));
    }
}
