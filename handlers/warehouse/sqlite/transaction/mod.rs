//! Transactions on the file: of live tables, of those that are made beside them, and those that put these in their place.

mod live;
mod parts;
mod remark;
mod shadow;
mod swap;

pub(super) use live::begin;
pub(super) use remark::remark;
pub(super) use shadow::{arrange, fill};
pub(super) use swap::swap;
