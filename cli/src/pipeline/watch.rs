//! Reads how far every layer is, from the same stores that the handler writes.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::event::{EventTime, UnixMillis};
use sluice::gold::{Gold, Rebuild};
use sluice::store::object::paths;
use sluice::table::log::{CommitLog, Counts, Totals, Version};
use sluice::value::period::MILLIS_PER_HOUR;
use sluice::warehouse;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Options, Progress, Warehouse};
use tokio::time::Instant;

use super::heard::Heard;
use super::soundness::{self, Sound, Unsound};
use super::stack::Stack;
use crate::audit::Subject;
use crate::output::gold::{ShownTable, default_order, shown_name};
use crate::quarantine::{self, Quarantine, Span, Tally};
use crate::target::Stores;

/// How often gold tables are read for the screen.
const GOLD_INTERVAL: Duration = Duration::from_secs(2);
/// How long reading them may take.
const GOLD_TIMEOUT: Duration = Duration::from_secs(5);
/// How many rows of each gold table the screen shows.
const SCREEN_ROWS: usize = 2;

/// How far everything is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    /// Events in the hub when the look began: silver is to have as many lines.
    pub(crate) hub_events: u64,
    /// Events in the hub when the look had ended: silver cannot have more lines.
    pub(crate) hub_events_after: u64,
    /// Events in bronze.
    pub(crate) bronze_events: u64,
    /// Objects in bronze.
    pub(crate) bronze_objects: u64,
    /// What became of the lines.
    pub(crate) counts: Counts,
    /// How many of the lines came from files, and never through the hub.
    pub(crate) loaded: u64,
    /// Files that silver consists of.
    pub(crate) silver_files: u64,
    /// The log's latest version.
    pub(crate) version: Version,
    /// How far event time has come.
    pub(crate) watermark: Option<EventTime>,
    /// When the newest event came that silver has.
    pub(crate) arrival: Option<UnixMillis>,
    /// The version that every gold table has reached, if all are there, as far as gold could be read. Where the dataset
    /// file has none, silver's.
    pub(crate) published: Option<Version>,
    /// Why gold could not be read the last time.
    pub(crate) gold_problem: Option<String>,
    /// The newest rows of the gold tables.
    pub(crate) gold: Vec<ShownTable>,
    /// What the handler said.
    pub(crate) messages: Vec<String>,
    /// Why functions cannot go on.
    pub(crate) lasting: BTreeMap<String, String>,
    /// Objects that the host has given up on.
    pub(crate) given_up: u64,
}

/// What an earlier run left.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Why the dataset file no longer fits silver; nothing if it does.
    pub(crate) misfits: Vec<String>,
    /// What became of every line.
    pub(crate) counts: Counts,
    /// The log's latest version.
    pub(crate) version: Version,
    /// The objects of bronze that silver lacks, by their names in its container.
    pub(crate) unrefined: BTreeSet<String>,
    /// When the newest event came that silver has; nothing where silver is new.
    pub(crate) clock: Option<UnixMillis>,
}

impl Snapshot {
    /// Returns whether silver has every event.
    pub(crate) fn has_arrived(&self) -> bool {
        self.lines_of_hub() >= self.hub_events
    }

    /// Returns how many of silver's lines came through the hub.
    pub(crate) fn lines_of_hub(&self) -> u64 {
        self.counts.lines.saturating_sub(self.loaded)
    }

    /// Returns whether gold has everything that silver has.
    pub(crate) fn is_published(&self) -> bool {
        self.published == Some(self.version)
    }

    /// Returns the number of events that are judged: those that the hub had when the look began, and of those that others
    /// sent during it as many as silver has; and those that came from files.
    pub(crate) fn judged(&self) -> u64 {
        let most = self.hub_events_after.max(self.hub_events);
        self.loaded + self.lines_of_hub().clamp(self.hub_events, most)
    }

    /// Returns whether every event of the hub is a line, and every line a row, a duplicate or quarantined.
    pub(crate) fn is_conserved(&self) -> bool {
        self.counts.is_conserved() && self.counts.lines == self.judged()
    }
}

/// Follows the pipeline.
pub(crate) struct Watch {
    stores: Stores,
    warehouse: Arc<dyn Warehouse>,
    snapshot: Snapshot,
    /// Events and objects that bronze held at the start.
    bronze_before: (u64, u64),
    /// The version that the counts include.
    read: Option<Version>,
    gold_read: Option<Instant>,
}

impl Watch {
    /// Opens the stores of a running stack.
    ///
    /// # Errors
    /// Fails if a store does.
    pub(crate) async fn open(
        stack: &Stack,
        dataset: Arc<Dataset>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let account = stack.account();
        let stores = Stores::of(Arc::clone(&dataset), account, account)?;
        let options = Options::from_lookup(&|name| std::env::var(name).ok());
        let schema = GoldSchema::of(&dataset)?;
        let warehouse = warehouse::connect_with(stack.gold(), &options, schema)?;
        Self::over(stores, warehouse).await
    }

    /// Follows what writes these stores.
    pub(crate) async fn over(
        stores: Stores,
        warehouse: Arc<dyn Warehouse>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let prefix = paths::bronze_dataset(&stores.dataset.name);
        let bronze = stores.lake.list(&prefix).await?;
        let lines =
            |metadata: &sluice::store::object::Metadata| metadata.get("lines")?.parse::<u64>().ok();
        // An object that somebody put there by hand does not say how many lines it has: it is counted as an object only.
        let events = bronze.iter().filter_map(|info| lines(&info.metadata)).sum();
        Ok(Self {
            stores,
            warehouse,
            snapshot: Snapshot::default(),
            bronze_before: (events, bronze.len() as u64),
            read: None,
            gold_read: None,
        })
    }

    /// Looks at what an earlier run left, before anything runs on it. `gold` is the setting of the warehouse.
    ///
    /// # Errors
    /// Fails if storage lacks what the log of commits names, or if gold is ahead of it.
    pub(crate) async fn inspect(&self, gold: &str) -> Result<Found, Box<dyn Error + Send + Sync>> {
        let Sound {
            snapshot,
            counts,
            unrefined,
            head,
        } = soundness::check_silver(&self.stores).await?;
        let standing = tokio::time::timeout(GOLD_TIMEOUT, self.warehouse.look());
        // Gold that cannot be read yet is left to its runs.
        if let Ok(Ok(standing)) = standing.await {
            let schema = self.warehouse.schema();
            let log = head.as_ref().and_then(|head| head.log.as_deref());
            soundness::check_gold(schema, &standing, (snapshot.version, log), gold)?;
        }
        let misfits = snapshot.misfits(&self.stores.dataset)?;
        Ok(Found {
            misfits,
            counts,
            version: snapshot.version,
            unrefined,
            clock: head.and_then(|head| head.clock),
        })
    }

    /// As [`Self::inspect`]; but where storage that was killed has lost the end of silver's log, and gold is `own`, the file
    /// beside it that nothing else fills, its tables are asked to be made anew from silver, and what was wrong is returned
    /// too. Nothing is lost by that which silver has.
    ///
    /// # Errors
    /// As [`Self::inspect`], and if gold cannot be asked.
    pub(crate) async fn inspect_and_mend(
        &self,
        gold: &str,
        own: &str,
    ) -> Result<(Found, Option<String>), Box<dyn Error + Send + Sync>> {
        let error = match self.inspect(gold).await {
            Ok(found) => return Ok((found, None)),
            Err(error) => error,
        };
        let unsound = error.downcast_ref::<Unsound>();
        if gold != own || !unsound.is_some_and(Unsound::is_lost_end) {
            return Err(error);
        }
        // Books of an earlier build may lack columns that are written by asking. The handler is about to do the same.
        let build = self.warehouse.look().await?.build;
        self.warehouse.prepare(&build.unwrap_or_default()).await?;
        let dataset = Arc::clone(&self.stores.dataset);
        let lake = Arc::clone(&self.stores.lake);
        let state = Arc::clone(&self.stores.state);
        let warehouse = Arc::clone(&self.warehouse);
        let gold_of = Gold::new(dataset, lake, state, warehouse, Arc::new(SystemClock));
        let asked = gold_of.ask(&Rebuild::All).await?;
        let said = format!(
            "storage ended without saving its last seconds, and gold was ahead of silver: {} made anew from silver",
            match asked.len() {
                1 => "one table is".to_owned(),
                tables => format!("{tables} tables are"),
            }
        );
        Ok((self.inspect(gold).await?, Some(said)))
    }

    /// Reads what is new of a running stack.
    ///
    /// # Errors
    /// Fails if silver's log cannot be read. Gold that cannot be read is read the next time.
    pub(crate) async fn look(
        &mut self,
        stack: &Stack,
    ) -> Result<Snapshot, Box<dyn Error + Send + Sync>> {
        self.look_at(stack.heard(), || stack.hub_events()).await
    }

    async fn look_at(
        &mut self,
        heard: Heard,
        hub_events: impl Fn() -> u64,
    ) -> Result<Snapshot, Box<dyn Error + Send + Sync>> {
        let Heard {
            stored,
            objects,
            messages,
            lasting,
            given_up,
        } = heard;
        self.snapshot.messages = messages;
        self.snapshot.lasting = lasting;
        self.snapshot.given_up = given_up;
        self.snapshot.bronze_events = self.bronze_before.0 + stored;
        self.snapshot.bronze_objects = self.bronze_before.1 + objects;
        self.snapshot.hub_events = hub_events();
        self.read_log().await?;
        self.snapshot.hub_events_after = hub_events();
        let is_due = self
            .gold_read
            .is_none_or(|read| read.elapsed() >= GOLD_INTERVAL);
        if is_due || (self.snapshot.has_arrived() && !self.snapshot.is_published()) {
            self.read_gold().await;
            self.gold_read = Some(Instant::now());
        }
        Ok(self.snapshot.clone())
    }

    /// What an audit looks at.
    pub(crate) fn subject(&self) -> Subject {
        self.stores.subject(Arc::clone(&self.warehouse))
    }

    /// Silver's commit log.
    pub(crate) fn log(&self) -> &CommitLog {
        &self.stores.log
    }

    /// Returns the gold tables and views as people read them, at most `rows` rows of each.
    pub(crate) async fn gold_tables(
        &self,
        rows: usize,
    ) -> Result<Vec<ShownTable>, Box<dyn Error + Send + Sync>> {
        let (dataset, schema) = (&self.stores.dataset, self.warehouse.schema());
        let tables = dataset
            .gold
            .iter()
            .map(|table| shown_name(schema, &table.table));
        let views = dataset.views().map(str::to_owned);
        let mut shown = Vec::new();
        for name in tables.chain(views) {
            let order = default_order(dataset, &name);
            let warehouse = self.warehouse.as_ref();
            shown.push(ShownTable::read(warehouse, dataset, name, order, rows).await?);
        }
        Ok(shown)
    }

    async fn read_log(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let Some(head) = self.stores.log.head().await? else {
            return Ok(());
        };
        let is_new = self.read != Some(head.version);
        match &head.totals {
            Some(totals) => self.show(totals),
            // An earlier build moved the head; maintenance, which runs beside this, counts once.
            None if is_new => {
                let counted = self.stores.log.count(&head).await?;
                self.show(&counted);
            }
            None => {}
        }
        if is_new {
            let loaded = paths::loaded(&self.stores.dataset.name);
            let loaded = self.stores.log.ledger_prefix(&loaded).await?;
            self.snapshot.loaded = loaded.iter().map(|entry| entry.counts.lines).sum();
        }
        self.read = Some(head.version);
        self.snapshot.version = head.version;
        self.snapshot.watermark = head.watermark;
        self.snapshot.arrival = head.clock;
        Ok(())
    }

    fn show(&mut self, totals: &Totals) {
        self.snapshot.counts.clone_from(&totals.counts);
        self.snapshot.silver_files = totals.files;
    }

    /// Reads gold; before its first run there is nothing to read. A database that resumes does not hold the screen up.
    async fn read_gold(&mut self) {
        if self.stores.dataset.gold.is_empty() {
            // There is nothing to wait for.
            self.snapshot.published = Some(self.snapshot.version);
            return;
        }
        let reading = async {
            let progress = self.warehouse.progress().await;
            (progress, self.gold_tables(SCREEN_ROWS).await)
        };
        let Ok((progress, tables)) = tokio::time::timeout(GOLD_TIMEOUT, reading).await else {
            let seconds = GOLD_TIMEOUT.as_secs();
            self.snapshot.gold_problem = Some(format!("it does not answer within {seconds} s"));
            return;
        };
        if let Ok(tables) = tables {
            self.snapshot.gold = tables;
        }
        match progress {
            Ok(progress) => {
                self.snapshot.published = published(&progress, &self.stores.dataset);
                self.snapshot.gold_problem = None;
            }
            // Gold never goes back, so what was read before still holds.
            Err(error) => self.snapshot.gold_problem = Some(sluice::error::chain(&error)),
        }
    }

    /// Counts what was rejected since an earlier run, by reason and column, and says how much of it was read.
    ///
    /// # Errors
    /// Fails if a store does.
    pub(crate) async fn rejected_since(
        &self,
        found: &Found,
    ) -> Result<(Tally, quarantine::Found), Box<dyn Error + Send + Sync>> {
        let Stores {
            dataset, log, lake, ..
        } = &self.stores;
        let Some(head) = log.head().await? else {
            return Ok(Default::default());
        };
        let quarantine = Quarantine::new(&dataset.name, log, lake);
        // What was refined since came since, but for what waited then: hardly more than an hour.
        let (margin, now) = (UnixMillis(MILLIS_PER_HOUR), SystemClock.now());
        let (span, after) = match found.clock {
            Some(clock) => (
                Span::Enqueued {
                    from: UnixMillis(clock.0 - margin.0),
                    until: UnixMillis(now.0 + margin.0),
                },
                Some(found.version),
            ),
            None => (Span::Everything, None),
        };
        let mut tally = Tally::default();
        let take = |rejected| {
            tally.add(rejected);
            true
        };
        let read = quarantine.visit(&head, span, after, take).await?;
        Ok((tally, read))
    }
}

/// Returns the version that every gold table has reached, if all are there and show this generation.
fn published(progress: &BTreeMap<String, Progress>, dataset: &Dataset) -> Option<Version> {
    let tables = dataset.gold.iter();
    let versions = tables.map(|table| {
        let found = progress.get(&table.table);
        let found = found.filter(|found| found.generation == dataset.generation)?;
        Some(found.version)
    });
    versions
        .collect::<Option<Vec<Version>>>()?
        .into_iter()
        .min()
}

#[cfg(test)]
mod tests;
