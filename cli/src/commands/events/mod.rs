//! Sending events to an event hub and reading them, with `produce` and `consume`, and the `alerts` that they raise.

mod alerts;
mod consume;
mod produce;

pub(super) use alerts::{AlertsArguments, run as alerts};
pub(super) use consume::{ConsumeArguments, run as consume};
pub(super) use produce::{ProduceArguments, run as produce};
