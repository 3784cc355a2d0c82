//! Closes gaps of sequence numbers in the head: what a look at bronze does not find in one is nowhere.

use std::collections::BTreeMap;

use crate::event::{PartitionId, SequenceNumber};
use crate::maintain::{Error, Maintenance};
use crate::pending::Scan;
use crate::table::log::Head;
use crate::table::watermark::watermark;

impl Maintenance {
    /// Closes the gaps that `before`, which was read before the look at bronze began, already had and in which the look
    /// found nothing. It is no commit: silver stays as it is, and its watermark moves on.
    pub(super) async fn close_gaps(&self, before: &Head, scan: &Scan) -> Result<(), Error> {
        let partitions = before.partitions.iter();
        let until: BTreeMap<&PartitionId, SequenceNumber> = partitions
            .filter_map(|(id, own)| Some((id, own.beyond.last()?.range.last)))
            .collect();
        if until.is_empty() || !scan.is_whole {
            return Ok(());
        }
        let pending = scan.ranges();
        let idle_timeout = self.context.dataset.idle_timeout;
        while let Some(head) = self.log.head().await? {
            let mut closed = head.clone();
            for (id, until) in &until {
                let pending = pending.get(id).map_or(&[][..], Vec::as_slice);
                if let Some(own) = closed.partitions.get_mut(id) {
                    own.close_gaps(*until, pending);
                }
            }
            if closed.partitions == head.partitions {
                return Ok(());
            }
            closed.watermark =
                watermark(&closed.partitions, head.clock, idle_timeout, head.watermark);
            // A commit may have come between; the gaps that it left are as empty.
            if self.log.amend(&closed).await? {
                return Ok(());
            }
        }
        Ok(())
    }
}
