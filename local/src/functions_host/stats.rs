//! Counts of a host, for the live summary and for tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts since the host started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostStats {
    /// By function.
    pub functions: BTreeMap<String, FunctionStats>,
    /// By function and partition.
    pub partitions: BTreeMap<(String, String), PartitionStats>,
    /// By function with a blob trigger.
    pub blobs: BTreeMap<String, BlobStats>,
}

/// Attempts of one function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStats {
    /// Attempts that ended, retries included.
    pub invocations: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Attempts that have not ended.
    pub in_flight: u64,
}

/// One partition of an Event Hub trigger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartitionStats {
    /// Highest sequence number delivered to the function and done with.
    pub checkpointed: Option<i64>,
    /// Events of batches that succeeded.
    pub events: u64,
    /// Events of batches that failed for good, and events that could not be read: they were skipped.
    pub skipped: u64,
}

/// One blob trigger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlobStats {
    /// Blobs detected whose function has neither succeeded nor been poisoned.
    pub pending: u64,
    /// Blobs put on the poison queue.
    pub poisoned: u64,
    /// Complete listings of the container.
    pub scans: u64,
}

/// The counts that the parts of the host add to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(Arc<Mutex<HostStats>>);

impl Counters {
    pub(crate) fn snapshot(&self) -> HostStats {
        self.lock().clone()
    }

    pub(crate) fn function(&self, name: &str, change: impl FnOnce(&mut FunctionStats)) {
        change(self.lock().functions.entry(name.to_owned()).or_default());
    }

    pub(crate) fn partition(
        &self,
        function: &str,
        partition: &str,
        change: impl FnOnce(&mut PartitionStats),
    ) {
        let key = (function.to_owned(), partition.to_owned());
        change(self.lock().partitions.entry(key).or_default());
    }

    pub(crate) fn blob(&self, function: &str, change: impl FnOnce(&mut BlobStats)) {
        change(self.lock().blobs.entry(function.to_owned()).or_default());
    }

    fn lock(&self) -> MutexGuard<'_, HostStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
