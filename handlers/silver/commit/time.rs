//! How long the work on a group may take: ten minutes, and as long again after each chunk that was written, within an hour.

use std::time::Duration;

use crate::retry::Deadline;
use crate::table::log::COMMIT_DEADLINE;

/// The time from the start of the work after which nothing is sent, however it came along. As long as the host's five
/// deliveries of an object wait for it, and far less than vacuum waits before it removes a file that nothing names.
const LONGEST_WORK: Duration = Duration::from_secs(60 * 60);

/// The time that is left.
#[derive(Debug)]
pub(in crate::silver) struct WorkTime {
    until: Deadline,
    last: Deadline,
}

impl WorkTime {
    /// Begins now.
    pub(in crate::silver) fn start() -> Self {
        Self {
            until: Deadline::after(COMMIT_DEADLINE),
            last: Deadline::after(LONGEST_WORK),
        }
    }

    /// Returns when the commit must have been sent, as things stand.
    pub(super) fn until(&self) -> Deadline {
        self.until
    }

    /// Gives time for the next chunk, after one that was written; returns whether there is some, because that one was in
    /// time.
    pub(super) fn go_on(&mut self) -> bool {
        let is_in_time = self.until.allows(Duration::ZERO);
        if is_in_time {
            self.until = Deadline::after(COMMIT_DEADLINE).min(self.last);
        }
        is_in_time
    }
}
