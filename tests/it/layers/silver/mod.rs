//! Silver's rules, word for word: conflicts, unknown outcomes, groups, lost files, late events and schemas.

mod computed;
mod conflicts;
mod duplicates;
mod groups;
mod lines;
mod log;
mod order;
mod steps;
mod totals;
