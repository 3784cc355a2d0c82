//! The language of expressions: what it means, and that it holds whatever is written in it.

mod golden;
mod naive;
mod problems;
mod properties;
mod random;
mod rows;
mod write;
