//! A note in the state table that gold has nothing to do until something is added or falls due, so that a run need not
//! wake a paused database.
//!
//! It has what the books say of objects that wait as well: while some do, or maintenance could not refine one, a run looks at
//! bronze before it believes the note, and goes on where that says something else.
//!
//! It is only ever a saving: a run without it, or one that cannot read it, looks at the warehouse.

use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_128;

use super::partition::partition;
use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::store::StorageError;
use crate::store::entity::{Entity, EntityStore, Operation, PartitionKey, Properties, Value};
use crate::table::log::Head;
use crate::value::time::millis;
use crate::warehouse::schema::GoldSchema;
use crate::warehouse::{Build, Pending};

/// How long the marker is believed at the most.
const VALID_FOR: Duration = Duration::from_secs(24 * 60 * 60);
const ROW: &str = "hint";
/// Most bytes of reasons that are noted; with more, every run looks.
const MOST_REASONS: usize = 16 * 1024;

/// What the last run has left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gold) struct Left {
    /// Why tables are blocked.
    pub(in crate::gold) blocked: Vec<String>,
    /// What the books say that silver has not refined; earlier builds did not note it, and are believed for a day.
    pub(in crate::gold) pending: Option<Pending>,
}

impl Left {
    /// Returns whether nothing waits, as far as was noted.
    pub(in crate::gold) fn has_nothing_pending(&self) -> bool {
        self.pending.is_none_or(|said| said.objects == 0)
    }

    /// Returns whether what a look has found is what was noted, as far as either says.
    pub(in crate::gold) fn agrees_with(&self, found: Option<Pending>) -> bool {
        let both = self.pending.zip(found);
        both.is_none_or(|(said, found)| said == found)
    }
}

/// What a run has left.
#[derive(Clone, Copy, Debug)]
pub(in crate::gold) struct Noted<'a> {
    /// When it looked.
    pub(in crate::gold) now: UnixMillis,
    /// What it said that silver has not refined.
    pub(in crate::gold) pending: Pending,
    /// When something is to be done next.
    pub(in crate::gold) due: UnixMillis,
    /// Why tables are blocked.
    pub(in crate::gold) blocked: &'a [String],
}

/// Reads and writes the marker of one generation of a dataset.
#[derive(Clone, Debug)]
pub(in crate::gold) struct IdleMarker {
    state: Arc<dyn EntityStore>,
    partition: PartitionKey,
    /// What gold was made to show: a marker about other tables says nothing.
    definitions: String,
}

impl IdleMarker {
    pub(in crate::gold) fn new(
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
            partition: partition(dataset),
            definitions: format!("{:032x}", xxh3_128(definitions.join("\n").as_bytes())),
        }
    }

    /// Returns what the last look at the warehouse found, if nothing is to be done before now: tables are blocked, and all
    /// others stood at `head`. What cannot be read says nothing.
    pub(in crate::gold) async fn says_done(&self, head: &Head, now: UnixMillis) -> Option<Left> {
        let said = self.read(head, now).await;
        said.unwrap_or_else(|error| {
            tracing::warn!(%error, "gold's idle marker could not be read");
            None
        })
    }

    async fn read(&self, head: &Head, now: UnixMillis) -> Result<Option<Left>, StorageError> {
        let Some(stored) = self.state.get(&self.partition, ROW).await? else {
            return Ok(None);
        };
        let properties = &stored.entity.properties;
        let number = |name: &str| properties.get(name).and_then(Value::as_i64);
        let text = |name: &str| properties.get(name).and_then(Value::as_str);
        let age = number("looked").map(|looked| now.0 - looked);
        let is_recent = age.is_some_and(|age| (0..millis(VALID_FOR)).contains(&age));
        // Earlier builds knew of nothing that falls due.
        let is_due = number("due").is_some_and(|due| due <= now.0);
        let is_of_this = text("definitions") == Some(&self.definitions)
            && text("log") == head.log.as_deref()
            && number("version") == Some(head.version.as_i64());
        // Reasons that cannot be read are read from the warehouse.
        let blocked =
            text("blocked").map_or(Some(Vec::new()), |json| serde_json::from_str(json).ok());
        let objects = number("pending").and_then(|objects| u64::try_from(objects).ok());
        let oldest = number("oldest_pending").map(UnixMillis);
        let left = blocked.map(|blocked| Left {
            blocked,
            pending: objects.map(|objects| Pending { objects, oldest }),
        });
        Ok(left.filter(|_| is_recent && !is_due && is_of_this))
    }

    /// Notes that every table stands at `head` but those that are blocked, and when something is to be done although
    /// nothing is added. Where that fails, the next run looks at the warehouse.
    pub(in crate::gold) async fn note(&self, head: &Head, noted: &Noted<'_>) {
        if let Err(error) = self.write(head, noted).await {
            tracing::warn!(%error, "gold's idle marker could not be written");
        }
    }

    /// Forgets what was noted, so that the next run looks.
    pub(in crate::gold) async fn forget(&self) -> Result<(), StorageError> {
        let operations = [Operation::Delete {
            row: ROW.to_owned(),
            if_match: None,
        }];
        // A conflict means that nothing was noted.
        self.state.transact(&self.partition, &operations).await?;
        Ok(())
    }

    async fn write(&self, head: &Head, noted: &Noted<'_>) -> Result<(), StorageError> {
        let Noted {
            now,
            pending,
            due,
            blocked,
        } = *noted;
        let last = now.0.saturating_add(millis(VALID_FOR));
        let mut properties = Properties::from([
            (
                "definitions".into(),
                Value::String(self.definitions.clone()),
            ),
            ("due".into(), Value::Int64(due.0.min(last))),
            ("looked".into(), Value::Int64(now.0)),
            (
                "pending".into(),
                Value::Int64(i64::try_from(pending.objects).unwrap_or(i64::MAX)),
            ),
            ("version".into(), Value::Int64(head.version.as_i64())),
        ]);
        if let Some(oldest) = pending.oldest {
            properties.insert("oldest_pending".into(), Value::Int64(oldest.0));
        }
        if let Some(log) = &head.log {
            properties.insert("log".into(), Value::String(log.clone()));
        }
        if !blocked.is_empty() {
            // Text to text, which JSON always takes.
            let json = serde_json::to_string(blocked).unwrap_or_default();
            if json.len() > MOST_REASONS {
                return Ok(());
            }
            properties.insert("blocked".into(), Value::String(json));
        }
        let row = ROW.to_owned();
        let entity = Entity { row, properties };
        let operations = [Operation::Upsert(entity)];
        self.state.transact(&self.partition, &operations).await?;
        Ok(())
    }
}
