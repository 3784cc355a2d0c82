//! Guesses what sample events mean; pure.

mod coverage;
mod formats;
mod guess;
mod key;
mod kinds;
mod propose;
mod refusal;
mod resent;
mod types;
mod words;

pub(super) use guess::Guess;
pub(super) use kinds::Kinds;
pub(super) use propose::{Proposal, propose};
pub(super) use types::TypeGuess;
pub(super) use words::adds_up;

#[cfg(test)]
mod tests;
