//! The checks, in the order in which events flow. Each names the first difference that it finds.

pub(super) mod bronze;
mod condition;
pub(super) mod gold;
pub(super) mod hub;
pub(super) mod ledger;
pub(super) mod object;
pub(super) mod opened;
pub(super) mod silver;
pub(super) mod totals;
