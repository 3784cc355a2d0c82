//! What the tests of the workspace know of expressions.
#![expect(dead_code, reason = "the tests use more of it")]

#[path = "../tests/it/expr/dice.rs"]
mod dice;
#[path = "../tests/it/expr/naive.rs"]
mod naive;
#[path = "../tests/it/expr/promises.rs"]
pub(crate) mod promises;
#[path = "../tests/it/expr/random.rs"]
mod random;
#[path = "../tests/it/expr/rows.rs"]
mod rows;
#[path = "../tests/it/expr/write.rs"]
mod write;
