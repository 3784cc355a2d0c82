//! Gathers sources into groups: one commit is in flight in a process, and what arrives meanwhile joins the next.
//!
//! A commit costs about the same number of requests whatever it holds. So there is a minimum interval between
//! commit starts: after a pause the first source is committed at once, and while sources keep coming, a group gathers
//! until it is full or the interval has passed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::RefineError;
use super::commit::{Committer, WorkTime};
use super::prepare::MOST_OPENED;
use super::sources::{Refined, SortedSources};
use crate::context::Context;
use crate::dataset::Latency;
use crate::error::chain;
use crate::store::object::Source;
use crate::table::log::MAX_SOURCES;

/// Most bytes of bronze that one group holds, unless a single source is larger.
const MAX_GROUP_BYTES: usize = 64 * 1024 * 1024;

/// Returns the minimum interval between commit starts. It bounds the latency added by batching, and spreads the fixed number
/// of requests of a commit over its sources. What is shorter than this costs more requests, and is hardly sooner: sources
/// then wait for each other.
#[must_use]
pub const fn commit_interval(latency: Latency) -> Duration {
    match latency {
        Latency::Timer => Duration::from_secs(1),
        Latency::Low => Duration::from_millis(500),
    }
}

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
    commit_interval: Duration,
    /// Told when a group is full.
    full: Notify,
    /// Told when sources are newly in the ledger.
    committed: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// By name: a source that is delivered again while it waits, or is in hand, is joined, not repeated.
    sources: BTreeMap<String, (Source, Vec<Reply>)>,
    /// Their names as they came, so that none waits behind a backlog that maintenance keeps filling.
    order: VecDeque<String>,
    /// Who waits for a source of the group that is being committed, by its name.
    in_hand: BTreeMap<String, Vec<Reply>>,
    is_driven: bool,
    /// When the last commit began.
    last_commit: Option<Instant>,
}

impl Waiting {
    /// Returns whether waiting longer would not make the next group larger.
    fn is_group_full(&self) -> bool {
        let bytes = |(source, _): &(Source, Vec<Reply>)| source.content.len();
        self.sources.len() >= MAX_SOURCES
            || self.sources.values().map(bytes).sum::<usize>() >= MAX_GROUP_BYTES
    }
}

impl Silver {
    /// Makes a silver layer that commits without a pause between.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self::with_commit_interval(context, Duration::ZERO)
    }

    /// Makes a silver layer whose commits start no more often than every `commit_interval`, but for full groups.
    #[must_use]
    pub fn with_commit_interval(context: Context, commit_interval: Duration) -> Self {
        Self::of(Committer::new(context, MOST_OPENED), commit_interval)
    }

    /// Makes a silver layer that commits without a pause between, and opens at most so many bytes at once, but for those
    /// of one event more. What a group opens to is otherwise bounded by 64 MiB.
    #[must_use]
    pub fn in_chunks(context: Context, most_opened: usize) -> Self {
        Self::of(Committer::new(context, most_opened), Duration::ZERO)
    }

    fn of(committer: Committer, commit_interval: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                waiting: Mutex::default(),
                committer: tokio::sync::Mutex::new(committer),
                commit_interval,
                full: Notify::new(),
                committed: Arc::default(),
            }),
        }
    }

    /// Returns what is told after every commit of this process, once for several that nobody has waited for.
    #[must_use]
    pub fn committed(&self) -> Arc<Notify> {
        Arc::clone(&self.shared.committed)
    }

    /// Refines a source, together with what else is waiting. Returns when it is in the ledger; a caller that goes away
    /// stops nothing, and one that comes meanwhile with the same source gets the same answer.
    ///
    /// # Errors
    /// Fails for a failure that does not pass within the time that a group has. The source is then refined when it is
    /// delivered again.
    pub async fn refine(&self, source: Source) -> Result<Refined, Arc<RefineError>> {
        let (reply, answer) = oneshot::channel();
        let is_driven = {
            let mut waiting = self.shared.lock();
            let name = source.name.clone();
            if let Some(replies) = waiting.in_hand.get_mut(&name) {
                replies.push(reply);
            } else if let Some((_, replies)) = waiting.sources.get_mut(&name) {
                replies.push(reply);
            } else {
                waiting.order.push_back(name.clone());
                waiting.sources.insert(name, (source, vec![reply]));
            }
            if waiting.is_group_full() {
                self.shared.full.notify_one();
            }
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

    /// Waits until the next commit may begin.
    async fn wait_for_interval(&self) {
        let (next, is_full) = {
            let waiting = self.lock();
            let next = waiting.last_commit.map(|last| last + self.commit_interval);
            (next, waiting.is_group_full())
        };
        if let Some(next) = next.filter(|_| !is_full) {
            // A notice from before only makes one group smaller.
            let _ = tokio::time::timeout_at(next, self.full.notified()).await;
        }
    }

    /// Takes the sources of the next group in hand, in the order they came; none ends the driver.
    fn next_group(&self) -> Vec<Source> {
        let mut waiting = self.lock();
        let mut group = Vec::new();
        let mut bytes = 0;
        while group.len() < MAX_SOURCES {
            let Some(name) = waiting.order.pop_front() else {
                break;
            };
            let Some(entry) = waiting.sources.remove(&name) else {
                continue;
            };
            bytes += entry.0.content.len();
            if bytes > MAX_GROUP_BYTES && !group.is_empty() {
                waiting.order.push_front(name.clone());
                waiting.sources.insert(name, entry);
                break;
            }
            let (source, replies) = entry;
            waiting.in_hand.insert(name, replies);
            group.push(source);
        }
        waiting.is_driven = !group.is_empty();
        if waiting.is_driven {
            waiting.last_commit = Some(Instant::now());
        }
        group
    }

    /// Tells that these sources are finished, and names them.
    fn answer_refined(&self, refined: Vec<Refined>) -> BTreeSet<String> {
        if refined.iter().any(|refined| refined.now) {
            self.committed.notify_one();
        }
        let answered = refined.into_iter().map(|refined| {
            let name = refined.entry.source.clone();
            self.answer(&name, &Ok(refined));
            name
        });
        answered.collect()
    }

    /// Tells that these sources are not, and why.
    fn answer_failed(&self, sources: &SortedSources, error: RefineError) {
        let error = Err(Arc::new(error));
        for name in sources.names() {
            self.answer(name, &error);
        }
    }

    /// Tells what became of a source of the group in hand, once; for a second time nobody would be there.
    fn answer(&self, name: &str, result: &Result<Refined, Arc<RefineError>>) {
        let Some(replies) = self.lock().in_hand.remove(name) else {
            return;
        };
        let mut is_heard = false;
        for reply in replies {
            is_heard |= reply.send(result.clone()).is_ok();
        }
        // Whoever hears of a failure tells of it.
        if let (Err(error), false) = (result, is_heard) {
            let error = chain(error.as_ref());
            tracing::warn!(
                source = name,
                error,
                "refined nothing: nobody waited any more"
            );
        }
    }
}

/// Commits one group after the other until nothing waits.
async fn drive(shared: Arc<Shared>) {
    loop {
        shared.wait_for_interval().await;
        let group = shared.next_group();
        if group.is_empty() {
            return;
        }
        // In a task of its own, so that a panic fails this group and not every one after it.
        let task = tokio::spawn(commit(Arc::clone(&shared), group));
        if let Err(error) = task.await {
            tracing::error!(error = %error, "refined nothing: the group's task ended");
        }
        // Whoever still waits is told that there was no outcome.
        shared.lock().in_hand.clear();
    }
}

async fn commit(shared: Arc<Shared>, group: Vec<Source>) {
    let mut committer = shared.committer.lock().await;
    let mut left = SortedSources::new(group);
    while left.len() > 0 {
        let mut time = WorkTime::start();
        match committer.commit_group(&left, &mut time).await {
            Ok(refined) => {
                let finished = shared.answer_refined(refined);
                // Otherwise it would go on like this for ever.
                if finished.is_empty() {
                    return;
                }
                left = left.filter(|source| !finished.contains(&source.name));
            }
            Err(error) if left.len() == 1 || error.is_of_all() => {
                shared.answer_failed(&left, error);
                return;
            }
            // One bad source must not fail its neighbours.
            Err(_) => {
                for alone in left.one_by_one() {
                    match committer.commit_group(&alone, &mut time).await {
                        Ok(refined) => drop(shared.answer_refined(refined)),
                        Err(error) => shared.answer_failed(&alone, error),
                    }
                }
                return;
            }
        }
    }
}
