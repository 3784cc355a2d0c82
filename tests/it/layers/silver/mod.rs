//! Silver's rules, word for word: conflicts, unknown outcomes, groups, lost files, late events, schemas and formats.

mod beside;
mod chunks;
mod computed;
mod conflicts;
mod duplicates;
mod fates;
mod filtered;
mod formats;
mod groups;
mod lines;
mod log;
mod names;
mod opened;
mod order;
mod steps;
mod totals;
