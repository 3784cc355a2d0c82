//! After the faults: waiting until all that was sent is in gold.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sluice::warehouse::Warehouse;
use tokio::time::Instant;

use super::parts::{HUB, Parts};
use crate::target::Stores;

/// How long it may take once the faults have ended.
const PATIENCE: Duration = Duration::from_secs(900);
/// How often to look.
const LOOK: Duration = Duration::from_millis(500);
/// How often gold and maintain are run by hand; what nobody delivers any more, maintain refines.
const RUN: Duration = Duration::from_secs(5);

type Failure = Box<dyn Error + Send + Sync>;

/// Where everything stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// Events in the hub.
    pub(super) events: u64,
    /// Events that silver has accounted for.
    pub(super) lines: u64,
    /// Whether every gold table is as far as silver.
    pub(super) is_published: bool,
}

impl Standing {
    fn is_settled(self) -> bool {
        self.lines >= self.events && self.is_published
    }
}

/// Reads where everything stands.
///
/// # Errors
/// Fails if silver cannot be read. Gold that cannot be read is not published.
pub(super) async fn look(
    parts: &Parts,
    stores: &Stores,
    warehouse: &Arc<dyn Warehouse>,
) -> Result<Standing, Failure> {
    let stats = parts.namespace()?.stats().into_iter();
    let events = stats.filter(|it| it.hub == HUB).map(|it| it.events).sum();
    let Some(head) = stores.log.head().await? else {
        return Ok(Standing {
            events,
            ..Standing::default()
        });
    };
    let lines = stores.log.count(&head).await?.counts.lines;
    let progress = warehouse.progress().await.unwrap_or_default();
    let is_whole = progress.len() == stores.dataset.gold.len();
    let is_there = progress.values().all(|table| table.version == head.version);
    Ok(Standing {
        events,
        lines,
        is_published: is_whole && is_there,
    })
}

/// Waits until everything is in gold; `tell` hears where it stands meanwhile.
///
/// # Errors
/// Fails if that takes longer than a quarter of an hour, or if a part ends.
pub(super) async fn settle(
    parts: &mut Parts,
    stores: &Stores,
    warehouse: &Arc<dyn Warehouse>,
    tell: impl Fn(Standing),
) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let mut run = begun;
    loop {
        parts.check()?;
        let standing = look(parts, stores, warehouse).await?;
        tell(standing);
        if standing.is_settled() {
            return Ok(begun.elapsed());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!(
                "{} s after the last fault silver has {} of {} events, and gold is {}",
                PATIENCE.as_secs(),
                standing.lines,
                standing.events,
                if standing.is_published {
                    "as far"
                } else {
                    "behind"
                }
            )
            .into());
        }
        if run.elapsed() >= RUN {
            parts.hosts.run_timers().await;
            run = Instant::now();
        }
        tokio::time::sleep(LOOK).await;
    }
}
