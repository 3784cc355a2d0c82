//! Made-up order events, shaped like those of the shop that Sluice was first made for.
//!
//! The same seed makes the same events at the same times: nothing here reads a clock.

use std::collections::VecDeque;

use bytes::Bytes;
use clap::Args;
use sluice::value::period::MILLIS_PER_HOUR;

use crate::number;

/// How many events a duplicate may lie back.
const REMEMBERED: usize = 1_000;
/// What there is without a flag.
const DUPLICATES: f64 = 0.02;
const LATE: f64 = 0.01;
const OUT_OF_ORDER: f64 = 0.05;
const BROKEN: f64 = 0.01;
const SEED: u64 = 1;
/// How many customers there are.
const CUSTOMERS: u32 = 5_000;

/// What the made-up orders are like.
#[derive(Clone, Debug, PartialEq, Args)]
pub(crate) struct OrderArguments {
    #[command(flatten)]
    pub(crate) shares: Shares,
    /// Seed of the made-up orders
    #[arg(long, value_name = "N", default_value_t = SEED, value_parser = number::from::<u64>(0))]
    pub(crate) seed: u64,
}

impl Default for OrderArguments {
    /// As without a flag.
    fn default() -> Self {
        Self {
            shares: Shares {
                duplicates: DUPLICATES,
                late: LATE,
                out_of_order: OUT_OF_ORDER,
                broken: BROKEN,
            },
            seed: SEED,
        }
    }
}

/// What shares of the made-up events are out of the ordinary.
#[derive(Clone, Debug, PartialEq, Args)]
pub(crate) struct Shares {
    /// Share of events that are sent a second time
    #[arg(long, value_name = "SHARE", default_value_t = DUPLICATES, value_parser = share)]
    pub(crate) duplicates: f64,
    /// Share of events that come hours late
    #[arg(long, value_name = "SHARE", default_value_t = LATE, value_parser = share)]
    pub(crate) late: f64,
    /// Share of events that come some seconds out of order
    #[arg(long, value_name = "SHARE", default_value_t = OUT_OF_ORDER, value_parser = share)]
    pub(crate) out_of_order: f64,
    /// Share of events that are broken
    #[arg(long, value_name = "SHARE", default_value_t = BROKEN, value_parser = share)]
    pub(crate) broken: f64,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text
        .parse::<f64>()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a share is a number from 0 to 1".to_owned())
}

/// Makes order events.
#[derive(Debug)]
pub(crate) struct Orders {
    random: fastrand::Rng,
    shares: Shares,
    next_id: u64,
    recent: VecDeque<Bytes>,
}

impl Orders {
    /// Makes events from order `first_id` on.
    pub(crate) fn new(seed: u64, shares: Shares, first_id: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self {
            random,
            shares,
            next_id: first_id,
            recent: VecDeque::with_capacity(REMEMBERED),
        }
    }

    /// Makes the next event, as of `now` in milliseconds since 1970.
    pub(crate) fn next_event(&mut self, now: i64) -> Bytes {
        if self.chance(self.shares.duplicates) {
            let back = self.random.usize(..self.recent.len().max(1));
            if let Some(event) = self.recent.get(back) {
                return event.clone();
            }
        }
        if self.chance(self.shares.broken) {
            return self.broken(now);
        }
        let late = self.chance(self.shares.late);
        let out_of_order = self.chance(self.shares.out_of_order);
        let time = match (late, out_of_order) {
            (true, _) => now - self.random.i64(3 * MILLIS_PER_HOUR..12 * MILLIS_PER_HOUR),
            (false, true) => now - self.random.i64(1_000..30_000),
            (false, false) => now,
        };
        let event = Bytes::from(self.order(time));
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(event.clone());
        event
    }

    fn chance(&mut self, share: f64) -> bool {
        self.random.f64() < share
    }

    fn order(&mut self, time: i64) -> String {
        let id = self.id();
        let cents = self.random.u32(100..100_000);
        let (seconds, millis) = (time.div_euclid(1_000), time.rem_euclid(1_000));
        let amount = match cents % 100 {
            0 => format!("{}", cents / 100),
            rest => format!("{}.{rest:02}", cents / 100),
        };
        let customer = match self.chance(0.9) {
            true => format!(
                r#", "customer_id": "{:05}""#,
                self.random.u32(1..=CUSTOMERS)
            ),
            false => String::new(),
        };
        format!(
            r#"{{"order_id": {id}, "amount": {amount}, "timestamp": {seconds}.{millis:03}{customer}}}"#
        )
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Makes one of the ways in which events are broken in practice.
    fn broken(&mut self, now: i64) -> Bytes {
        let (id, seconds) = (self.id(), now / 1_000);
        let text = match self.random.u8(..7) {
            0 => format!(r#"{{"order_id": {id}, "amount": 4"#),
            1 => format!(r#"{{"order_id": {id}, "timestamp": {seconds}}}"#),
            2 => format!(r#"{{"order_id": {id}, "amount": "a lot", "timestamp": {seconds}}}"#),
            3 => format!(r#"{{"order_id": {id}, "amount": -1, "timestamp": {seconds}}}"#),
            4 => format!(r#"{{"order_id": {id}.5, "amount": 7, "timestamp": {seconds}}}"#),
            5 => format!(
                r#"{{"order_id": {id}, "amount": 7, "timestamp": {}}}"#,
                seconds + 86_400
            ),
            _ => return Bytes::from_static(b"\xff\xfe not text"),
        };
        Bytes::from(text)
    }
}

#[cfg(test)]
impl Shares {
    /// Ordinary events only.
    pub(crate) const NONE: Self = Self {
        duplicates: 0.0,
        late: 0.0,
        out_of_order: 0.0,
        broken: 0.0,
    };
}

#[cfg(test)]
mod tests;
