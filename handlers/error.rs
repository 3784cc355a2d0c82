//! How errors are shown: one line, every cause once; and the error of a broken invariant.

use std::error::Error;
use std::fmt::Write;

use thiserror::Error as ThisError;

/// Something that cannot be, whatever the input: a defect of Sluice. Nothing is guessed in its place; the work fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
#[error("broken invariant: {0}; this is a defect of Sluice, please report it")]
pub struct Invariant(pub &'static str);

/// Returns the error and its causes, outermost first, joined by colons.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    let mut last = text.clone();
    while let Some(error) = cause {
        let message = error.to_string();
        // A transparent wrapper shows its source's message as its own.
        if message != last {
            let _ = write!(text, ": {message}");
        }
        last = message;
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ErrorKind, StorageError};

    #[test]
    fn every_cause_is_named_once() {
        let error = StorageError {
            operation: "create blob",
            object: "bronze/a".into(),
            kind: ErrorKind::Transient,
            source: "connection reset".into(),
        };
        let wrapped = crate::table::log::LogError::from(error);
        assert_eq!(chain(&wrapped), "create blob bronze/a: connection reset");
    }
}
