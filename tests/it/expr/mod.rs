//! The language of expressions: what it means, and that it holds whatever is written in it.

mod dice;
mod golden;
mod naive;
mod problems;
pub(crate) mod promises;
mod properties;
mod random;
mod rows;
mod write;
