//! The events that commands send: the lines of a file or made-up orders, at a steady rate or as fast as they go.

mod input;
mod orders;
mod outgoing;
mod plan;
mod producer;

pub(crate) use input::Input;
pub(crate) use orders::{OrderArguments, Orders, Shares};
pub(crate) use plan::{FeedPlan, Request};
pub(crate) use producer::{Feed, Sent};
