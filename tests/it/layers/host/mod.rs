//! Requests that the real host sent, and the answers that it takes.

mod answers;
mod blobs;
mod events;
mod log_lines;
mod request;
mod running;
mod signals;
mod started;
