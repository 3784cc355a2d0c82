//! What the `sluice` command is made of, as far as others may use it.

pub mod audit;
