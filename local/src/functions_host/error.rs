//! Why a host does not start, or a function cannot be run.

use sluice::store::redact;

use super::config::ConfigError;

/// Why a host does not start, or a function cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The app root cannot be run.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A storage account cannot be used.
    #[error("open storage: {reason}")]
    Storage {
        /// The cause.
        reason: String,
    },
    /// An event hub cannot be used.
    #[error("open event hub {hub}: {reason}")]
    EventHub {
        /// The hub.
        hub: String,
        /// The cause.
        reason: String,
    },
    /// There is no port for the handler.
    #[error("find a free port on 127.0.0.1 for the handler")]
    Port {
        /// The operating system's error.
        source: std::io::Error,
    },
    /// Only functions with a timer can be run by hand.
    #[error("run function {function}: only functions with a timer trigger can be run by hand")]
    NotATimer {
        /// The function.
        function: String,
    },
    /// The function ran and failed.
    #[error("run function {function}: {reason}")]
    Failed {
        /// The function.
        function: String,
        /// The cause.
        reason: String,
    },
}

impl HostError {
    /// Of a failure of storage, whose words may name a URL with its signature.
    pub(crate) fn storage(reason: impl AsRef<str>) -> Self {
        let reason = redact(reason.as_ref());
        Self::Storage { reason }
    }
}
