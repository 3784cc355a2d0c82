//! What runs leave in the state table for those that follow, and for people.

mod idle_marker;
mod lease;
mod partition;
mod replaced;

pub(super) use idle_marker::{IdleMarker, Left, Noted};
pub use lease::{Holder, LASTS, Lease};
pub(super) use partition::partition;
pub(super) use replaced::{Heard, note as note_replaced};
pub use replaced::{Replaced, last_replaced};
