//! What the blob and the table edge have in common: accounts, credentials and the meaning of failures.

mod account;
mod calls;
mod connection_string;
mod error;
mod fault;
mod sas;

pub use account::{AccountError, Problem, StorageAccount};
pub use calls::Calls;
pub use error::{ErrorKind, StorageError};
pub(crate) use fault::redact;
pub use fault::{Cause, code_of, kind_of, kind_of_status};
