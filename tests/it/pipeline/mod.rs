//! The layers together: whatever fails, repeats, races or restarts, the stores hold the same in the end.

mod balance;
mod changes;
mod crash_points;
mod periods;
pub(crate) mod replay;
mod reports;
mod restart;
pub(crate) mod strategies;
mod takeover;
mod wires;
