//! A process on the stores of a world.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use sluice::app::App;
use sluice::context::Context;
use sluice::maintain::{CompactLimits, Limits, Maintenance, Options, Report};
use sluice::retry::Deadline;
use sluice::silver::{Refined, Silver};
use sluice::store::object::Source;
use sluice::store::queue::PoisonQueue;
use sluice::warehouse::Warehouse;

use crate::faulty::Script;

/// A process, and the script that its calls follow.
pub struct Process {
    /// Its layers.
    pub app: Arc<App>,
    /// Its maintenance, which a test may limit.
    pub maintenance: Maintenance,
    /// What its calls meet.
    pub script: Arc<Script>,
    edges: Context,
}

impl Debug for Process {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let script = &self.script;
        formatter
            .debug_struct("Process")
            .field("script", script)
            .finish_non_exhaustive()
    }
}

/// Returns a deadline that no test meets.
#[must_use]
pub fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(5 * 60))
}

/// Returns limits under which as few as `open_files` files of an open period are compacted, snapshots and checkpoints
/// come after few commits, and every run vacuums.
#[must_use]
pub fn eager(open_files: usize) -> Limits {
    Limits {
        compact: CompactLimits {
            open_files,
            ..CompactLimits::default()
        },
        snapshot_every: 5,
        checkpoint_every: 5,
        vacuum_every: Duration::ZERO,
        ..Limits::default()
    }
}

impl Process {
    pub(super) fn new(edges: Context, warehouse: Arc<dyn Warehouse>, script: Arc<Script>) -> Self {
        let app = Arc::new(App::builder(edges.clone(), warehouse).build());
        Self {
            maintenance: Maintenance::new(edges.clone(), app.silver.clone(), None),
            app,
            script,
            edges,
        }
    }

    /// Limits maintenance.
    #[must_use]
    pub fn limited(mut self, limits: Limits) -> Self {
        self.maintenance = self.maintenance.with_limits(limits);
        self
    }

    /// Lets silver open at most so many bytes at once, but for those of one event more.
    ///
    /// # Panics
    /// If somebody holds the app already.
    #[must_use]
    pub fn in_chunks(mut self, most_opened: usize) -> Self {
        let app = Arc::get_mut(&mut self.app).unwrap();
        app.silver = Silver::in_chunks(self.edges.clone(), most_opened);
        self
    }

    /// Gives maintenance a queue of poison messages.
    #[must_use]
    pub fn with_poison(mut self, queue: Arc<dyn PoisonQueue>) -> Self {
        let silver = self.app.silver.clone();
        self.maintenance = Maintenance::new(self.edges.clone(), silver, Some(queue));
        self
    }

    /// Refines an object, which must succeed.
    pub async fn refine(&self, source: &Source) -> Refined {
        self.app.silver.refine(source.clone()).await.unwrap()
    }

    /// Runs maintenance, no step of which may fail.
    pub async fn maintain(&self, full: bool) -> Report {
        let options = Options {
            full,
            ..Options::default()
        };
        let report = self.maintenance.run(options, deadline()).await;
        assert_eq!(report.failures(), []);
        report
    }
}
