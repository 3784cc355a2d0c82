//! Rejected records: how one is shown, and what quarantine holds of them.

mod pointer;
mod read;
mod record;
mod refusal;
mod tally;

pub(crate) use read::{Found, Quarantine, Span};
pub(crate) use record::Rejected;
pub(crate) use refusal::Refused;
pub(crate) use tally::Tally;
