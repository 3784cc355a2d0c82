//! The work on a group of sources, which survives the attempts to commit it.

use std::sync::Arc;

use super::chunks::{Chunk, Done};
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::silver::RefineError;
use crate::silver::cast::keyed_rows::KeyedRow;
use crate::silver::dedup::conflicts::Conflicts;
use crate::silver::prepare::{Prepared, Start};
use crate::silver::sources::SortedSources;
use crate::silver::write::Written;
use crate::table::log::Version;

/// The work on the sources that are not finished yet. What opens to more than is held at once is worked off in chunks, of
/// which the last one is in hand and the others are done.
pub(super) struct Work {
    sources: SortedSources,
    pub(super) prepared: Arc<Prepared>,
    /// The rows that no live file holds at `checked`, by event time.
    pub(super) rows: Vec<KeyedRow>,
    /// The duplicates that are known to differ from the row that stays.
    pub(super) conflicts: Conflicts,
    pub(super) checked: Version,
    pub(super) written: Option<Arc<Written>>,
    pub(super) done: Done,
}

impl Work {
    /// Casts the sources, or as much of them as opens to `most_opened` bytes.
    ///
    /// # Errors
    /// Fails if the sources are too many for one group; rejected lines are no failure.
    pub(super) async fn prepare(
        dataset: &Arc<Dataset>,
        sources: SortedSources,
        most_opened: usize,
    ) -> Result<Self, RefineError> {
        Self::from(dataset, sources, Start::default(), most_opened).await
    }

    async fn from(
        dataset: &Arc<Dataset>,
        sources: SortedSources,
        start: Start,
        most_opened: usize,
    ) -> Result<Self, RefineError> {
        let dataset = Arc::clone(dataset);
        let prepare = move || {
            let prepared = Prepared::of(&dataset, &sources, start, most_opened);
            prepared.map(|prepared| (prepared, sources))
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        let (prepared, sources) = prepared.map_err(RefineError::Interrupted)??;
        Ok(Self {
            sources,
            rows: prepared.distinct.clone(),
            conflicts: prepared.conflicts.clone(),
            prepared: Arc::new(prepared),
            checked: Version(0),
            written: None,
            done: Done::default(),
        })
    }

    /// Returns the chunk in hand, which is all there is as a rule.
    pub(super) fn in_hand(&self) -> Chunk<'_> {
        Chunk {
            sources: &self.prepared.sources,
            rows: &self.rows,
            conflicts: &self.conflicts,
        }
    }

    /// Returns whether there is more to open than was.
    pub(super) fn goes_on(&self) -> bool {
        self.prepared.rest.is_some()
    }

    /// Lets go of a chunk that was written, and casts the next.
    ///
    /// # Errors
    /// As [`Self::prepare`].
    pub(super) async fn next(
        mut self,
        dataset: &Arc<Dataset>,
        most_opened: usize,
    ) -> Result<Self, RefineError> {
        const WRITTEN: Invariant = Invariant("a chunk is written once before the next one");
        let written = self.written.take().and_then(Arc::into_inner);
        let mut done = std::mem::take(&mut self.done);
        done.add(self.in_hand(), written.ok_or(WRITTEN)?)?;
        let start = self.prepared.rest.ok_or(WRITTEN)?;
        let sources = std::mem::take(&mut self.sources);
        drop(self);
        let next = Self::from(dataset, sources, start, most_opened).await?;
        Ok(Self { done, ..next })
    }

    /// Returns the names of the sources, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.prepared.sources.iter().map(|source| &source.name)
    }

    /// Returns whether this is the work on the first of these sources, as it would be prepared again.
    pub(super) fn is_on(&self, sources: &SortedSources) -> bool {
        let mut wanted = sources.iter().map(|source| &source.name);
        self.names().all(|name| wanted.next() == Some(name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use arrow_array::Array;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::event::UnixMillis;
    use crate::store::object::{ObjectFormat, Source};

    const DATASET: &str = r#"
name = "things"
event_time = "at"
[dedup]
keep = "all"
[payload]
records = "$.records[*]"
compression = "gzip"
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "text"
type = "string"
"#;
    const EVENTS: usize = 300;
    /// Opened, a little more than sixteen kibibytes.
    const RECORDS: usize = 16;
    const CHUNK: usize = 64 * 1024;

    /// An object that opens to some five mebibytes.
    fn source() -> Source {
        let record = format!(r#"{{"at":0,"text":"{}"}}"#, "x".repeat(1_000));
        let body = format!(r#"{{"records":[{}]}}"#, vec![record; RECORDS].join(","));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body.as_bytes()).unwrap();
        let body = encoder.finish().unwrap();
        let mut line = Vec::new();
        let event = crate::event::SourceEvent::plain(
            body.into(),
            crate::event::SequenceNumber(0),
            UnixMillis(0),
        );
        crate::value::line::append_line(&event, &mut line);
        Source {
            name: "things/a.jsonl".to_owned(),
            content: line.repeat(EVENTS).into(),
            format: ObjectFormat::Lines,
            partition: None,
            range: None,
            enqueued_time: UnixMillis(0),
            only: None,
        }
    }

    fn bytes(prepared: &Prepared) -> usize {
        let columns = prepared.cast.columns.iter();
        columns.map(|column| column.get_array_memory_size()).sum()
    }

    #[tokio::test]
    async fn of_an_object_that_opens_to_a_lot_one_chunk_is_held_at_a_time() {
        let dataset = Arc::new(Dataset::parse(DATASET, "things.toml").unwrap());
        let sources = SortedSources::new(vec![source()]);
        let mut work = Work::prepare(&dataset, sources, CHUNK).await.unwrap();
        let mut chunks = 1;
        loop {
            let event = 17 * 1024;
            // Buffers grow by doubling, and a row has a few bytes beside its text.
            let held = bytes(&work.prepared);
            assert!(held < 3 * (CHUNK + event), "{held} bytes in chunk {chunks}");
            if !work.goes_on() {
                break;
            }
            let before = Arc::downgrade(&work.prepared);
            work.written = Some(Arc::new(Written {
                id: "c".to_owned(),
                files: Vec::new(),
                keys: Vec::new(),
                quarantine: BTreeMap::new(),
            }));
            work = work.next(&dataset, CHUNK).await.unwrap();
            assert!(before.upgrade().is_none(), "chunk {chunks} is held still");
            chunks += 1;
        }
        // Five events pass a chunk.
        assert_eq!(chunks, 60);
        let rows = work.rows.len() as u64;
        let before = work.done.sources[&0].counts(None);
        assert_eq!(before.rows + rows, (EVENTS * RECORDS) as u64);
    }
}
