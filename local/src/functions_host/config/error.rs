//! Why an app root is refused, in the real host's words where it has any.

use std::path::PathBuf;

/// Why the app root cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read.
    #[error("read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// There is no host.json.
    #[error("Unable to find project root. Expecting to find one of host.json in project root.")]
    NoHostJson,
    /// host.json is not JSON.
    #[error("Unable to parse host configuration file '{}'.", path.display())]
    HostJson {
        /// The file.
        path: PathBuf,
        /// Where it stops being JSON.
        source: serde_json::Error,
    },
    /// local.settings.json cannot be used.
    #[error("read local.settings.json: {message}")]
    LocalSettings {
        /// Why not.
        message: String,
    },
    /// The host refuses what it reads.
    #[error("{message}")]
    Refused {
        /// The host's words.
        message: String,
    },
    /// Functions are in error; each line is one.
    #[error("{}", messages.join("\n"))]
    Functions {
        /// The host's words for each function.
        messages: Vec<String>,
    },
}

/// The real host refuses, with these words.
pub(super) fn invalid(message: impl Into<String>) -> ConfigError {
    ConfigError::Refused {
        message: message.into(),
    }
}
