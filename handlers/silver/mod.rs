//! Silver: one row per key.

mod builder;
pub mod cast;
mod json;
pub mod key;
mod parse;
pub mod rows;
pub mod schema;
