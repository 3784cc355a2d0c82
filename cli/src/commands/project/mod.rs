//! `sluice init`: a project of one's own.

mod files;
mod init;

pub(super) use init::{InitArguments, run as init};
