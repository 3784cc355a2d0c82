//! Sending events to an event hub and reading them, with `produce` and `consume`.

mod consume;
mod produce;

pub(super) use consume::{ConsumeArguments, run as consume};
pub(super) use produce::{ProduceArguments, run as produce};
