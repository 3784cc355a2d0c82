//! The stores: one suite for every implementation of an edge, so that what holds in memory holds on the wire, and what
//! each implementation does besides.

mod azurite;
mod blobs;
mod entities;
mod faults;
mod poison_queue;
pub(crate) mod scripted;
mod state;

/// Makes a test of each behaviour for each implementation.
macro_rules! conform {
    ($($behaviour:ident),* $(,)?) => {
        mod memory {
            $(#[tokio::test] async fn $behaviour() { super::$behaviour(super::memory()).await; })*
        }
        mod azurite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() { super::$behaviour(super::azurite().await).await; })*
        }
    };
}
use conform;
