//! Context that fail, crash, stop and dawdle as a script says. They wrap the edge traits, so production code has no part
//! in it, and a new call of production code is met without an edit here.

mod fault;
mod script;
mod stores;
mod warehouse;
mod weather;

pub use fault::{ENDINGS, FAULTS, How, When};
pub use script::{Gate, Script, Which};
pub use stores::Faulty;
pub use weather::{Dice, LATEST};
