//! Every check passes on a good store and fails on one that was tampered with, naming what was done.

mod aged;
mod deep;
mod good;
mod identity;
mod pipeline;
mod rebuilding;
mod redriven;
mod tampered;
