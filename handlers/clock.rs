//! The one place that reads the time of day.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::event::UnixMillis;

/// Tells the time of day.
pub trait Clock: Debug + Send + Sync {
    /// Returns milliseconds since 1970 in UTC.
    fn now(&self) -> UnixMillis;
}

/// How far the clock of a process is off, in milliseconds, for trials of what wrong clocks do: of a development build only,
/// so that no setting of a deployment can turn a clock.
#[cfg(debug_assertions)]
static OFF_BY: AtomicI64 = AtomicI64::new(0);

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixMillis {
        let now = chrono::Utc::now().timestamp_millis();
        #[cfg(debug_assertions)]
        let now = now.saturating_add(OFF_BY.load(Ordering::Relaxed));
        UnixMillis(now)
    }
}

impl SystemClock {
    /// Turns the clock of this process by so many milliseconds; returns whether this build does so.
    #[must_use]
    pub fn turn(by_ms: i64) -> bool {
        #[cfg(debug_assertions)]
        OFF_BY.store(by_ms, Ordering::Relaxed);
        cfg!(debug_assertions) && by_ms != 0
    }
}

/// A clock that stands still until it is set.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Makes a clock that shows `now`.
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Sets the clock, also backwards.
    pub fn set(&self, now: UnixMillis) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }
}
