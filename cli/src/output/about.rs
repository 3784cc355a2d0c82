//! A result for programs, with what it is about.

use serde::Serialize;

/// A result, and the pipeline that it is about.
#[derive(Debug, Serialize)]
pub(crate) struct About<T> {
    /// Where its numbers come from.
    pub(crate) target: String,
    #[serde(flatten)]
    pub(crate) result: T,
}
