//! When the handler is started again, and when the host gives up.

use std::time::{Duration, Instant};

const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 60);
const MAX_ERRORS: usize = 3;

/// The consequence of an exit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterExit {
    /// Goes unnoticed: the process stays gone, and invocations fail.
    Unnoticed,
    /// Restarted, not counted.
    Restart,
    /// An error: restarted until there are too many.
    Error,
}

/// Judges an exit code.
pub(crate) fn after_exit(code: i32) -> AfterExit {
    match code {
        0 => AfterExit::Unnoticed,
        200 => AfterExit::Restart,
        _ => AfterExit::Error,
    }
}

/// Errors within the last half hour.
#[derive(Debug, Default)]
pub(crate) struct ErrorList {
    errors: Vec<Instant>,
}

impl ErrorList {
    /// Adds an error; false means that the host has to stop.
    ///
    /// The list is cleared only if its newest error is more than half an hour old.
    pub(crate) fn may_restart_after(&mut self, now: Instant) -> bool {
        let newest = self.errors.last();
        if newest.is_some_and(|newest| now.duration_since(*newest) > FORGOTTEN_AFTER) {
            self.errors.clear();
        }
        self.errors.push(now);
        self.errors.len() < MAX_ERRORS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_goes_unnoticed_and_200_is_free() {
        assert_eq!(after_exit(0), AfterExit::Unnoticed);
        assert_eq!(after_exit(200), AfterExit::Restart);
        for code in [1, 101, 137, -1] {
            assert_eq!(after_exit(code), AfterExit::Error);
        }
    }

    #[test]
    fn the_third_error_within_half_an_hour_stops_the_host() {
        let start = Instant::now();
        let minutes = |minutes: u64| start + Duration::from_secs(minutes * 60);
        let mut errors = ErrorList::default();
        assert!(errors.may_restart_after(start));
        assert!(errors.may_restart_after(minutes(29)));
        // The newest error is 29 minutes old, so the oldest still counts.
        assert!(!errors.may_restart_after(minutes(58)));
    }

    #[test]
    fn errors_are_forgotten_after_a_quiet_half_hour() {
        let start = Instant::now();
        let minutes = |minutes: u64| start + Duration::from_secs(minutes * 60);
        let mut errors = ErrorList::default();
        assert!(errors.may_restart_after(start));
        assert!(errors.may_restart_after(minutes(1)));
        assert!(errors.may_restart_after(minutes(32)));
        assert!(errors.may_restart_after(minutes(33)));
    }
}
