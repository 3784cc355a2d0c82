//! Every object name, built and parsed here only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An object's place in the lake: `container/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectPath(String);

impl ObjectPath {
    /// Makes the path of `name` in `container`.
    #[must_use]
    pub fn new(container: &str, name: &str) -> Self {
        Self(format!("{container}/{name}"))
    }

    /// Returns the container, the part before the first slash.
    #[must_use]
    pub fn container(&self) -> &str {
        self.0
            .split_once('/')
            .map_or(self.0.as_str(), |(container, _)| container)
    }

    /// Returns the name in the container, slashes included.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// Returns the whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
