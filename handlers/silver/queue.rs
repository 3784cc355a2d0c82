//! Gathers sources into groups: one commit is in flight in a process, and what arrives meanwhile joins the next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::group::{COMMIT_DEADLINE, Committer};
use super::source::{Refined, Source};
use super::{Edges, RefineError};
use crate::retry::Deadline;
use crate::state::commit_log::MAX_SOURCES;

/// Most bytes of bronze that one group holds, unless a single source is larger.
const MAX_GROUP_BYTES: usize = 64 * 1024 * 1024;

type Reply = oneshot::Sender<Result<Refined, Arc<RefineError>>>;

/// The silver layer of one dataset.
#[derive(Clone, Debug)]
pub struct Silver {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    committer: tokio::sync::Mutex<Committer>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By name: a source that is delivered again while it waits is joined, not repeated.
    sources: BTreeMap<String, (Source, Vec<Reply>)>,
    is_driven: bool,
}

impl Silver {
    /// Makes the silver layer.
    #[must_use]
    pub fn new(edges: Edges) -> Self {
        let committer = tokio::sync::Mutex::new(Committer::new(edges));
        Self {
            shared: Arc::new(Shared {
                waiting: Mutex::default(),
                committer,
            }),
        }
    }

    /// Refines a source, together with what else is waiting. Returns when it is in the ledger.
    ///
    /// # Errors
    /// Fails for a failure that does not pass within the time of an invocation. The source is then refined when it
    /// is delivered again.
    pub async fn refine(&self, source: Source) -> Result<Refined, Arc<RefineError>> {
        let (reply, answer) = oneshot::channel();
        let is_driven = {
            let mut waiting = self.shared.lock();
            let name = source.name.clone();
            waiting
                .sources
                .entry(name)
                .or_insert_with(|| (source, Vec::new()))
                .1
                .push(reply);
            std::mem::replace(&mut waiting.is_driven, true)
        };
        if !is_driven {
            tokio::spawn(drive(Arc::clone(&self.shared)));
        }
        answer
            .await
            .unwrap_or(Err(Arc::new(RefineError::Abandoned)))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the sources of the next group, oldest names first; none ends the driver.
    fn next_group(&self) -> Vec<(Source, Vec<Reply>)> {
        let mut waiting = self.lock();
        let mut group = Vec::new();
        let mut bytes = 0;
        while group.len() < MAX_SOURCES {
            let Some(entry) = waiting.sources.first_entry() else {
                break;
            };
            bytes += entry.get().0.content.len();
            if bytes > MAX_GROUP_BYTES && !group.is_empty() {
                break;
            }
            group.push(entry.remove());
        }
        waiting.is_driven = !group.is_empty();
        group
    }
}

/// Commits one group after the other until nothing waits.
async fn drive(shared: Arc<Shared>) {
    loop {
        let group = shared.next_group();
        if group.is_empty() {
            return;
        }
        // In a task of its own, so that a panic fails this group and not every one after it.
        let task = tokio::spawn(commit(Arc::clone(&shared), group));
        if let Err(error) = task.await {
            tracing::error!(error = %error, "refined nothing: the group's task ended");
        }
    }
}

async fn commit(shared: Arc<Shared>, group: Vec<(Source, Vec<Reply>)>) {
    let mut committer = shared.committer.lock().await;
    let (sources, mut replies): (Vec<Source>, BTreeMap<String, Vec<Reply>>) = group
        .into_iter()
        .map(|(source, replies)| (source.clone(), (source.name, replies)))
        .unzip();
    let mut answer = |name: &str, result: &Result<Refined, Arc<RefineError>>| {
        for reply in replies.remove(name).unwrap_or_default() {
            // A caller that has gone needs no answer.
            let _ = reply.send(result.clone());
        }
    };

    let deadline = Deadline::after(COMMIT_DEADLINE);
    match committer.commit_group(&sources, deadline).await {
        Ok(refined) => {
            for refined in refined {
                let name = refined.entry.source.clone();
                answer(&name, &Ok(refined));
            }
        }
        Err(error) if sources.len() == 1 || error.is_of_all() => {
            let error = Arc::new(error);
            for source in &sources {
                answer(&source.name, &Err(Arc::clone(&error)));
            }
        }
        // One bad source must not fail its neighbours.
        Err(_) => {
            for source in &sources {
                let alone = std::slice::from_ref(source);
                let outcome = committer.commit_group(alone, deadline).await;
                let outcome = outcome.map_err(Arc::new).and_then(|refined| {
                    refined
                        .into_iter()
                        .next()
                        .ok_or(Arc::new(RefineError::Abandoned))
                });
                answer(&source.name, &outcome);
            }
        }
    }
}
