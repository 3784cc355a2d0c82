//! A project of one's own, and the machine and the shell that it is worked on with: `init`, `doctor`, `completions`.

mod completions;
mod doctor;
mod files;
mod init;

pub(super) use completions::{CompletionsArguments, run as completions};
pub(super) use doctor::{DoctorArguments, run as doctor};
pub(super) use init::{InitArguments, run as init};
