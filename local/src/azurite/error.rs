//! Why Azurite does not run.

use std::path::PathBuf;

use thiserror::Error;

/// The oldest Node.js that Azurite is for.
pub(super) const NODE: u32 = 22;

/// Why Azurite does not run.
#[derive(Debug, Error)]
pub enum AzuriteError {
    /// Node.js is not there.
    #[error(
        "run {0}: install Node.js {NODE} or later with npm (https://nodejs.org) and put it on the PATH"
    )]
    NoNode(&'static str, #[source] std::io::Error),
    /// A folder or file cannot be used.
    #[error("prepare {} for azurite", path.display())]
    Files {
        /// The folder or file.
        path: PathBuf,
        /// The operating system's error.
        #[source]
        source: std::io::Error,
    },
    /// `npm ci` failed.
    #[error("install azurite with npm: {0}")]
    Install(String),
    /// Another Azurite uses the data, and does not end.
    #[error(
        "azurite's data in {} is in use by another process, which does not end: look for a process `node` with that folder on its command line",
        dir.display()
    )]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// Nobody waits for its start any more.
    #[error("start azurite: given up")]
    GivenUp,
    /// It ended, or did not say in time that it listens.
    #[error("start azurite: {0}")]
    Start(String),
    /// Work on a thread of its own failed.
    #[error("wait for the thread that runs azurite")]
    Wait(#[source] tokio::task::JoinError),
}
