//! What an operator does with a pipeline that runs: `dashboard`, `load`, `redrive` and `rebuild`.

mod dashboard;
mod load;
mod rebuild;
mod redrive;

pub(super) use dashboard::{DashboardArguments, run as dashboard};
pub(super) use load::{LoadArguments, run as load};
pub(super) use rebuild::{RebuildArguments, run as rebuild};
pub(super) use redrive::{RedriveArguments, run as redrive};
