//! The storage of an Azure account behind traits: objects, entities, and one queue; in memory too.
//!
//! - [`object`]: immutable objects by name (Blob storage)
//! - [`entity`]: small entities that change together (Table storage)
//! - [`queue`]: the poison queue of the blob trigger (Queue storage)
//! - [`account`]: where an account's services are, and the credential for them
//!
//! A failure says what was tried on what, and what a caller can do about it: [`StorageError`].

pub mod account;
pub mod entity;
mod error;
pub mod object;
pub mod queue;

pub(crate) use error::xml_refusal;
pub use error::{Cause, ErrorKind, StorageError, code_of, kind_of, kind_of_status, redact};
