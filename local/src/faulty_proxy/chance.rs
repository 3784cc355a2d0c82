//! Which fault meets a request: drawn from a seed, and counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Shares are out of this.
const WHOLE: u16 = 1_000;
/// How long a request is held up, in milliseconds.
const DELAY_MS: std::ops::Range<u64> = 20..900;

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It is held up for up to a second, and then goes through.
    Delayed,
    /// The connection is reset as soon as it is made. Drawn for each connection, not for each request.
    Refused,
    /// The connection is reset before the service has heard of the request.
    Reset,
    /// The service has done what was asked, and the connection is reset before its answer.
    AnswerLost,
    /// The service is too busy: 503 or 429, with a time to wait, as Azure's storage says it. It has done nothing.
    Throttled,
    /// The service has done what was asked, and the connection is reset in the middle of its answer.
    AnswerHalved,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Delayed,
        Self::Refused,
        Self::Reset,
        Self::AnswerLost,
        Self::Throttled,
        Self::AnswerHalved,
    ];
}

/// How often faults happen: for each a share of a thousand requests, or of a thousand connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares(BTreeMap<Fault, u16>);

impl Shares {
    /// No fault at all.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// This share for each kind.
    #[must_use]
    pub fn of_each(per_thousand: u16) -> Self {
        Self(Fault::ALL.map(|fault| (fault, per_thousand)).into())
    }

    /// The same with another share for one kind.
    #[must_use]
    pub fn with(mut self, fault: Fault, per_thousand: u16) -> Self {
        self.0.insert(fault, per_thousand.min(WHOLE));
        self
    }

    fn of(&self, fault: Fault) -> u16 {
        self.0.get(&fault).copied().unwrap_or_default()
    }
}

/// A source of faults, which several proxies share.
#[derive(Debug)]
pub struct Chance(Mutex<State>);

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    shares: Shares,
    counts: BTreeMap<Fault, u64>,
}

impl Chance {
    /// A source with a seed, without faults yet.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        Self(Mutex::new(State {
            random: fastrand::Rng::with_seed(seed),
            shares: Shares::none(),
            counts: BTreeMap::new(),
        }))
    }

    /// Changes how often faults happen.
    pub fn set(&self, shares: Shares) {
        self.lock().shares = shares;
    }

    /// How often each fault has happened.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Fault, u64> {
        self.lock().counts.clone()
    }

    /// Draws whether a connection is refused.
    pub(super) fn refuses(&self) -> bool {
        let mut state = self.lock();
        let is_drawn = state.random.u16(..WHOLE) < state.shares.of(Fault::Refused);
        if is_drawn {
            *state.counts.entry(Fault::Refused).or_default() += 1;
        }
        is_drawn
    }

    /// Draws what happens to a request.
    pub(super) fn fault(&self) -> Option<Fault> {
        let mut state = self.lock();
        let mut drawn = state.random.u16(..WHOLE);
        let of_requests = Fault::ALL.into_iter().filter(|it| *it != Fault::Refused);
        for fault in of_requests {
            let share = state.shares.of(fault);
            if drawn < share {
                *state.counts.entry(fault).or_default() += 1;
                return Some(fault);
            }
            drawn -= share;
        }
        None
    }

    /// Draws how long a request is held up.
    pub(super) fn delay(&self) -> Duration {
        Duration::from_millis(self.lock().random.u64(DELAY_MS))
    }

    /// Draws how many bytes of so many are passed on: some, and not all.
    pub(super) fn part(&self, bytes: usize) -> usize {
        self.lock().random.usize(1..bytes.max(2))
    }

    /// Draws one of two.
    pub(super) fn is_either(&self) -> bool {
        self.lock().random.bool()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
