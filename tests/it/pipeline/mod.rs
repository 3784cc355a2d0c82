//! The layers together: whatever fails, repeats, races or restarts, the stores hold the same in the end.

mod balance;
mod changes;
mod crash_points;
mod periods;
mod replay;
mod reports;
mod restart;
mod strategies;
mod takeover;
mod wires;
