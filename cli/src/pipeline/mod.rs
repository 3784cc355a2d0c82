//! The whole pipeline as processes of this machine, on the production code path, for `up`, `bench` and `chaos`.
//!
//! A project is the folder that it belongs to; a stack is what runs, on a state directory of its own; a watch reads from the stores how far it is, after it has seen
//! that the state of an earlier run is sound; log words are what the handler says meanwhile.

mod checkout;
mod heard;
mod host_log;
pub(crate) mod log_words;
mod project;
mod soundness;
mod stack;
mod state_dir;
mod watch;

pub(crate) use checkout::{app_root, executable, given_handler, handler, optimised_command};
pub(crate) use heard::log_line;
pub(crate) use project::{HandlerProgram, LOCAL_SETTINGS, Project, write_file};
pub(crate) use soundness::what_silver_lacks;
pub(crate) use stack::{AMQP_PORT, AZURITE_PORTS, Part, Plan, Stack, Teller, Told, aloud};
pub(crate) use state_dir::StateDir;
pub(crate) use watch::{Found, Snapshot, Watch};
