//! A command line that asks for what cannot be.

use thiserror::Error;

/// What is wrong, and what would be accepted. The command ends with exit code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);
