//! The `sluice` command as a library: `main` only hands the command line over.
//!
//! - `commands`: a module for each command, in groups: what runs a pipeline here, what sends and reads events, what
//!   looks at the layers, what deploys
//! - `pipeline`: the whole pipeline as processes of this machine, for `up`, `bench` and `chaos`
//! - `feed`: the events that commands send
//! - `target`: which pipeline a command is about: its settings, stores and event hub
//! - `chaos`: the pipeline under every fault, and whether anything was lost
//! - `called`: what this command is called where it was started
//! - `status`: how far every layer is, read from the stores
//! - `alerts`: what rules have raised, as the books have it
//! - `dashboard`: the same as a page that is left open
//! - `duration`, `number`: lengths of time and whole numbers on the command line
//! - `quarantine`: rejected records, and what quarantine holds of them
//! - `interrupt`: how a command that runs until it is stopped learns that it is to stop
//! - `output`: text, numbers, tables and progress bars for people
//! - [`audit`]: the proof that everything adds up

mod alerts;
pub mod audit;
mod called;
mod chaos;
mod commands;
mod dashboard;
mod duration;
mod feed;
mod interrupt;
mod number;
mod output;
mod pipeline;
mod quarantine;
mod status;
mod target;

pub use commands::CommandLine;

/// The first argument that makes this command the handler of the functions.
pub const HANDLER_COMMAND: &str = "handler-process";
