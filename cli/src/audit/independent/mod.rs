//! What the audit does by its own means: it opens events, reads files, values and keys, and adds rows up without the code
//! that is audited.
//!
//! Some of it looks like code of silver and gold. It must not be replaced by theirs: a mistake in shared code would be
//! made twice, and the audit would agree with it.

mod cells;
mod estimate;
mod file;
mod identity;
mod json;
mod keys;
mod object;
mod one_time;
mod opening;
mod total;
mod totals;

pub(super) use cells::{Cell, Column};
pub(super) use file::{FileError, OpenFile};
pub(super) use identity::Identity;
pub(super) use keys::{Hashes, Pass, hash};
pub(super) use object::{Contents, ends_of_lines};
pub(super) use opening::{Record, open};
pub(super) use totals::{GoldRow, Totals};
