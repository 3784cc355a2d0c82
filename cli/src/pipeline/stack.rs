//! What runs beside the pipeline: Azurite, the event hub, the Functions host with its handler.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use sluice::store::account::{AccountError, StorageAccount};
use sluice_local::azurite::{Azurite, AzuriteError, AzuriteOptions};
use sluice_local::event_hubs::{self, HubConfig, Namespace, NamespaceConfig, PartitionArrivals};
use sluice_local::functions_host::events::{EventSink, HostEvent};
use sluice_local::functions_host::{Host, HostOptions};
use sluice_local::hub_client::EventHubConnection;

use super::heard::{Heard, log_line};
use crate::output::say;
use crate::target::{self, Announced};

/// The hub's name, as in local.settings.json.
const HUB: &str = "events";
/// The consumer group that the host reads in, as in a deployment: `$Default` is left to the user's own consumers, because
/// an event processor takes a partition over from every other reader of its group.
const GROUP: &str = "sluice";
/// The ports that emulators use, taken where they are free, so that other tools find them.
const AMQP_PORT: u16 = 5672;
const AZURITE_PORTS: [u16; 3] = [10_000, 10_001, 10_002];

/// Hears every line of the handler's log, which is JSON.
pub(crate) type LogListener = Box<dyn Fn(&Value) + Send + Sync>;

/// What to start.
pub(crate) struct Plan {
    /// The folder with host.json.
    pub(crate) root: PathBuf,
    /// The dataset's state.
    pub(crate) state_dir: PathBuf,
    /// The handler.
    pub(crate) handler: PathBuf,
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
}

impl Plan {
    /// The setting `GoldDatabase`.
    fn gold(&self) -> String {
        let file = || format!("sqlite:{}", self.state_dir.join("gold.db").display());
        self.gold.clone().unwrap_or_else(file)
    }

    /// The app settings of a stack with this storage and this hub.
    fn values(&self, storage: &str, hub: &str) -> BTreeMap<String, String> {
        let handler = "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath";
        let mut values: BTreeMap<String, String> = [
            ("AzureWebJobsStorage", storage.to_owned()),
            ("LakeStorage", storage.to_owned()),
            ("EventHubConnection", hub.to_owned()),
            ("EVENTHUB_NAME", HUB.to_owned()),
            ("GoldDatabase", self.gold()),
            ("EVENTHUB_CONSUMER_GROUP", GROUP.to_owned()),
            ("DATASET", self.dataset_file.display().to_string()),
            (handler, self.handler.display().to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        values.extend(self.settings.clone());
        values
    }
}

/// The running parts.
pub(crate) struct Stack {
    azurite: Azurite,
    namespace: Namespace,
    host: Host,
    heard: Arc<Mutex<Heard>>,
    gold: String,
    log_file: PathBuf,
    /// Where the other commands find this stack.
    announced: Announced,
}

impl Stack {
    /// Starts everything.
    pub(crate) async fn start(plan: Plan) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let azurite = start_azurite(&plan.state_dir).await?;
        let namespace = start_namespace(&plan).await?;

        let gold = plan.gold();
        let values = plan.values(&azurite.connection_string(), &namespace.connection_string());
        let account = account_of(&azurite)?;
        let announced = target::announce(&plan.state_dir, &values, &account).await?;
        let log_file = plan.state_dir.join("host.log");
        let heard = Arc::new(Mutex::new(Heard::default()));
        let mut options = HostOptions::new(plan.root);
        options.settings = values;
        let receive = listen(Arc::clone(&heard), File::create(&log_file)?, plan.listener);
        options.events = EventSink::new(receive);
        let host = Host::start(options).await?;
        Ok(Self {
            azurite,
            namespace,
            host,
            heard,
            gold,
            log_file,
            announced,
        })
    }

    /// The storage account of lake and state.
    pub(crate) fn account(&self) -> Result<StorageAccount, AccountError> {
        account_of(&self.azurite)
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
        self.namespace
            .stats()
            .iter()
            .map(|partition| partition.events)
            .sum()
    }

    /// When every event of the hub was enqueued.
    pub(crate) async fn arrivals(&self) -> Result<Vec<PartitionArrivals>, event_hubs::Error> {
        self.namespace.arrivals().await
    }

    /// The ids of the processes of Azurite and of the handler, which is there once it has started.
    pub(crate) fn processes(&self) -> (u32, Option<u32>) {
        (self.azurite.process_id(), self.host.handler_process())
    }

    /// What the handler has said.
    pub(crate) fn heard(&self) -> Heard {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Where everything that host and handler say is written.
    pub(crate) fn log_file(&self) -> &Path {
        &self.log_file
    }

    /// Returns when the host stops by itself, which it does when the handler fails for the third time, and says so.
    pub(crate) async fn failure(&self) -> String {
        self.host.stopped().await;
        format!(
            "the handler failed three times and the host stopped; see {}",
            self.log_file.display()
        )
    }

    /// Runs gold now instead of at the next tick of its timer.
    pub(crate) async fn publish_now(&self) {
        // A failure is in the log, and the next tick tries again.
        let _ = self.host.trigger("gold").await;
    }

    /// Stops everything, the handler first.
    pub(crate) async fn shutdown(self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.announced.retract().await;
        self.host.shutdown().await;
        let namespace = self.namespace.shutdown().await;
        self.azurite.shutdown().await?;
        namespace?;
        Ok(())
    }
}

fn account_of(azurite: &Azurite) -> Result<StorageAccount, AccountError> {
    StorageAccount::from_connection_string("LakeStorage", &azurite.connection_string())
}

/// Starts Azurite on its usual ports, or on free ones where somebody has those.
async fn start_azurite(state_dir: &Path) -> Result<Azurite, AzuriteError> {
    let options = |ports| AzuriteOptions {
        data_dir: Some(state_dir.join("azurite")),
        ports,
        install_dir: None,
        progress: Some(Arc::new(|line: &str| say(line))),
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
    let config = |port| NamespaceConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        data_dir: Some(plan.state_dir.join("event-hubs")),
        hubs: vec![HubConfig {
            name: HUB.to_owned(),
            partitions: plan.partitions,
            consumer_groups: vec![GROUP.to_owned()],
        }],
    };
    match Namespace::start(config(AMQP_PORT)).await {
        Err(event_hubs::Error::Listen { .. }) => Namespace::start(config(0)).await,
        outcome => outcome,
    }
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
