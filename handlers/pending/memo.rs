//! What a run leaves to the next: savings only, in a table partition of their own, so that nobody waits for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dataset::Dataset;
use crate::event::{PartitionId, UnixMillis};
use crate::store::StorageError;
use crate::store::entity::{Entity, EntityStore, Operation, PartitionKey, Properties, Value};
use crate::table::TableId;

const ROW: &str = "memo";

/// What earlier runs found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaintenanceState {
    /// For each hub partition, the start of an hour before which every bronze object is in the ledger.
    pub complete_before: BTreeMap<PartitionId, UnixMillis>,
    /// When a vacuum was last finished.
    pub vacuumed: Option<UnixMillis>,
    /// How many bronze objects the last run that refined has left although they are old enough.
    pub left: u64,
}

fn partition(dataset: &Dataset) -> PartitionKey {
    TableId::of(dataset).side_partition("maintain")
}

impl MaintenanceState {
    /// Reads the state; none, or one that cannot be read, is an empty one.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn read(
        state: &Arc<dyn EntityStore>,
        dataset: &Dataset,
    ) -> Result<Self, StorageError> {
        let Some(stored) = state.get(&partition(dataset), ROW).await? else {
            return Ok(Self::default());
        };
        let properties = &stored.entity.properties;
        let hours = properties.get("complete_before").and_then(Value::as_str);
        let vacuumed = properties.get("vacuumed").and_then(Value::as_i64);
        let left = properties.get("left").and_then(Value::as_i64);
        Ok(Self {
            // Savings only: of a state that cannot be read, everything is scanned again.
            complete_before: hours
                .and_then(|json| serde_json::from_str(json).ok())
                .unwrap_or_default(),
            vacuumed: vacuumed.map(UnixMillis),
            left: left.and_then(|left| u64::try_from(left).ok()).unwrap_or(0),
        })
    }

    /// Writes the state, over that of any other run: what either found holds for good.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn write(
        &self,
        state: &Arc<dyn EntityStore>,
        dataset: &Dataset,
    ) -> Result<(), StorageError> {
        // Text to numbers, which JSON always takes; an empty text would be read as no state.
        let hours = serde_json::to_string(&self.complete_before).unwrap_or_default();
        let mut properties = Properties::from([("complete_before".into(), Value::String(hours))]);
        if let Some(time) = self.vacuumed {
            properties.insert("vacuumed".into(), Value::Int64(time.0));
        }
        if self.left > 0 {
            let left = i64::try_from(self.left).unwrap_or(i64::MAX);
            properties.insert("left".into(), Value::Int64(left));
        }
        let row = ROW.to_owned();
        let operations = [Operation::Upsert(Entity { row, properties })];
        state.transact(&partition(dataset), &operations).await?;
        Ok(())
    }
}
