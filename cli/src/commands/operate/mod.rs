//! What an operator does with a pipeline that runs: `dashboard`, `load`, `redrive` and `rebuild`; and with one that runs to be
//! tried: `chaos`.

mod chaos;
mod dashboard;
mod load;
mod rebuild;
mod redrive;

pub(super) use chaos::{ChaosArguments, run as chaos};
pub(super) use dashboard::{DashboardArguments, run as dashboard};
pub(super) use load::{LoadArguments, run as load};
pub(super) use rebuild::{RebuildArguments, run as rebuild};
pub(super) use redrive::{RedriveArguments, run as redrive};
