//! What the parts do together, over the wires that they use.

mod azurite;
mod conformance;
mod storage_faults;
mod support;
