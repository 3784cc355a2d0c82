//! Where the notes are.

use crate::dataset::Dataset;
use crate::store::entity::PartitionKey;
use crate::table::TableId;

/// Returns the partition with gold's notes on one generation of a dataset.
pub(in crate::gold) fn partition(dataset: &Dataset) -> PartitionKey {
    TableId::of(dataset).side_partition("gold")
}
