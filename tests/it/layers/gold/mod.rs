//! Gold from the log of silver, and the warehouses that hold it.

mod anew;
mod finals;
mod generation;
mod history;
mod publish;
mod shadow;
mod swap;
mod warehouse;
mod whose;
