//! The whole pipeline of this machine under every fault that it can have, and the proof that nothing came of them.
//!
//! A schedule is made of a seed: which kind of fault happens when (`faults`). A `trial` starts the `parts`, sends a `load`, does
//! what the schedule says (`inject`), lets the pipeline come to rest (`settling`), and has it judged: by the audit, and by
//! an `oracle` that knows what was sent and shares no code with the layers. A kind that did not happen fails the run, for a
//! fault that never comes proves nothing.

mod faults;
mod hearing;
mod inject;
mod load;
mod oracle;
mod parts;
mod report;
mod settling;
mod told;
mod trial;

pub(crate) use faults::Kind;
pub(crate) use trial::Trial;
