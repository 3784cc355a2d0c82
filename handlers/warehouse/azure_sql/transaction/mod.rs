//! Transactions on the server: of live tables, of those that are made beside them, and those that put these in their place.

mod beside;
mod live;
mod rows;
mod watch;

pub(super) use beside::{arrange, fill, remark, swap};
pub(super) use live::{begin, iso, lock};
