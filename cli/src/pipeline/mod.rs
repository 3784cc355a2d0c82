//! The whole pipeline as processes of this machine, on the production code path, for `up` and `bench`.
//!
//! A stack is what runs; a watch reads from the stores how far it is; log words are what the handler says meanwhile.

mod checkout;
mod heard;
pub(crate) mod log_words;
mod stack;
mod watch;

pub(crate) use checkout::{app_root, executable, handler, optimised_command};
pub(crate) use stack::{Plan, Stack};
pub(crate) use watch::{Snapshot, Watch};
