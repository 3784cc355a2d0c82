//! Context that fail, crash, stop and dawdle as a script says. They wrap the edge traits, so production code has no part
//! in it, and a new call of production code is met without an edit here.

mod script;
mod stores;
mod warehouse;

pub use script::{ENDINGS, Gate, How, Script, When, Which};
pub use stores::Faulty;
