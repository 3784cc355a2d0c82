//! What the books say, as the last run that followed silver left it, so that the next one need not look.
//!
//! A transaction compares what it moves with the books anyway. So what is remembered may be wrong: the run is refused then,
//! and the next one looks. Where a run does not end at the head, for whatever reason, nothing is remembered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::warehouse::{Progress, RuleProgress, Standing};

/// The books of one dataset, if they are remembered.
#[derive(Debug, Default)]
pub(in crate::gold) struct Remembered(Mutex<Option<Standing>>);

impl Remembered {
    /// Takes what is remembered: it is noted again by a run that ends well.
    pub(super) fn take(&self) -> Option<Standing> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.take()
    }

    /// Returns what can be remembered of books that say nothing but how far tables and rules are; of others nothing.
    pub(super) fn of(standing: &Standing) -> Option<Standing> {
        let is_plain = !standing.is_incomplete
            && standing.blocked.is_empty()
            && standing.retired.is_empty()
            && standing.unfit.is_empty()
            && standing.gone.is_empty()
            && standing.next.is_empty()
            && standing.missing.is_empty();
        is_plain.then(|| Standing {
            pending: standing.pending.clone(),
            said_removed: standing.said_removed.clone(),
            build: standing.build.clone(),
            owned: standing.owned.clone(),
            has_outbox: standing.has_outbox,
            ..Standing::default()
        })
    }

    /// Remembers books, and where a run has left tables and rules.
    pub(super) fn note(
        &self,
        books: Standing,
        (progress, rules): (BTreeMap<String, Progress>, BTreeMap<String, RuleProgress>),
    ) {
        let standing = Standing {
            progress,
            rules,
            ..books
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }
}
