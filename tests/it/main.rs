//! What the parts do together, over the wires that they use.

mod conformance;
mod storage_faults;
mod support;
