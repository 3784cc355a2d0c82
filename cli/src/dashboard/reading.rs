//! Reads a pipeline for its page: what `status`, `quarantine` and `gold` read, each as often as its pace allows. What
//! cannot be read is said, and what was read before stays.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::event::UnixMillis;
use sluice::table::log::{Head, Version};
use sluice::value::period::MILLIS_PER_HOUR;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Warehouse, WarehouseError};
use sluice_local::hub_client::EventHubConnection;
use tokio::time::{Instant, timeout};

use super::flow::Flow;
use super::pace::{self, Gold, GoldFacts, is_due};
use crate::alerts::{self, Alert};
use crate::called;
use crate::output::gold::{ShownTable, default_order, shown_name};
use crate::quarantine::{Quarantine, Rejected, Span};
use crate::status::{
    Alerts, GoldTable, Hub, RemovedTable, Silver, Unkept, compare_head, find_unkept, read_gold,
    read_hub, silver, totals,
};
use crate::target::{self, AppSettings, HubArguments, SettingsArguments, Stores};

/// How long storage and hub may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long gold may take, which may have to resume.
const GOLD_PATIENCE: Duration = Duration::from_secs(120);
/// Rows of a gold table that are read: two days of hours.
pub(super) const ROWS: usize = 48;
/// Rejected records that are shown.
const SAMPLES: usize = 5;
/// Alerts that are shown.
const ALERTS: usize = 8;
/// Among how many of the latest alerts and messages, of which others may share the books.
const LOOKED_THROUGH: usize = 1_000;
/// Where the newest rejected records are looked for: the hour before the newest event, and where there are few the day.
const SPANS: [i64; 2] = [MILLIS_PER_HOUR, 24 * MILLIS_PER_HOUR];

/// What is known of a pipeline.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) dataset: Arc<Dataset>,
    /// Where it is, without secrets.
    pub(super) target: String,
    /// What the command is called that shows it.
    pub(super) called: &'static str,
    /// Now, for whoever says how long ago something was.
    pub(super) at: UnixMillis,
    /// When it was read the last time.
    pub(super) read: Option<UnixMillis>,
    /// Since when, and why, it cannot be read.
    pub(super) problem: Option<(UnixMillis, String)>,
    pub(super) hub: Option<Result<Hub, String>>,
    /// Nothing before silver's first commit, or before it was read.
    pub(super) silver: Option<Silver>,
    pub(super) flow: Flow,
    pub(super) rejected: Vec<Rejected>,
    pub(super) gold: GoldSeen,
}

/// What is known of gold.
#[derive(Debug, Default)]
pub(super) struct GoldSeen {
    /// When it was read.
    pub(super) at: Option<UnixMillis>,
    /// Why it could not be read the last time.
    pub(super) problem: Option<String>,
    /// Whether it was not read because that may wake its database.
    pub(super) is_asleep: bool,
    pub(super) tables: Vec<GoldTable>,
    pub(super) removed: Vec<RemovedTable>,
    /// What rules have raised; nothing where there are none.
    pub(super) alerts: Option<Alerts>,
    /// The newest alerts, the latest first.
    pub(super) newest: Vec<Alert>,
    /// The first rows of tables and views, by the name in the dataset file.
    pub(super) shown: BTreeMap<String, ShownTable>,
}

/// The stores of a pipeline that has answered.
struct Opened {
    stores: Stores,
    hub: Result<EventHubConnection, String>,
    warehouse: Option<Arc<dyn Warehouse>>,
}

/// When something was last read.
#[derive(Clone, Copy, Debug, Default)]
struct Since {
    hub: Option<Instant>,
    unkept: Option<Instant>,
    rejected: Option<Instant>,
    gold: Option<Instant>,
}

/// Reads a pipeline.
pub(super) struct Reading {
    arguments: SettingsArguments,
    settings: AppSettings,
    opened: Option<Opened>,
    facts: Facts,
    since: Since,
    unkept: Vec<Unkept>,
    /// How many records had been rejected when the newest were looked for.
    rejected_of: u64,
    is_gold_asked: bool,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

impl Reading {
    /// Prepares to read the pipeline of these settings.
    ///
    /// # Errors
    /// Fails if its dataset file cannot be used.
    pub(super) fn new(
        arguments: SettingsArguments,
        settings: AppSettings,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let dataset = Arc::new(target::dataset(&settings)?);
        Ok(Self {
            facts: Facts::new(dataset, settings.target(), SystemClock.now()),
            arguments,
            settings,
            opened: None,
            since: Since::default(),
            unkept: Vec::new(),
            rejected_of: 0,
            is_gold_asked: false,
        })
    }

    pub(super) fn dataset(&self) -> &Dataset {
        &self.facts.dataset
    }

    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Lets the next look read gold, whether or not that wakes its database.
    pub(super) fn ask_for_gold(&mut self) {
        self.is_gold_asked = true;
    }

    /// Gives back what a database must not be kept awake by, until the next look.
    pub(super) async fn rest(&mut self) {
        let opened = self.opened.as_ref();
        if let Some(warehouse) = opened.and_then(|opened| opened.warehouse.as_ref()) {
            warehouse.close().await;
        }
    }

    /// Reads what is due. A failure is noted, and the next look begins by finding the pipeline again.
    pub(super) async fn look(&mut self) {
        self.facts.at = SystemClock.now();
        let looked = match timeout(PATIENCE, self.look_at_stores()).await {
            Ok(looked) => looked.map_err(|error| sluice::error::chain(error.as_ref())),
            Err(_) => Err(format!(
                "it does not answer within {} s",
                PATIENCE.as_secs()
            )),
        };
        match looked {
            Ok(head) => {
                self.facts.problem = None;
                self.facts.read = Some(self.facts.at);
                self.look_at_gold(head.as_ref()).await;
            }
            Err(text) => {
                let since = self.facts.problem.as_ref();
                let since = since.map_or(self.facts.at, |(since, _)| *since);
                self.facts.problem = Some((since, text));
                self.opened = None;
                self.since = Since::default();
            }
        }
    }

    /// Opens the stores, those of a pipeline that was started again included.
    async fn open(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.facts.problem.is_some() {
            let all = AppSettings::find_all(&self.arguments).await?;
            let is_this = |found: &AppSettings| {
                // Another pipeline is not shown in its place.
                found.dataset_file() == self.settings.dataset_file()
                    && found.whose() == self.settings.whose()
            };
            let mut all = all.into_iter().map(|(_, found)| found);
            self.settings = all.find(is_this).ok_or("the pipeline does not run")?;
            self.facts.target = self.settings.target();
        }
        let stores = Stores::open(&self.settings)?;
        let hub = HubArguments::of_settings(self.arguments.clone()).connect(&self.settings);
        let hub = hub.map_err(|error| sluice::error::chain(error.as_ref()));
        self.opened = Some(Opened {
            stores,
            hub,
            warehouse: None,
        });
        Ok(())
    }

    /// Reads hub, silver and quarantine, as far as each is due; returns silver's head.
    async fn look_at_stores(&mut self) -> Result<Option<Head>, Box<dyn Error + Send + Sync>> {
        if self.opened.is_none() {
            self.open().await?;
        }
        let Some(Opened { stores, hub, .. }) = &self.opened else {
            return Ok(None);
        };
        let (facts, since) = (&mut self.facts, &mut self.since);
        // The hub first: what is refined by the time the head is read may be more, never less.
        if is_due(since.hub.map(|at| at.elapsed()), pace::HUB) {
            facts.hub = Some(match hub {
                Ok(hub) => read_hub(hub).await,
                Err(reason) => Err(reason.clone()),
            });
            since.hub = Some(Instant::now());
            if let Some(Ok(hub)) = &facts.hub {
                facts.flow.see_hub(SystemClock.now().0, hub.events);
            }
        }
        let Some(head) = stores.log.head().await? else {
            facts.silver = None;
            return Ok(None);
        };
        if let Some(after) = facts.flow.unread(head.version) {
            let commits = stores.log.remaining(after.next(), head.version).await?;
            facts.flow.add(&commits, head.version);
        }
        let totals = totals(stores, &head).await?;
        if is_due(since.unkept.map(|at| at.elapsed()), pace::HUB) {
            self.unkept = find_unkept(&stores.dataset, &stores.log, &head, &totals.counts).await?;
            since.unkept = Some(Instant::now());
        }
        let quarantined = totals.counts.quarantined_total();
        let is_new = quarantined != self.rejected_of;
        if is_new && is_due(since.rejected.map(|at| at.elapsed()), pace::QUARANTINE) {
            facts.rejected = newest_rejected(stores, &head).await?;
            self.rejected_of = quarantined;
            since.rejected = Some(Instant::now());
        }
        let behind = match &mut facts.hub {
            Some(Ok(hub)) => compare_head(hub, Some(&head)),
            _ => None,
        };
        facts.silver = Some(silver(&head, totals, behind, self.unkept.clone()));
        Ok(Some(head))
    }

    /// Reads gold if that shows anything new and wakes nothing.
    async fn look_at_gold(&mut self, head: Option<&Head>) {
        let Some(opened) = &mut self.opened else {
            return;
        };
        let warehouse = match &opened.warehouse {
            Some(warehouse) => Arc::clone(warehouse),
            None => match target::warehouse(&self.settings, &self.facts.dataset) {
                Ok(made) => Arc::clone(opened.warehouse.insert(made)),
                Err(error) => {
                    self.facts.gold.problem = Some(sluice::error::chain(error.as_ref()));
                    return;
                }
            },
        };
        let latest = head.map(|head| head.version);
        let since_commit = self.facts.flow.latest().map(|at| self.facts.at.0 - at);
        let decision = GoldFacts {
            may_be_paused: warehouse.may_be_paused(),
            since: self.since.gold.map(|at| at.elapsed()),
            may_have_moved: self.facts.gold.is_behind(latest),
            since_commit: since_commit
                .map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))),
            is_asked: std::mem::take(&mut self.is_gold_asked),
        }
        .decide();
        self.facts.gold.is_asleep = decision == Gold::Asleep;
        if decision != Gold::Read {
            return;
        }
        let reading = read_all(warehouse.as_ref(), &self.facts.dataset, head);
        let read = match timeout(GOLD_PATIENCE, reading).await {
            Ok(read) => read,
            Err(_) => Err(format!(
                "it does not answer within {} s",
                GOLD_PATIENCE.as_secs()
            )),
        };
        if warehouse.may_be_paused() {
            // A session keeps a database from pausing.
            warehouse.close().await;
        }
        self.since.gold = Some(Instant::now());
        match read {
            Ok(read) => self.facts.gold = read,
            Err(text) => self.facts.gold.problem = Some(text),
        }
    }
}

impl Facts {
    /// What is known before anything was read.
    pub(super) fn new(dataset: Arc<Dataset>, target: String, at: UnixMillis) -> Self {
        Self {
            dataset,
            target,
            called: called::name(),
            at,
            read: None,
            problem: None,
            hub: None,
            silver: None,
            flow: Flow::default(),
            rejected: Vec::new(),
            gold: GoldSeen::default(),
        }
    }
}

impl GoldSeen {
    /// Returns whether a table lacks something of silver, or somebody is still to be told of an alert.
    fn is_behind(&self, latest: Option<Version>) -> bool {
        let latest = latest.map(|version| version.0);
        let mut tables = self.tables.iter();
        let is_to_be_told = self
            .alerts
            .as_ref()
            .is_some_and(|alerts| alerts.waiting > 0);
        self.tables.is_empty() || is_to_be_told || tables.any(|table| table.version < latest)
    }
}

/// Returns the names of the tables and views that have a place on the page.
pub(super) fn tables(dataset: &Dataset) -> Vec<String> {
    let tables = dataset.gold.iter().map(|table| table.table.clone());
    tables.chain(dataset.views().map(str::to_owned)).collect()
}

/// Reads how far gold is, and the first rows of everything in it.
pub(super) async fn read_all(
    warehouse: &dyn Warehouse,
    dataset: &Dataset,
    head: Option<&Head>,
) -> Result<GoldSeen, String> {
    let head = head.map(|head| (head.version.0, head.log.as_deref()));
    let gold = read_gold(warehouse, head).await?;
    let mut shown = BTreeMap::new();
    for name in tables(dataset) {
        match read_rows(warehouse, dataset, &name).await {
            Ok(table) => shown.extend(table.map(|table| (name, table))),
            Err(error) => return Err(sluice::error::chain(&error)),
        }
    }
    let mut newest = match &gold.alerts {
        Some(books) if books.has_books => alerts::read(warehouse, LOOKED_THROUGH).await,
        _ => Ok(Vec::new()),
    }
    .map_err(|error| sluice::error::chain(&error))?;
    newest.truncate(ALERTS);
    Ok(GoldSeen {
        at: Some(SystemClock.now()),
        problem: None,
        is_asleep: false,
        tables: gold.tables,
        removed: gold.removed,
        alerts: gold.alerts,
        newest,
        shown,
    })
}

/// Reads the first rows of a table or view as people read it; nothing if it is not made yet.
async fn read_rows(
    warehouse: &dyn Warehouse,
    dataset: &Dataset,
    name: &str,
) -> Result<Option<ShownTable>, WarehouseError> {
    let schema: &GoldSchema = warehouse.schema();
    let wanted = shown_name(schema, name);
    if warehouse.columns(&wanted).await?.is_empty() {
        return Ok(None);
    }
    let order = default_order(dataset, name);
    let table = ShownTable::read(warehouse, dataset, wanted, order, ROWS).await?;
    Ok(Some(table))
}

/// Reads the newest rejected records, as few objects as that takes.
pub(super) async fn newest_rejected(
    stores: &Stores,
    head: &Head,
) -> Result<Vec<Rejected>, Box<dyn Error + Send + Sync>> {
    let quarantine = Quarantine::new(&stores.dataset.name, &stores.log, &stores.lake);
    let now = SystemClock.now();
    let newest = head.clock.unwrap_or(now).min(now);
    let mut rejected = Vec::new();
    for span in SPANS {
        rejected.clear();
        let take = |record| {
            rejected.push(record);
            rejected.len() < SAMPLES
        };
        let span = Span::Enqueued {
            from: UnixMillis(newest.0 - span),
            // A clock here may be behind that of the hub.
            until: UnixMillis(now.0 + MILLIS_PER_HOUR),
        };
        quarantine.visit(head, span, None, take).await?;
        if rejected.len() >= SAMPLES {
            break;
        }
    }
    Ok(rejected)
}
