//! Avro (1.12): values become the JSON text that an event would have had. Pure.
//!
//! A value is read by the schema that it was written with; there is no other one, since columns take what they find by
//! its name. Nothing is built on the way: the text is written as the bytes are read, and stops at a limit.
//!
//! - Integers, floating-point numbers and decimals are numbers with all of their digits; a NaN and what is infinite are
//!   strings. Text and enums are strings, bytes and fixed are base64. A union is its value.
//! - Timestamps are RFC 3339 in UTC, local ones have no offset; days are `YYYY-MM-DD`. One that lies outside the years 1
//!   to 9999 is the number that it is written as.

pub mod container;
mod datum;
mod fingerprint;
mod input;
mod node;
mod parse;
pub mod schema;
mod text;

pub use datum::{AvroProblem, append_value};

#[cfg(test)]
mod tests;
