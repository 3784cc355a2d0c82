//! Transactions on the file: of live tables, of those that are made beside them, and those that put these in their place.

mod balance;
mod live;
pub(super) mod outbox;
mod parts;
mod remark;
mod shadow;
mod swap;
mod watch;

pub(super) use live::begin;
pub(super) use remark::remark;
pub(super) use shadow::{arrange, fill};
pub(super) use swap::swap;
