//! A note in the state table that gold has nothing to do, so that a run need not wake a paused database.
//!
//! It is only ever a saving: a run without it, or one that cannot read it, looks at the warehouse.

use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::store::StorageError;
use crate::store::entity::{Entity, EntityStore, Operation, PartitionKey, Properties, Value};
use crate::table::TableId;
use crate::table::log::{Head, Version};
use crate::value::time::millis;
use crate::warehouse::Build;
use crate::warehouse::schema::GoldSchema;

/// How long the marker is believed.
const VALID_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const ROW: &str = "hint";

/// Reads and writes the marker of one generation of a dataset.
#[derive(Clone, Debug)]
pub(super) struct IdleMarker {
    state: Arc<dyn EntityStore>,
    partition: PartitionKey,
    /// What gold was made to show: a marker about other tables says nothing.
    definitions: String,
}

impl IdleMarker {
    pub(super) fn new(
        state: Arc<dyn EntityStore>,
        (dataset, schema): (&Dataset, &GoldSchema),
        build: &Build,
    ) -> Self {
        let tables = schema.tables.iter();
        let definitions = tables.map(|table| format!("{} {}", table.name, table.definition));
        // Another dataset file may show the same tables otherwise.
        let file = Some(&build.hash).filter(|hash| !hash.is_empty()).cloned();
        let definitions: Vec<_> = definitions.chain(file).collect();
        Self {
            state,
            partition: TableId::of(dataset).side_partition("gold"),
            definitions: format!("{:032x}", xxh3_128(definitions.join("\n").as_bytes())),
        }
    }

    /// Returns whether every table stood at `head` when the warehouse was last looked at, within the last day. What
    /// cannot be read says nothing.
    pub(super) async fn says_done(&self, head: &Head, now: UnixMillis) -> bool {
        let said = self.read(head, now).await;
        said.unwrap_or_else(|error| {
            tracing::warn!(%error, "gold's idle marker could not be read");
            false
        })
    }

    async fn read(&self, head: &Head, now: UnixMillis) -> Result<bool, StorageError> {
        let Some(stored) = self.state.get(&self.partition, ROW).await? else {
            return Ok(false);
        };
        let properties = &stored.entity.properties;
        let number = |name: &str| properties.get(name).and_then(Value::as_i64);
        let definitions = properties.get("definitions").and_then(Value::as_str);
        let age = number("looked").map(|looked| now.0 - looked);
        let is_recent = age.is_some_and(|age| (0..millis(VALID_FOR)).contains(&age));
        let log = properties.get("log").and_then(Value::as_str);
        Ok(is_recent
            && definitions == Some(&self.definitions)
            && log == head.log.as_deref()
            && number("version") == Some(head.version.as_i64()))
    }

    /// Notes that every table stands at `version` of a log. Where that fails, the next run looks at the warehouse.
    pub(super) async fn note(&self, (log, version): (Option<&str>, Version), now: UnixMillis) {
        if let Err(error) = self.write((log, version), now).await {
            tracing::warn!(%error, "gold's idle marker could not be written");
        }
    }

    async fn write(
        &self,
        (log, version): (Option<&str>, Version),
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        let mut properties = Properties::from([
            (
                "definitions".into(),
                Value::String(self.definitions.clone()),
            ),
            ("looked".into(), Value::Int64(now.0)),
            ("version".into(), Value::Int64(version.as_i64())),
        ]);
        if let Some(log) = log {
            properties.insert("log".into(), Value::String(log.to_owned()));
        }
        let row = ROW.to_owned();
        let entity = Entity { row, properties };
        let operations = [Operation::Upsert(entity)];
        self.state.transact(&self.partition, &operations).await?;
        Ok(())
    }
}
