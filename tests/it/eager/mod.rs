//! Gold right after silver's commits: by one process at a time, without harm by two, and nobody waits for it.

mod crashes;
mod lease;
mod paces;

use std::sync::Arc;
use std::time::Duration;

use sluice::eager::Eager;
use testkit::datasets::THINGS;
use testkit::events::thing;
use testkit::world::{Process, World};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A world whose gold follows silver, with a rule.
fn world() -> World {
    let rule = r#"
[[alert]]
name = "many"
on = "hourly"
when = "n >= 3"
notify = ["webhook:HOOK"]
"#;
    World::builder()
        .dataset(&format!("latency = \"low\"\n{THINGS}{rule}"))
        .build()
}

/// The loop of a process, until it is dropped.
struct Following(JoinHandle<()>);

impl Drop for Following {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts the loop of a process.
fn follow(process: &Process) -> Following {
    Following(tokio::spawn(process.app.eager().unwrap().run()))
}

/// Starts the loop of a process that follows the commits of another one as if they were its own.
fn follow_of(process: &Process, silver: &Process) -> Following {
    let gold = Arc::clone(&process.app.gold);
    let committed = silver.app.silver.committed();
    let calls = process.app.calls.gold.clone();
    let owner = "another process".to_owned();
    Following(tokio::spawn(
        Eager::new(gold, committed, owner, calls).run(),
    ))
}

/// Commits one more event to silver.
async fn commit(world: &World, process: &Process, id: i64) {
    let source = world.put("0", id, &[thing(id, id % 50, 100 + id)]).await;
    process.refine(&source).await;
}

/// Returns whether every table of gold stands at silver's head.
async fn is_published(world: &World) -> bool {
    world.published().await == Some(world.version().await)
}

/// Waits until every table stands at silver's head; returns after how long. Fails after so long.
async fn published_within(world: &World, most: Duration) -> Duration {
    let started = Instant::now();
    while !is_published(world).await {
        assert!(started.elapsed() <= most, "not within {most:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.elapsed()
}
