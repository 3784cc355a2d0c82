//! What is allowed in a condition and may not be meant. Pure.

mod motion;
mod nulls;

pub use motion::Motion;
pub(super) use motion::motion;
pub(super) use nulls::overlooked_nulls;
