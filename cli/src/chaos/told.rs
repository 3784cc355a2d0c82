//! Tells how far a run is: one line that changes on a terminal, a line now and then elsewhere.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use indicatif::ProgressBar;
use tokio::time::Instant;

use super::settling::Standing;
use crate::output::{bar, errors_are_shown, say, thousands};

/// How often a line is said that stays.
const LINE: Duration = Duration::from_secs(15);

/// What tells it.
pub(super) struct Told {
    bar: ProgressBar,
    length: Duration,
    /// When a line was said last; nothing where a bar shows it.
    said: Mutex<Option<Instant>>,
}

impl Told {
    /// Of a run of this length.
    pub(super) fn of(length: Duration) -> Self {
        Self {
            bar: bar("chaos", Some(length.as_secs())),
            length,
            said: Mutex::new((!errors_are_shown()).then(Instant::now)),
        }
    }

    /// So much has been done to it.
    pub(super) fn disturbs(&self, elapsed: Duration, events: u64, faults: u64) {
        self.bar.set_position(elapsed.as_secs());
        let (events, faults) = (thousands(events), thousands(faults));
        self.tell(&format!("{events} events, {faults} faults"), || {
            format!(
                "{} of {} s: {events} events sent, {faults} faults so far, and those of storage",
                elapsed.as_secs(),
                self.length.as_secs()
            )
        });
    }

    /// The faults have ended.
    pub(super) fn settles(&self) {
        self.bar.set_position(self.length.as_secs());
        self.tell("settling", || {
            "the faults have ended: waiting until gold has everything".to_owned()
        });
    }

    /// So far it has settled.
    pub(super) fn standing(&self, standing: Standing) {
        let (lines, events) = (thousands(standing.lines), thousands(standing.events));
        let text = format!("settling: {lines} of {events}");
        self.tell(&text, || {
            format!("silver has {lines} of {events} events, waiting for gold")
        });
    }

    /// It is being judged.
    pub(super) fn judges(&self) {
        self.tell("judging", || "comparing with what was sent".to_owned());
    }

    /// It is over.
    pub(super) fn ends(&self) {
        self.bar.finish_and_clear();
    }

    fn tell(&self, short: &str, long: impl FnOnce() -> String) {
        self.bar.set_message(short.to_owned());
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = said.as_mut()
            && last.elapsed() >= LINE
        {
            *last = Instant::now();
            say(&long());
        }
    }
}
