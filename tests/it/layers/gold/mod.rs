//! Gold from the log of silver, and the warehouses that hold it.

mod finals;
mod history;
mod publish;
mod warehouse;
