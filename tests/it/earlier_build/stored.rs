//! Stores as files: objects and entities as JSON, both stores and the file of gold packed.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sluice::clock::ManualClock;
use sluice::event::UnixMillis;
use sluice::store::entity::{
    Entity, EntityStore, Operation, Outcome, PartitionKey, RowRange, Value,
};
use sluice::store::object::{Created, ObjectPath, ObjectStore};

pub(super) const STORES: &str = "stores.json.gz";
pub(super) const GOLD: &str = "gold.db.gz";

/// What the lake and the state table hold.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Stores {
    objects: Vec<Object>,
    entities: Vec<Row>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Object {
    path: ObjectPath,
    created: i64,
    metadata: BTreeMap<String, String>,
    /// In base64.
    content: String,
}

/// An entity.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    partition: String,
    row: String,
    properties: BTreeMap<String, Property>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Property {
    Text(String),
    Int64(i64),
    Bool(bool),
}

/// Returns the entities of some partitions.
pub(super) async fn entities(state: &dyn EntityStore, partitions: &[String]) -> Vec<Row> {
    let everything = RowRange {
        from: String::new(),
        until: char::MAX.to_string(),
    };
    let mut found = Vec::new();
    for partition in partitions {
        let key = PartitionKey(partition.clone());
        for stored in state.range(&key, &everything).await.unwrap() {
            let Entity { row, properties } = stored.entity;
            let property = |value| match value {
                Value::String(text) => Property::Text(text),
                Value::Int64(number) => Property::Int64(number),
                Value::Bool(yes) => Property::Bool(yes),
            };
            let properties = properties.into_iter();
            found.push(Row {
                partition: partition.clone(),
                row,
                properties: properties
                    .map(|(name, value)| (name, property(value)))
                    .collect(),
            });
        }
    }
    found
}

impl Stores {
    /// Takes all objects, and the entities of some partitions.
    pub(super) async fn of(
        lake: &dyn ObjectStore,
        state: &dyn EntityStore,
        partitions: &[String],
    ) -> Self {
        let mut objects = Vec::new();
        for container in [
            paths_of("bronze"),
            paths_of("silver"),
            paths_of("quarantine"),
        ] {
            for info in lake.list(&container).await.unwrap() {
                let content = lake.get(&info.path).await.unwrap().unwrap();
                objects.push(Object {
                    path: info.path,
                    created: info.created.0,
                    metadata: info.metadata,
                    content: STANDARD.encode(content),
                });
            }
        }
        let entities = entities(state, partitions).await;
        Self { objects, entities }
    }

    /// Puts everything into empty stores, whose clock then shows when the last object was created.
    pub(super) async fn restore(
        self,
        lake: &dyn ObjectStore,
        state: &dyn EntityStore,
        clock: &ManualClock,
    ) {
        let mut objects = self.objects;
        objects.sort_by_key(|object| object.created);
        for object in objects {
            clock.set(UnixMillis(object.created));
            let content = Bytes::from(STANDARD.decode(object.content).unwrap());
            let created = lake.create(&object.path, content, &object.metadata);
            assert_eq!(created.await.unwrap(), Created::New);
        }
        for row in self.entities {
            let value = |property| match property {
                Property::Text(text) => Value::String(text),
                Property::Int64(number) => Value::Int64(number),
                Property::Bool(yes) => Value::Bool(yes),
            };
            let properties = row.properties.into_iter();
            let entity = Entity {
                row: row.row,
                properties: properties
                    .map(|(name, property)| (name, value(property)))
                    .collect(),
            };
            let insert = [Operation::Insert(entity)];
            let outcome = state.transact(&PartitionKey(row.partition), &insert).await;
            assert_eq!(outcome.unwrap(), Outcome::Committed);
        }
    }
}

fn paths_of(container: &str) -> ObjectPath {
    ObjectPath::new(container, "")
}

/// Writes a file packed.
pub(super) fn pack(path: &Path, content: &[u8]) {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(content).unwrap();
    std::fs::write(path, packed.finish().unwrap()).unwrap();
}

/// Reads a packed file.
pub(super) fn unpack(path: &Path) -> Vec<u8> {
    let packed = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut content = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut content)
        .unwrap();
    content
}
