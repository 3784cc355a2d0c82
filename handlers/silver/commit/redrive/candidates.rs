//! Finds sources with rejected records that nobody has taken up; reads only.

use std::sync::Arc;

use super::selection::{Kept, read, selection};
use crate::context::Context;
use crate::event::UnixMillis;
use crate::silver::RefineError;
use crate::store::object::Selection;
use crate::table::TableId;
use crate::table::log::{CommitLog, LedgerEntry};

/// Which sources are meant: those with a rejected record of which all of this is true. All rejected records of a source are
/// taken up, whichever of them was meant.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Why it was rejected.
    pub reason: Option<String>,
    /// The column for which it was.
    pub column: Option<String>,
    /// What the name of its bronze object begins with.
    pub source: Option<String>,
    /// The hub took it at this time or later.
    pub from: Option<UnixMillis>,
    /// The hub took it before this time.
    pub until: Option<UnixMillis>,
}

impl Filter {
    fn means(&self, kept: &Kept) -> bool {
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        let micros = |time: UnixMillis| time.as_event_time().0;
        // What does not say when it came is meant.
        let is_in_time = kept.enqueued.is_none_or(|enqueued| {
            self.from.is_none_or(|from| micros(from) <= enqueued)
                && self.until.is_none_or(|until| enqueued < micros(until))
        });
        is(&self.reason, Some(&kept.reason))
            && is(&self.column, kept.column.as_deref())
            && is_in_time
    }
}

/// A source whose rejected records can be taken up.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub(super) entry: LedgerEntry,
    pub(super) selection: Arc<Selection>,
    /// What quarantine has of them, where it must be compared with what is opened now.
    pub(super) kept: Vec<Kept>,
}

impl Candidate {
    /// Returns the bronze object that the records are in.
    #[must_use]
    pub fn source(&self) -> &str {
        self.entry.bronze()
    }

    /// Returns how many records were rejected; an event that was rejected whole is one.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.entry.counts.quarantined_total()
    }

    /// Returns whether these are what a run under this token rejected again.
    #[must_use]
    pub fn is_left_by(&self, token: &str) -> bool {
        let redrive = self.entry.redrive.as_ref();
        redrive.is_some_and(|redrive| redrive.token.as_deref() == Some(token))
    }
}

pub(super) async fn find(
    context: &Context,
    log: &CommitLog,
    filter: &Filter,
) -> Result<Vec<Candidate>, RefineError> {
    let mut found = Vec::new();
    let mut last: Option<String> = None;
    loop {
        let page = log.ledger_after(last.as_deref()).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.source.clone());
        let meant = |entry: &LedgerEntry| {
            let prefix = filter.source.as_deref().unwrap_or_default();
            entry.is_open() && entry.bronze().starts_with(prefix)
        };
        for entry in page.into_iter().filter(meant) {
            let kept = kept(context, &entry).await?;
            if !kept.iter().any(|kept| filter.means(kept)) {
                continue;
            }
            found.push(Candidate {
                selection: Arc::new(selection(&kept)),
                kept: match context.dataset.payload.is_opened() {
                    true => kept,
                    // A record is its event, and the event is in bronze as it was.
                    false => Vec::new(),
                },
                entry,
            });
        }
    }
    found.sort_by(|left, right| left.source().cmp(right.source()));
    Ok(found)
}

/// Reads what quarantine has of a source.
async fn kept(context: &Context, entry: &LedgerEntry) -> Result<Vec<Kept>, RefineError> {
    let mut all = Vec::new();
    let objects = entry.quarantine.iter().flat_map(TableId::quarantine_parts);
    for object in objects {
        let content = context.lake.get(&object).await?;
        let content = content.ok_or_else(|| RefineError::QuarantineGone {
            path: object.clone(),
        })?;
        let lines = read(&content).map_err(|(line, source)| RefineError::QuarantineLine {
            path: object,
            line,
            source,
        })?;
        all.extend(lines);
    }
    let (found, expected) = (all.len() as u64, entry.counts.quarantined_total());
    match found == expected {
        true => Ok(all),
        false => Err(RefineError::QuarantineCount {
            source_name: entry.source.clone(),
            found,
            expected,
        }),
    }
}
