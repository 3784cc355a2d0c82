//! What the calls of one process meet, told before they are made.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::fault::{How, When};
use super::weather::Weather;

/// Which call a fault or a gate is for.
#[derive(Clone, Debug)]
pub enum Which {
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
pub struct Gate {
    reached: Notify,
    open: Notify,
}

impl Gate {
    /// Returns when the process stands at the gate.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it go on.
    pub fn open(&self) {
        self.open.notify_one();
    }
}

/// What one process's calls meet, and which there were.
#[derive(Debug)]
pub struct Script {
    told: Mutex<Told>,
    dead: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Told {
    calls: Vec<String>,
    faults: Vec<Fault>,
    gates: Vec<(Which, When, Arc<Gate>)>,
    late: Vec<(Which, Duration)>,
    is_out: bool,
    /// The seed of the next delay.
    seed: Option<u64>,
    /// The calls that have failed once, while each is to fail once.
    flaky: Option<(When, BTreeSet<String>)>,
    /// What calls meet by chance.
    weather: Option<Weather>,
    /// What has been met of faults, and how many transactions were late.
    struck: Vec<(When, How)>,
    delayed: usize,
    /// Open transactions of the warehouse. Others wait for them outside of paused time, so nothing dawdles meanwhile.
    open: usize,
    /// How often the process gave up its session with the warehouse.
    closes: usize,
    /// Objects in a page of a listing; unlimited at first.
    page: Option<usize>,
}

/// What one call meets.
struct Turn {
    fault: Option<(When, How)>,
    gate: Option<(When, Arc<Gate>)>,
}

impl Script {
    /// Lets everything pass.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            told: Mutex::default(),
            dead: watch::channel(false).0,
        })
    }

    /// Lets every call wait before and after its effect, for times that the seed gives. With time paused, processes
    /// interleave at every effect, in an order that is a function of their seeds.
    #[must_use]
    pub fn dawdling(seed: u64) -> Arc<Self> {
        let script = Self::new();
        script.told().seed = Some(seed);
        script
    }

    /// Lets every call wait likewise, and one in `rate` fail by chance: both are functions of the seed.
    #[must_use]
    pub fn stormy(seed: u64, rate: u64) -> Arc<Self> {
        let script = Self::dawdling(seed);
        script.told().weather = Some(Weather::of(seed, rate));
        script
    }

    /// Lets every call fail for a passing reason, once: calls on objects of one folder count as one, because what is
    /// written anew has another name.
    #[must_use]
    pub fn flaky(when: When) -> Arc<Self> {
        let script = Self::new();
        script.told().flaky = Some((when, BTreeSet::new()));
        script
    }

    /// Lets every page of a listing have at most `objects` objects.
    #[must_use]
    pub fn paged(objects: usize) -> Arc<Self> {
        let script = Self::new();
        script.told().page = Some(objects);
        script
    }

    /// Lets the k-th of all calls fail.
    #[must_use]
    pub fn failing_at(call: usize, when: When, how: How) -> Arc<Self> {
        let script = Self::new();
        script.fail(Which::Nth(call), when, how);
        script
    }

    /// Lets one call fail, once.
    pub fn fail(&self, which: Which, when: When, how: How) {
        self.told().faults.push(Fault { which, when, how });
    }

    /// Lets the first call whose text starts with `text` fail, once.
    pub fn fail_at(&self, text: &str, when: When, how: How) {
        self.fail(Which::Text(text.to_owned()), when, how);
    }

    /// Lets the first transaction of the state table whose text starts with `text` time out at once and take effect
    /// `lag` later: a request that was slow on its way.
    pub fn delay(&self, text: &str, lag: Duration) {
        self.told().late.push((Which::Text(text.to_owned()), lag));
    }

    /// Stops the first call whose text starts with `text`, once.
    pub fn stop_at(&self, text: &str, when: When) -> Arc<Gate> {
        self.stop(Which::Text(text.to_owned()), when)
    }

    /// Stops one call, once.
    pub fn stop(&self, which: Which, when: When) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        self.told().gates.push((which, when, Arc::clone(&gate)));
        gate
    }

    /// Returns whether every fault has happened.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.told().faults.is_empty()
    }

    /// Returns the calls so far whose text starts with `text`.
    #[must_use]
    pub fn calls(&self, text: &str) -> Vec<String> {
        let told = self.told();
        let calls = told.calls.iter().filter(|call| call.starts_with(text));
        calls.cloned().collect()
    }

    /// Returns the faults that calls have met.
    #[must_use]
    pub fn struck(&self) -> Vec<(When, How)> {
        self.told().struck.clone()
    }

    /// Returns how many transactions took effect after they were taken for timed out.
    #[must_use]
    pub fn delayed(&self) -> usize {
        self.told().delayed
    }

    /// Returns how often the process gave up its session with the warehouse, which is no call that could fail.
    #[must_use]
    pub fn closes(&self) -> usize {
        self.told().closes
    }

    pub(super) fn note_close(&self) {
        self.told().closes += 1;
    }

    /// Returns how many calls there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.told().calls.len()
    }

    /// Runs work of the process; nothing if it crashes before the end.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
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

    /// Returns how many objects a page may have.
    pub(super) fn page(&self) -> Option<usize> {
        self.told().page
    }

    /// Returns how much later the call is to take effect, if it is to be late.
    pub(super) fn lateness(&self, call: &str) -> Option<Duration> {
        let mut told = self.told();
        let number = told.calls.len();
        let index = told
            .late
            .iter()
            .position(|(which, _)| which.is(call, number));
        let lag = match index {
            Some(index) => told.late.remove(index).1,
            None => told.weather.as_mut()?.lateness()?,
        };
        told.calls.push(call.to_owned());
        told.delayed += 1;
        Some(lag)
    }

    /// Makes the call, unless it is to fail.
    pub(super) async fn around<T, E>(
        &self,
        call: String,
        error: impl Fn(&str, How) -> E,
        act: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let turn = self.told().enter(&call);
        self.wait(&turn, When::Before).await;
        self.strike(&turn, When::Before, &call, &error).await?;
        let done = act.await;
        self.wait(&turn, When::After).await;
        self.strike(&turn, When::After, &call, &error).await?;
        done
    }

    async fn wait(&self, turn: &Turn, when: When) {
        let delay = self.told().next_delay();
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

    async fn strike<E>(
        &self,
        turn: &Turn,
        when: When,
        call: &str,
        error: &impl Fn(&str, How) -> E,
    ) -> Result<(), E> {
        let fault = turn.fault.filter(|(at, _)| *at == when);
        self.told().struck.extend(fault);
        match fault.map(|(_, how)| how) {
            None => Ok(()),
            Some(How::Crash) => {
                self.dead.send_replace(true);
                std::future::pending().await
            }
            Some(How::Panic) => panic!("injected into {call}"),
            Some(how) => Err(error(call, how)),
        }
    }
}

impl Which {
    fn is(&self, call: &str, number: usize) -> bool {
        match self {
            Self::Nth(nth) => *nth == number,
            Self::Text(text) => call.starts_with(text.as_str()),
        }
    }
}

impl Told {
    fn enter(&mut self, call: &str) -> Turn {
        let number = self.calls.len();
        self.calls.push(call.to_owned());
        let is_out = self.is_out;
        let fault = self
            .faults
            .iter()
            .position(|fault| fault.which.is(call, number));
        let fault = fault.map(|index| self.faults.remove(index));
        self.is_out |= fault.as_ref().is_some_and(|fault| fault.how == How::Outage);
        let fault = if is_out {
            Some((When::Before, How::Outage))
        } else {
            fault.map(|fault| (fault.when, fault.how))
        };
        let flaky = self.first_failure(call);
        let chance = self.weather.as_mut().and_then(Weather::fault);
        let gate = self
            .gates
            .iter()
            .position(|(which, _, _)| which.is(call, number));
        Turn {
            fault: fault.or(flaky).or(chance),
            gate: gate.map(|index| {
                let (_, when, gate) = self.gates.remove(index);
                (when, gate)
            }),
        }
    }

    /// Returns how the call fails if each fails once and this one has not yet.
    fn first_failure(&mut self, call: &str) -> Option<(When, How)> {
        let folder = call.rsplit_once('/').map_or(call, |(folder, _)| folder);
        let (when, failed) = self.flaky.as_mut()?;
        let is_first = failed.insert(folder.to_owned());
        is_first.then_some((*when, How::Transient))
    }

    fn next_delay(&mut self) -> Option<Duration> {
        let seed = self.seed.as_mut().filter(|_| self.open == 0)?;
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Some(Duration::from_millis((*seed >> 33) % 40))
    }
}

/// Counts a transaction of the warehouse while it is open.
#[derive(Debug)]
pub(super) struct Held(Arc<Script>);

impl Held {
    pub(super) fn of(script: &Arc<Script>) -> Self {
        script.told().open += 1;
        Self(Arc::clone(script))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.told().open -= 1;
    }
}
