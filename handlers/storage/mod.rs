//! What the blob and the table edge have in common: accounts, credentials and the meaning of failures.

mod error;

pub use error::{ErrorKind, StorageError};
