//! A state table that writes down what is done to it.

use std::sync::Mutex;

use async_trait::async_trait;
use sluice::store::StorageError;
use sluice::store::entity::{
    EntityStore, MemoryEntityStore, Operation, Outcome, PartitionKey, Properties, RowRange, Stored,
    Value,
};

/// Text that is longer than this is written as its length and hash.
const LONGEST: usize = 4_000;

#[derive(Debug, Default)]
pub(super) struct Recorder {
    inner: MemoryEntityStore,
    text: Mutex<String>,
}

impl Recorder {
    /// Returns the transactions so far as text, and forgets them.
    pub(super) fn take(&self) -> String {
        std::mem::take(&mut *self.text.lock().unwrap())
    }
}

/// Writes long text short.
fn short(text: &str) -> String {
    if text.len() <= LONGEST {
        return serde_json::Value::from(text).to_string();
    }
    let hash = xxhash_rust::xxh3::xxh3_128(text.as_bytes());
    format!("{} bytes of hash {hash:032x}", text.len())
}

fn describe(properties: &Properties) -> String {
    let line = |(name, value): (&String, &Value)| match value {
        Value::String(text) => format!("  {name} = text {}\n", short(text)),
        Value::Int64(number) => format!("  {name} = int64 {number}\n"),
        Value::Bool(yes) => format!("  {name} = bool {yes}\n"),
    };
    properties.iter().map(line).collect()
}

fn step(operation: &Operation) -> String {
    let row = operation.row();
    let (verb, entity) = match operation {
        Operation::Insert(entity) => ("insert", entity),
        Operation::Upsert(entity) => ("upsert", entity),
        Operation::Update { entity, .. } => ("update", entity),
        Operation::Delete { .. } => return format!("delete {row}\n"),
    };
    format!("{verb} {row}\n{}", describe(&entity.properties))
}

#[async_trait]
impl EntityStore for Recorder {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        let steps: String = operations.iter().map(step).collect();
        let text = format!("transaction in {partition}\n{steps}");
        self.text.lock().unwrap().push_str(&text);
        self.inner.transact(partition, operations).await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        self.inner.get(partition, row).await
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        self.inner.range(partition, rows).await
    }
}
