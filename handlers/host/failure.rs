//! Why an invocation fails, and whether its next try would.

use std::sync::Arc;

use thiserror::Error;

use super::body::BodyError;
use super::invocation::InvocationError;
use crate::bronze::IngestError;
use crate::gold;
use crate::silver::RefineError;

/// Why an invocation failed.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Invocation(#[from] InvocationError),
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Refine(#[from] Arc<RefineError>),
    #[error(
        "{name} is not refined after {minutes} minutes: it opens to a lot, or waits for an object that does. It is worked on, and its next delivery waits for that; if there is none, maintenance takes it up"
    )]
    UnderWay { name: String, minutes: u64 },
    #[error(transparent)]
    Publish(#[from] gold::Error),
    #[error("{0}; the other tables of gold are up to date")]
    Blocked(String),
    #[error("maintenance is not complete: {0}")]
    Maintain(String),
    #[error("write the report of maintenance")]
    Report(#[from] serde_json::Error),
    #[error("there is no function {0}; there are bronze, silver, gold and maintain")]
    UnknownFunction(String),
}

impl Failure {
    /// Returns whether the layer cannot go on until somebody changes something: its next tries would fail like this one.
    pub(super) fn is_lasting(&self) -> bool {
        match self {
            Self::Ingest(error) => error.is_lasting(),
            Self::Refine(error) => error.is_lasting(),
            Self::Publish(error) => error.is_lasting(),
            Self::Blocked(_) => true,
            // The next request is another; each step of maintenance has its own reasons, and the next run tries all.
            Self::Body(_)
            | Self::Invocation(_)
            | Self::UnderWay { .. }
            | Self::Maintain(_)
            | Self::Report(_)
            | Self::UnknownFunction(_) => false,
        }
    }

    /// Returns its kind, of which there are few: spans are told apart by it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Body(_) => "body",
            Self::Invocation(_) => "invocation",
            Self::Ingest(_) => "ingest",
            Self::Refine(_) => "refine",
            Self::UnderWay { .. } => "under_way",
            Self::Publish(_) => "publish",
            Self::Blocked(_) => "blocked",
            Self::Maintain(_) => "maintain",
            Self::Report(_) => "report",
            Self::UnknownFunction(_) => "unknown_function",
        }
    }
}
