//! What the parts do together, over the wires that they use.

mod gold_publish;
mod gold_warehouse;
