//! What runs beside the pipeline: Azurite, the event hub, the Functions host with its handler.

mod starting;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::{Dataset, TargetKind};
use sluice::event::EventTime;
use sluice::store::account::{PIPELINE, StorageAccount};
use sluice::telemetry::signals::METRICS_PORT;
use sluice_local::azurite::{Azurite, AzuriteError, AzuriteOptions, Progress};
use sluice_local::event_hubs::{self, HubConfig, Namespace, NamespaceConfig, PartitionArrivals};
use sluice_local::functions_host::events::{EventSink, HostEvent};
use sluice_local::functions_host::{Host, HostEnd, HostError, HostOptions};
use sluice_local::hub_client::EventHubConnection;

use super::heard::{Heard, log_line};
use super::host_log;
use super::project::HandlerProgram;
use super::state_dir::StateDir;
use crate::target::{self, Announced};
pub(crate) use starting::{Part, Teller, Told, aloud};
use starting::{hub_moved, storage_moved};

/// The hub's name, as in local.settings.json.
const HUB: &str = "events";
/// The consumer group that the host reads in, as in a deployment: `$Default` is left to the user's own consumers, because
/// an event processor takes a partition over from every other reader of its group.
const GROUP: &str = "sluice";
/// The ports that emulators use, taken where they are free, so that other tools find them.
pub(crate) const AMQP_PORT: u16 = 5672;
pub(crate) const AZURITE_PORTS: [u16; 3] = [10_000, 10_001, 10_002];

/// How the settings begin that say which program the host starts, instead of host.json.
const HANDLER_SETTING: &str = "AzureFunctionsJobHost__customHandler__description__";

/// How often to look whether storage still runs.
const STORAGE_LOOK: Duration = Duration::from_millis(500);

/// Hears every line of the handler's log, which is JSON.
pub(crate) type LogListener = Box<dyn Fn(&Value) + Send + Sync>;

/// What to start.
pub(crate) struct Plan {
    /// The folder with host.json.
    pub(crate) root: PathBuf,
    /// The dataset's state, which is kept from others for as long as the stack runs.
    pub(crate) state: Arc<StateDir>,
    /// The handler; without one the host is not started.
    pub(crate) handler: Option<HandlerProgram>,
    /// The dataset file.
    pub(crate) dataset_file: PathBuf,
    /// Partitions of the hub.
    pub(crate) partitions: usize,
    /// The setting `GoldDatabase`; a file beside the other state if there is none.
    pub(crate) gold: Option<String>,
    /// App settings that are to differ from local.settings.json.
    pub(crate) settings: BTreeMap<String, String>,
    /// Who listens to the handler, beside the screen.
    pub(crate) listener: Option<LogListener>,
    /// Who hears how far the start is.
    pub(crate) tell: Teller,
}

impl Plan {
    /// The setting `GoldDatabase`.
    fn gold(&self) -> String {
        self.gold.clone().unwrap_or_else(|| self.state.gold())
    }

    /// The app settings of a stack with this storage, which is that of the pipeline `id`, and this hub.
    fn values(&self, storage: &str, id: &str, hub: &str) -> BTreeMap<String, String> {
        let mut values: BTreeMap<String, String> = [
            ("AzureWebJobsStorage", storage.to_owned()),
            ("LakeStorage", storage.to_owned()),
            // A variable that is set for a deployment must not send this pipeline's state there.
            ("StateStorage", storage.to_owned()),
            (PIPELINE, id.to_owned()),
            ("EventHubConnection", hub.to_owned()),
            ("EVENTHUB_NAME", HUB.to_owned()),
            ("GoldDatabase", self.gold()),
            ("EVENTHUB_CONSUMER_GROUP", GROUP.to_owned()),
            ("DATASET", self.dataset_file.display().to_string()),
            // The later of two runs is the one that may change gold, as the later package is.
            ("SLUICE_STAMP", SystemClock.now().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if let Some(handler) = &self.handler {
            let arguments = handler.argument.map(|argument| format!("[\"{argument}\"]"));
            let described = [
                (
                    "defaultExecutablePath",
                    Some(handler.file.display().to_string()),
                ),
                ("arguments", arguments),
            ];
            let described = described
                .into_iter()
                .filter_map(|(name, value)| Some((format!("{HANDLER_SETTING}{name}"), value?)));
            values.extend(described);
        }
        values.extend(self.settings.clone());
        values
    }
}

/// The running parts.
pub(crate) struct Stack {
    azurite: Mutex<Azurite>,
    account: StorageAccount,
    namespace: Namespace,
    host: Option<Host>,
    heard: Arc<Mutex<Heard>>,
    gold: String,
    log_file: PathBuf,
    /// Where the other commands find this stack.
    announced: Announced,
    /// What the host is started with.
    host_options: Option<HostOptions>,
    state: Arc<StateDir>,
    tell: Teller,
}

impl Stack {
    /// Starts storage and the event hub, so that what an earlier run left can be looked at.
    pub(crate) async fn start(plan: Plan) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let tell = Arc::clone(&plan.tell);
        tell(Part::Storage, Told::Begins);
        let azurite = start_azurite(&plan.state, &tell).await?;
        let storage = azurite.connection_string();
        let account = StorageAccount::from_connection_string("LakeStorage", &storage)?;
        let id = target::own(plan.state.path(), &account).await?;
        let account = account.owned_by(Some(&id))?;
        let ports = azurite.ports();
        let [blobs, ..] = ports;
        let stands = |what: &str, port: u16| Told::Stands(format!("{what} at 127.0.0.1:{port}"));
        tell(Part::Storage, stands("Azurite", blobs));
        tell(Part::Hub, Told::Begins);
        let namespace = start_namespace(&plan).await?;
        let port = namespace.local_addr().port();
        tell(Part::Hub, stands("AMQP", port));
        let moved = storage_moved(ports, AZURITE_PORTS).map(|text| (Part::Storage, text));
        let hub = hub_moved(port, AMQP_PORT).map(|text| (Part::Hub, text));
        for (part, text) in moved.into_iter().chain(hub) {
            tell(part, Told::Differs(text));
        }

        let gold = plan.gold();
        let values = plan.values(&storage, &id, &namespace.connection_string());
        let marker = target::Marker::new(plan.state.path());
        namespace.identify(marker.line()?);
        let announced = target::announce(&marker, &values, &account).await?;
        let log_file = plan.state.path().join("host.log");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let mut host_options = None;
        if plan.handler.is_some() {
            let mut options = HostOptions::new(plan.root);
            options.settings = values;
            let log = host_log::open(&log_file)?;
            let receive = listen(Arc::clone(&heard), log, plan.listener);
            options.events = EventSink::new(receive);
            // A run that starts again is a chance for what failed: its cause may have been undone.
            options.retry_poisoned = true;
            host_options = Some(options);
        }
        Ok(Self {
            azurite: Mutex::new(azurite),
            account,
            namespace,
            host: None,
            heard,
            gold,
            log_file,
            announced,
            host_options,
            state: plan.state,
            tell,
        })
    }

    /// Starts the host with its handler, if the plan has one.
    pub(crate) async fn start_host(&mut self) -> Result<(), HostError> {
        if let Some(options) = self.host_options.take() {
            (self.tell)(Part::Handler, Told::Begins);
            let metrics = options.settings.get(METRICS_PORT).cloned();
            self.host = Some(Host::start(options).await?);
            let mut stands = "the Functions host with bronze, silver, gold and maintain".to_owned();
            if let Some(port) = metrics {
                stands.push_str(&format!("; metrics at http://127.0.0.1:{port}/metrics"));
            }
            (self.tell)(Part::Handler, Told::Stands(stands));
        }
        Ok(())
    }

    /// Has these objects of bronze delivered to silver once the host starts, also those that an earlier host delivered: what
    /// that one had in hand, and everything where the generation was raised.
    pub(crate) fn deliver_again(&mut self, objects: BTreeSet<String>) {
        if let Some(options) = &mut self.host_options {
            options.deliver_again = objects;
        }
    }

    /// The storage account of lake and state.
    pub(crate) fn account(&self) -> &StorageAccount {
        &self.account
    }

    /// The warehouse, as the setting `GoldDatabase` has it.
    pub(crate) fn gold(&self) -> &str {
        &self.gold
    }

    /// How producers reach the hub.
    pub(crate) fn connection_string(&self) -> String {
        format!("{}EntityPath={HUB}", self.namespace.connection_string())
    }

    /// A connection to the hub.
    pub(crate) fn connection(&self) -> Result<EventHubConnection, Box<dyn Error + Send + Sync>> {
        Ok(EventHubConnection::parse(
            &self.namespace.connection_string(),
            Some(HUB),
        )?)
    }

    /// All events that the hub holds.
    pub(crate) fn hub_events(&self) -> u64 {
        let stats = self.namespace.stats().into_iter();
        let own = stats.filter(|partition| partition.hub == HUB);
        own.map(|partition| partition.events).sum()
    }

    /// When the hub took its newest event; nothing while it has none.
    pub(crate) fn last_event(&self) -> Option<EventTime> {
        let stats = self.namespace.stats();
        let own = stats.iter().filter(|partition| partition.hub == HUB);
        let times = own.filter_map(|partition| partition.last_enqueued_ms);
        times
            .max()
            .map(|time| EventTime(time.saturating_mul(1_000)))
    }

    /// When every event of the hub was enqueued.
    pub(crate) async fn arrivals(&self) -> Result<Vec<PartitionArrivals>, event_hubs::Error> {
        let mut arrivals = self.namespace.arrivals().await?;
        arrivals.retain(|partition| partition.hub == HUB);
        Ok(arrivals)
    }

    /// The ids of the processes of Azurite and of the handler, which is there once it has started.
    pub(crate) fn processes(&self) -> (u32, Option<u32>) {
        let handler = self.host.as_ref().and_then(Host::handler_process);
        (self.azurite().process_id(), handler)
    }

    fn azurite(&self) -> MutexGuard<'_, Azurite> {
        self.azurite.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the handler has said.
    pub(crate) fn heard(&self) -> Heard {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let stats = self.host.as_ref().map(Host::stats);
        let blobs = stats.iter().flat_map(|stats| stats.blobs.values());
        Heard {
            given_up: blobs.map(|blob| blob.poisoned).sum(),
            ..heard.clone()
        }
    }

    /// Where everything that host and handler say is written.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log_file
    }

    /// Returns when a part has ended that should run on, and says which and why.
    pub(crate) async fn failure(&self) -> String {
        let log = self.log_file.display();
        tokio::select! {
            how = self.storage_ended() => format!(
                "the storage, Azurite, ended by itself ({how}); see {}; the next run goes on from what was saved last",
                self.state.azurite().display()
            ),
            end = self.host_ended() => match end {
                HostEnd::Stopped => format!("the handler failed three times and the host stopped; see {log}"),
                HostEnd::HandlerLeft => format!("the handler ended with exit code 0, after which a Functions host does not start it again; see {log}"),
            },
        }
    }

    async fn storage_ended(&self) -> String {
        let mut looks = tokio::time::interval(STORAGE_LOOK);
        loop {
            looks.tick().await;
            let ended = self.azurite().ended();
            if let Some(how) = ended {
                return how;
            }
        }
    }

    async fn host_ended(&self) -> HostEnd {
        match &self.host {
            Some(host) => host.stopped().await,
            None => std::future::pending().await,
        }
    }

    /// Runs gold now instead of at the next tick of its timer.
    pub(crate) async fn publish_now(&self) {
        if let Some(host) = &self.host {
            // A failure is in the log, and the next tick tries again.
            let _ = host.trigger("gold").await;
        }
    }

    /// Stops everything, the handler first.
    pub(crate) async fn shutdown(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.announced.retract().await;
        if let Some(host) = self.host {
            host.shutdown().await;
        }
        let namespace = self.namespace.shutdown().await;
        let azurite = self.azurite.into_inner();
        let azurite = azurite.unwrap_or_else(PoisonError::into_inner);
        azurite.shutdown().await?;
        namespace?;
        Ok(())
    }
}

/// Starts Azurite on its usual ports, or on free ones where somebody has those.
async fn start_azurite(state: &StateDir, tell: &Teller) -> Result<Azurite, AzuriteError> {
    let tell = Arc::clone(tell);
    let progress: Progress =
        Arc::new(move |text: &str| tell(Part::Storage, Told::Says(text.to_owned())));
    let options = |ports| AzuriteOptions {
        data_dir: Some(state.azurite()),
        ports,
        install_dir: None,
        progress: Some(Arc::clone(&progress)),
    };
    if AZURITE_PORTS.iter().all(|port| is_free(*port)) {
        match Azurite::start(options(Some(AZURITE_PORTS))).await {
            // Somebody may have been faster.
            Err(AzuriteError::Start(_)) => {}
            outcome => return outcome,
        }
    }
    Azurite::start(options(None)).await
}

/// Starts the namespace on the emulator's port, or on a free one where somebody has that.
async fn start_namespace(plan: &Plan) -> Result<Namespace, event_hubs::Error> {
    let own = HubConfig {
        name: HUB.to_owned(),
        partitions: plan.partitions,
        consumer_groups: vec![GROUP.to_owned()],
    };
    // Those that rules tell of alerts: in Azure, the deployment makes them.
    let told = alert_hubs(&plan.dataset_file).into_iter();
    let told = told.map(|name| HubConfig {
        name,
        partitions: 1,
        consumer_groups: Vec::new(),
    });
    let hubs: Vec<HubConfig> = [own].into_iter().chain(told).collect();
    let config = |port| NamespaceConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        data_dir: Some(plan.state.hubs()),
        hubs: hubs.clone(),
    };
    match Namespace::start(config(AMQP_PORT)).await {
        Err(event_hubs::Error::Listen { .. }) => Namespace::start(config(0)).await,
        outcome => outcome,
    }
}

/// Returns the event hubs that the rules of a dataset file tell. What is wrong with the file is told by who reads it.
fn alert_hubs(dataset: &Path) -> BTreeSet<String> {
    let dataset = Dataset::load(dataset).ok();
    let alerts = dataset.into_iter().flat_map(|dataset| dataset.alerts);
    let targets = alerts.flat_map(|alert| alert.notify);
    let hubs = targets.filter(|target| target.kind == TargetKind::EventHub && target.name != HUB);
    hubs.map(|target| target.name).collect()
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Returns what takes the host's events in: it writes them to the log file and remembers what the screen shows.
fn listen(
    heard: Arc<Mutex<Heard>>,
    log: File,
    listener: Option<LogListener>,
) -> impl Fn(HostEvent) + Send + Sync {
    let log = Mutex::new(log);
    move |event| {
        let Some(line) = log_line(&event) else {
            return;
        };
        // A full disk must not end the pipeline.
        let _ = writeln!(log.lock().unwrap_or_else(PoisonError::into_inner), "{line}");
        let said: Option<Value> = match &event {
            HostEvent::Stdout { line } => serde_json::from_str(line).ok(),
            _ => None,
        };
        if let (Some(listener), Some(said)) = (&listener, &said) {
            listener(said);
        }
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_in(&event, said.as_ref());
    }
}

#[cfg(test)]
mod tests;
