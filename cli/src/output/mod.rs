//! What commands show: text and tables on standard output, numbers as people read them, progress bars.

pub(crate) mod gold;
mod numbers;
mod progress;
mod text;

pub(crate) use numbers::{count, duplicates, nulled, size, span, thousands};
pub(crate) use progress::bar;
pub(crate) use text::{Usage, print, table};
