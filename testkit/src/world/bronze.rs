//! Objects of bronze, without the layer that makes them.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::silver::Refined;
use sluice::store::object::{Metadata, ObjectRange, Source, paths};
use sluice::value::line::append_line;
use sluice::value::line::times::append_times;

use super::process::Process;
use super::stores::World;
use crate::events::{event, order};

impl World {
    /// Puts an object as bronze does, and returns it as its trigger delivers it.
    pub async fn put(&self, partition: &str, first: i64, bodies: &[Bytes]) -> Source {
        let events = (first..).zip(bodies);
        let events = events.map(|(sequence, body)| event(sequence, 0, body.clone()));
        self.put_events(partition, &events.collect::<Vec<_>>())
            .await
    }

    /// Puts orders that happen just now, after all that were put before.
    pub async fn put_orders(&self, ids: impl IntoIterator<Item = i64>) -> Source {
        self.put_orders_of(self.now(), ids).await
    }

    /// Puts orders that happen just now, and refines them.
    pub async fn refine(&self, process: &Process, ids: impl IntoIterator<Item = i64>) -> Refined {
        process.refine(&self.put_orders(ids).await).await
    }

    /// Puts orders that happened at another time, after all that were put before.
    pub async fn put_orders_of(
        &self,
        time: UnixMillis,
        ids: impl IntoIterator<Item = i64>,
    ) -> Source {
        let bodies: Vec<Bytes> = ids.into_iter().map(|id| order(id, time)).collect();
        let count = i64::try_from(bodies.len()).unwrap();
        let first = self.next_order.fetch_add(count, Ordering::SeqCst);
        let events = (first..)
            .zip(bodies)
            .map(|(sequence, body)| SourceEvent::plain(body, SequenceNumber(sequence), time));
        self.put_events("0", &events.collect::<Vec<_>>()).await
    }

    /// Puts events as bronze does, and returns them as their trigger delivers them.
    pub async fn put_events(&self, partition: &str, events: &[SourceEvent]) -> Source {
        let mut content = Vec::new();
        events
            .iter()
            .for_each(|event| append_line(event, &mut content));
        append_times(events.iter().map(|event| event.enqueued_time), &mut content);
        let partition = PartitionId(partition.to_owned());
        let path = paths::bronze_object(&self.dataset.name, &partition, &events[0]);
        let range = ObjectRange::of(events).unwrap();
        let metadata = range.to_metadata(&partition, events.len());
        let content = Bytes::from(content);
        let created = self.lake.create(&path, content.clone(), &metadata);
        created.await.unwrap();
        source(path.name(), content, &metadata)
    }

    /// Returns all objects of bronze as their triggers deliver them.
    pub async fn sources(&self) -> Vec<Source> {
        let prefix = paths::bronze_dataset(&self.dataset.name);
        let mut sources = Vec::new();
        for info in self.lake.list(&prefix).await.unwrap() {
            let content = self.lake.get(&info.path).await.unwrap().unwrap();
            sources.push(source(info.path.name(), content, &info.metadata));
        }
        sources
    }
}

/// Makes a source of an object, as the blob trigger does.
fn source(name: &str, content: Bytes, metadata: &Metadata) -> Source {
    let range = ObjectRange::from_metadata(metadata).unwrap();
    Source::of_object(name.to_owned(), content, metadata, range.last_enqueued)
}
