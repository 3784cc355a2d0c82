//! Rejected records that are taken up again: each of them is somewhere once, whatever happens, and what was announced is what
//! happens.

mod announced;
mod commits;
mod crashes;
mod refusals;
mod steps;
