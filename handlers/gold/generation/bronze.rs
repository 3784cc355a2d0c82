//! Whether bronze still has sources that a ledger names.

use std::sync::Arc;

use futures::stream::{self, Stream, StreamExt};

use crate::store::StorageError;
use crate::store::object::paths::BRONZE;
use crate::store::object::{ObjectPath, ObjectStore};
use crate::table::log::LedgerEntry;

/// How many sources are looked for at once.
const PARALLEL: usize = 16;

/// Looks for sources in bronze, some at once and in no order; each comes with whether it is there.
pub(super) fn in_bronze<'e>(
    lake: &Arc<dyn ObjectStore>,
    entries: &[&'e LedgerEntry],
) -> impl Stream<Item = Result<(&'e LedgerEntry, bool), StorageError>> {
    let looks = entries.iter().map(|entry| {
        let (entry, path) = (*entry, ObjectPath::new(BRONZE, entry.bronze()));
        async move { Ok((entry, lake.head(&path).await?.is_some())) }
    });
    stream::iter(looks.collect::<Vec<_>>()).buffer_unordered(PARALLEL)
}
