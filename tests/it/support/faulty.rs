//! Context that fail, crash, stop and dawdle as a script says. They wrap the edge traits, so production code has no part
//! in it, and a new call of production code is met without an edit here.

mod warehouse;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sluice::store::entity::{EntityStore, Operation, Outcome, PartitionKey, RowRange, Stored};
use sluice::store::object::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page};
use sluice::store::{ErrorKind, StorageError};
use tokio::sync::{Notify, watch};

/// Whether a call that fails takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// It fails instead.
    Before,
    /// It takes effect, and the answer is lost.
    After,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// With an error that may pass: the outcome is unknown to the caller.
    Transient,
    /// With an error that stays.
    Permanent,
    /// With a panic, as a defect would.
    Panic,
    /// Not at all: the process is gone, and none of its calls returns or takes effect any more.
    Crash,
}

/// Which call a fault or a gate is for.
#[derive(Clone, Debug)]
pub(crate) enum Which {
    /// The k-th of all calls, from 0.
    Nth(usize),
    /// The first whose text starts with this.
    Text(String),
}

#[derive(Debug)]
struct Fault {
    which: Which,
    when: When,
    how: How,
}

/// Stops a process where the test wants it.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    reached: Notify,
    open: Notify,
}

impl Gate {
    /// Returns when the process stands at the gate.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it go on.
    pub(crate) fn open(&self) {
        self.open.notify_one();
    }
}

/// What one process's calls meet, and which there were.
#[derive(Debug)]
pub(crate) struct Script {
    told: Mutex<Told>,
    dead: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Told {
    calls: Vec<String>,
    faults: Vec<Fault>,
    gates: Vec<(Which, When, Arc<Gate>)>,
    /// The seed of the next delay.
    seed: Option<u64>,
    /// The calls that have failed once, while each is to fail once.
    flaky: Option<(When, BTreeSet<String>)>,
    /// Open transactions of the warehouse. Others wait for them outside of paused time, so nothing dawdles meanwhile.
    open: usize,
}

/// What one call meets.
struct Turn {
    fault: Option<Fault>,
    gate: Option<(When, Arc<Gate>)>,
}

impl Script {
    /// Lets everything pass.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            told: Mutex::default(),
            dead: watch::channel(false).0,
        })
    }

    /// Lets every call wait before and after its effect, for times that the seed gives. With time paused, processes
    /// interleave at every effect, in an order that is a function of their seeds.
    pub(crate) fn dawdling(seed: u64) -> Arc<Self> {
        let script = Self::new();
        script.told().seed = Some(seed);
        script
    }

    /// Lets every call fail for a passing reason, once: calls on objects of one folder count as one, because what is
    /// written anew has another name.
    pub(crate) fn flaky(when: When) -> Arc<Self> {
        let script = Self::new();
        script.told().flaky = Some((when, BTreeSet::new()));
        script
    }

    /// Lets one call fail, once.
    pub(crate) fn fail(&self, which: Which, when: When, how: How) {
        self.told().faults.push(Fault { which, when, how });
    }

    /// Lets the first call whose text starts with `text` fail, once.
    pub(crate) fn fail_at(&self, text: &str, when: When, how: How) {
        self.fail(Which::Text(text.to_owned()), when, how);
    }

    /// Stops the first call whose text starts with `text`, once.
    pub(crate) fn stop_at(&self, text: &str, when: When) -> Arc<Gate> {
        self.stop(Which::Text(text.to_owned()), when)
    }

    /// Stops one call, once.
    pub(crate) fn stop(&self, which: Which, when: When) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        self.told().gates.push((which, when, Arc::clone(&gate)));
        gate
    }

    /// Tells whether every fault has happened.
    pub(crate) fn is_over(&self) -> bool {
        self.told().faults.is_empty()
    }

    /// Returns the calls so far whose text starts with `text`.
    pub(crate) fn calls(&self, text: &str) -> Vec<String> {
        let told = self.told();
        let calls = told.calls.iter().filter(|call| call.starts_with(text));
        calls.cloned().collect()
    }

    /// Runs work of the process; nothing if it crashes before the end.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut dead = self.dead.subscribe();
        tokio::select! {
            done = work => Some(done),
            _ = dead.wait_for(|dead| *dead) => None,
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told
            .lock()
            .expect("no test panics while it holds the script")
    }

    fn enter(&self, call: &str) -> Turn {
        let mut told = self.told();
        let number = told.calls.len();
        told.calls.push(call.to_owned());
        let is_meant = |which: &Which| match which {
            Which::Nth(nth) => *nth == number,
            Which::Text(text) => call.starts_with(text.as_str()),
        };
        let fault = told.faults.iter().position(|fault| is_meant(&fault.which));
        let folder = call.rsplit_once('/').map_or(call, |(folder, _)| folder);
        let flaky = told.flaky.as_mut().and_then(|(when, failed)| {
            let is_first = failed.insert(folder.to_owned());
            is_first.then_some(Fault {
                which: Which::Nth(number),
                when: *when,
                how: How::Transient,
            })
        });
        let gate = told.gates.iter().position(|(which, _, _)| is_meant(which));
        Turn {
            fault: fault.map(|index| told.faults.remove(index)).or(flaky),
            gate: gate.map(|index| {
                let (_, when, gate) = told.gates.remove(index);
                (when, gate)
            }),
        }
    }

    async fn wait(&self, turn: &Turn, when: When) {
        let delay = {
            let mut told = self.told();
            let is_held = told.open > 0;
            let seed = told.seed.as_mut().filter(|_| !is_held);
            seed.map(|seed| {
                *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                Duration::from_millis((*seed >> 33) % 40)
            })
        };
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        if let Some((_, gate)) = turn.gate.as_ref().filter(|(at, _)| *at == when) {
            gate.reached.notify_one();
            gate.open.notified().await;
        }
        if *self.dead.borrow() {
            std::future::pending::<()>().await;
        }
    }

    /// Makes the call, unless the script has it fail.
    async fn around<T, E>(
        &self,
        call: String,
        error: impl Fn(&str, How) -> E,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let turn = self.enter(&call);
        self.wait(&turn, When::Before).await;
        self.strike(&turn, When::Before, &call, &error).await?;
        let done = act.await;
        self.wait(&turn, When::After).await;
        self.strike(&turn, When::After, &call, &error).await?;
        done
    }

    async fn strike<E>(
        &self,
        turn: &Turn,
        when: When,
        call: &str,
        error: &impl Fn(&str, How) -> E,
    ) -> Result<(), E> {
        match turn.fault.as_ref().filter(|fault| fault.when == when) {
            None => Ok(()),
            Some(Fault {
                how: How::Crash, ..
            }) => {
                self.dead.send_replace(true);
                std::future::pending().await
            }
            Some(Fault {
                how: How::Panic, ..
            }) => panic!("injected into {call}"),
            Some(fault) => Err(error(call, fault.how)),
        }
    }
}

/// An edge, and the script that its calls follow.
#[derive(Debug)]
pub(crate) struct Faulty<T: ?Sized> {
    inner: Arc<T>,
    script: Arc<Script>,
}

impl<T: ?Sized> Faulty<T> {
    pub(crate) fn new(inner: &Arc<T>, script: &Arc<Script>) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            script: Arc::clone(script),
        })
    }
}

fn storage_error(call: &str, how: How) -> StorageError {
    StorageError {
        operation: "make call",
        object: call.to_owned(),
        kind: match how {
            How::Transient => ErrorKind::Transient,
            How::Permanent | How::Panic | How::Crash => ErrorKind::Permanent,
        },
        source: "injected".into(),
    }
}

#[async_trait]
impl ObjectStore for Faulty<dyn ObjectStore> {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        let act = self.inner.create(path, content, metadata);
        let call = format!("create {path}");
        self.script.around(call, storage_error, act).await
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        let call = format!("put {path}");
        let act = self.inner.put(path, content);
        self.script.around(call, storage_error, act).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        let call = format!("get {path}");
        let act = self.inner.get(path);
        self.script.around(call, storage_error, act).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        let call = format!("get {path} {range:?}");
        let act = self.inner.get_range(path, range);
        self.script.around(call, storage_error, act).await
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        let call = format!("head {path}");
        let act = self.inner.head(path);
        self.script.around(call, storage_error, act).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        let call = format!("list {prefix}");
        let act = self.inner.list_page(prefix, from);
        self.script.around(call, storage_error, act).await
    }

    async fn list(&self, prefix: &ObjectPath) -> Result<Vec<ObjectInfo>, StorageError> {
        let call = format!("list {prefix}");
        let act = self.inner.list(prefix);
        self.script.around(call, storage_error, act).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        let call = format!("delete {path}");
        let act = self.inner.delete(path);
        self.script.around(call, storage_error, act).await
    }
}

#[async_trait]
impl EntityStore for Faulty<dyn EntityStore> {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        let rows: Vec<&str> = operations.iter().map(Operation::row).collect();
        // The row that says most about a transaction comes last in it, or is its entry in the log.
        let log = rows.iter().find(|row| row.starts_with("log|"));
        let call = format!("transact {}", log.copied().unwrap_or("other"));
        let act = self.inner.transact(partition, operations);
        self.script.around(call, storage_error, act).await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        let call = format!("read {row}");
        let act = self.inner.get(partition, row);
        self.script.around(call, storage_error, act).await
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        let call = format!("range {}", rows.from);
        let act = self.inner.range(partition, rows);
        self.script.around(call, storage_error, act).await
    }
}
