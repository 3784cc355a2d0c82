//! Silver: one row per key.

mod builder;
pub mod cast;
mod escape;
mod json;
pub mod key;
mod parse;
pub mod reject;
pub mod rows;
pub mod schema;
