//! Stores that outlive processes, processes on them, and what the stores hold in the end.

mod balance;
mod bronze;
mod committed;
mod end_state;
mod process;
mod stores;
mod tamper;

pub use committed::{Committed, Event, SMALL, event, events};
pub use end_state::{EndState, SilverRow, aggregate};
pub use process::{Process, deadline, eager};
pub use stores::{Builder, World};
