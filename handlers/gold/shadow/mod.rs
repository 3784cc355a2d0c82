//! Tables that are made beside the live ones, so that these go on until the new ones are whole.
//!
//! A shadow is filled from the live files at the version that it was begun at, in the order of their paths and in bounded
//! transactions, and then from the commits that followed. When it has caught up it takes the place of the live table in a
//! transaction of its own, which reads and merges nothing.

mod base;
mod current;
mod due;
mod plan;

pub(super) use base::Bases;
pub(super) use current::Current;
pub use due::Ready;
pub(super) use due::{Due, due};
pub use plan::LONGEST;
pub(super) use plan::{Known, Older, Plan, asked, begun, is_left_alone, plan};
