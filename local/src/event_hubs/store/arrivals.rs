//! When the events of a partition were enqueued.

use super::StoreError;
use super::partition::Partition;
use crate::event_hubs::filter::StartAt;

impl Partition {
    /// The sequence numbers at which the enqueued time changes, each with that time.
    ///
    /// # Errors
    /// Fails if the file cannot be read or is damaged.
    pub(in crate::event_hubs) fn enqueued_times(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        let tail = self.tail();
        let mut reader = self.reader(StartAt::Earliest)?;
        let mut times: Vec<(i64, i64)> = Vec::new();
        loop {
            let records = reader.read(tail)?;
            if records.is_empty() {
                return Ok(times);
            }
            for (_, record) in records {
                if times
                    .last()
                    .is_none_or(|(_, time)| *time != record.enqueued_ms)
                {
                    times.push((record.sequence, record.enqueued_ms));
                }
            }
        }
    }
}
