//! What an operator does with a pipeline that runs: `dashboard`, `redrive` and `rebuild`.

mod dashboard;
mod rebuild;
mod redrive;

pub(super) use dashboard::{DashboardArguments, run as dashboard};
pub(super) use rebuild::{RebuildArguments, run as rebuild};
pub(super) use redrive::{RedriveArguments, run as redrive};
