//! Looks at bronze before the head is read that final periods are told by: what arrives in between is then in the head,
//! or it was not there when the head said how far event time had come.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::complete::Sighting;
use crate::error::chain;
use crate::event::UnixMillis;
use crate::pending::{Extent, MaintenanceState, Scan, Scanner};
use crate::retry::Deadline;
use crate::store::entity::EntityStore;
use crate::table::log::{Head, LogError};
use crate::value::time::millis;
use crate::warehouse::Pending;

/// How long a sighting counts, so that a run every few seconds lists bronze once a minute.
const COUNTS_FOR: Duration = Duration::from_secs(60);
/// The part of a run's time that a look may take.
const SHARE: f64 = 0.25;
/// Pending objects of a partition beyond which a look does not go on: with so many, no period is about to become final.
pub(in crate::gold) const OBJECTS: usize = 10_000;

/// Returns when a look that is made now counts no longer.
pub(in crate::gold) fn counts_until(now: UnixMillis) -> UnixMillis {
    UnixMillis(now.0.saturating_add(millis(COUNTS_FOR)))
}

/// What a run goes by.
#[derive(Debug)]
pub(in crate::gold) enum Look {
    /// Bronze was looked at within the last minute, and a head was read after it.
    Earlier(Sighting),
    /// Bronze has been looked at, and the head is still to be read.
    Now {
        pending: Option<Pending>,
        now: Option<UnixMillis>,
        /// When the look began, by the instance's clock, which tells how old it is and nothing else.
        began: UnixMillis,
    },
    /// Bronze was not looked at, or could not be.
    None,
}

impl Look {
    /// Returns what silver had not refined, if the look could tell.
    pub(in crate::gold) fn pending(&self) -> Option<Pending> {
        match self {
            Self::Earlier(sighting) => sighting.pending,
            Self::Now { pending, .. } => *pending,
            Self::None => None,
        }
    }
}

/// Looks at bronze, and remembers what it saw.
#[derive(Debug)]
pub(in crate::gold) struct Lookout {
    scanner: Scanner,
    state: Arc<dyn EntityStore>,
    last: Mutex<Option<(UnixMillis, Sighting)>>,
}

impl Lookout {
    pub(in crate::gold) fn new(scanner: Scanner, state: Arc<dyn EntityStore>) -> Self {
        Self {
            scanner,
            state,
            last: Mutex::default(),
        }
    }

    /// Returns what looks at bronze.
    pub(in crate::gold) fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// Looks at bronze, unless that was done within the last minute. A failure is no failure of the run: no period becomes
    /// final by it.
    pub(in crate::gold) async fn look(&self, head: &Head, deadline: Deadline) -> Look {
        let began = self.scanner.clock.now();
        if let Some((_, sighting)) = self
            .last()
            .filter(|(last, _)| last.is_young(began, millis(COUNTS_FOR)))
        {
            return Look::Earlier(sighting);
        }
        match self.scan(head, deadline.part(SHARE)).await {
            Ok(scan) => Look::Now {
                pending: scan.is_whole.then_some(Pending {
                    objects: scan.pending,
                    oldest: scan.first_enqueued,
                }),
                now: scan.answered,
                began,
            },
            Err(error) => {
                let error = chain(&error);
                tracing::warn!(error, "gold could not look at bronze");
                Look::None
            }
        }
    }

    /// Returns whether maintenance has left objects that it could not refine. What cannot be read says nothing.
    pub(in crate::gold) async fn has_left_any(&self) -> bool {
        let state = MaintenanceState::read(&self.state, &self.scanner.dataset).await;
        state.is_ok_and(|state| state.left > 0)
    }

    async fn scan(&self, head: &Head, deadline: Deadline) -> Result<Scan, LogError> {
        let state = MaintenanceState::read(&self.state, &self.scanner.dataset).await?;
        self.scanner
            .scan(Some(head), &state, Extent::New, deadline)
            .await
    }

    /// Returns what a run knows once it has read `head`, which it did after the look.
    pub(in crate::gold) fn sighting(&self, look: &Look, head: &Head) -> Option<Sighting> {
        match look {
            Look::Earlier(sighting) => Some(*sighting),
            Look::Now {
                pending,
                now,
                began,
            } => {
                let sighting = Sighting::of(*pending, *now, head);
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((*began, sighting));
                Some(sighting)
            }
            Look::None => None,
        }
    }

    fn last(&self) -> Option<(UnixMillis, Sighting)> {
        // It is whole after every call.
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
