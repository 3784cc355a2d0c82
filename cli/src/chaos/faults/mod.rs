//! Which faults there are, when each is due, and how often each happened.

mod kind;
mod schedule;
mod tally;

pub(crate) use kind::{Kind, NOT_HERE};
pub(super) use schedule::{Act, HOSTS, Step, schedule};
pub(crate) use tally::{Count, Tally};
