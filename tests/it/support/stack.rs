//! The whole pipeline on real wires, each test with an Azurite, an event hub and a host of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use sluice::dataset::Dataset;
use sluice::store::account::StorageAccount;
use sluice::store::entity::{AzureEntityStore, STATE_TABLE};
use sluice::store::object::{AzureObjectStore, ObjectStore};
use sluice::table::log::{CommitLog, Counts, Version};
use sluice::warehouse;
use sluice::warehouse::Warehouse;
use sluice::warehouse::schema::GoldSchema;
use sluice_local::azurite::{Azurite, AzuriteOptions};
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::functions_host::events::{EventSink, HostEvent};
use sluice_local::functions_host::{Host, HostOptions};
use sluice_local::hub_client::{Destination, EventHubConnection, Producer};
use testkit::read;

/// How long a test waits for the pipeline to come to rest.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it looks.
const POLL: Duration = Duration::from_millis(100);

/// The running pipeline.
pub(crate) struct Stack {
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) lake: Arc<dyn ObjectStore>,
    pub(crate) log: CommitLog,
    pub(crate) warehouse: Arc<dyn Warehouse>,
    pub(crate) output: Arc<Mutex<Vec<String>>>,
    azurite: Azurite,
    /// There but while a copy takes over.
    namespace: Option<Namespace>,
    settings: BTreeMap<String, String>,
    host: Option<Host>,
    folder: tempfile::TempDir,
}

impl Stack {
    /// Starts everything with the dataset file of the repository.
    pub(crate) async fn start(dataset_file: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let azurite = Azurite::start(AzuriteOptions::default())
            .await
            .expect("Azurite starts");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let namespace = start_namespace(address, &folder.path().join("hubs")).await;

        let dataset_file = root().join(dataset_file);
        let dataset = Arc::new(Dataset::load(&dataset_file).expect("the dataset file is valid"));
        let gold = format!("sqlite:{}", folder.path().join("gold.db").display());
        let storage = azurite.connection_string();
        let settings = [
            ("AzureWebJobsStorage", storage.clone()),
            ("LakeStorage", storage.clone()),
            ("EventHubConnection", namespace.connection_string()),
            ("EVENTHUB_NAME", "events".to_owned()),
            ("GoldDatabase", gold.clone()),
            ("GOLD_SCHEDULE", "* * * * * *".to_owned()),
            ("DATASET", dataset_file.display().to_string()),
            (
                "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath",
                env!("CARGO_BIN_EXE_handler").to_owned(),
            ),
        ];
        let settings = settings
            .map(|(name, value)| (name.to_owned(), value))
            .into();

        let account = StorageAccount::from_connection_string("LakeStorage", &storage)
            .expect("Azurite's connection string is one");
        let lake: Arc<dyn ObjectStore> = Arc::new(AzureObjectStore::new(&account).expect("a lake"));
        let state = Arc::new(AzureEntityStore::new(&account, STATE_TABLE).expect("a state table"));
        let log = CommitLog::new(state, Arc::clone(&lake), &dataset);
        let warehouse = warehouse::connect(&gold, GoldSchema::of(&dataset).expect("a schema"))
            .expect("a warehouse");
        let mut stack = Self {
            dataset,
            lake,
            log,
            warehouse,
            output: Arc::default(),
            azurite,
            namespace: Some(namespace),
            settings,
            host: None,
            folder,
        };
        stack.start_host().await;
        stack
    }

    /// Starts the Functions host with the handler.
    pub(crate) async fn start_host(&mut self) {
        let output = Arc::clone(&self.output);
        let mut options = HostOptions::new(root());
        options.settings = self.settings.clone();
        options.events = EventSink::new(move |event| {
            let line = match event {
                HostEvent::Stdout { line } => line,
                other => format!("{other:?}"),
            };
            output
                .lock()
                .expect("no test panics while it logs")
                .push(line);
        });
        self.host = Some(Host::start(options).await.expect("the host starts"));
    }

    /// Stops host and handler, as a deployment or a scale-in does.
    pub(crate) async fn stop_host(&mut self) {
        if let Some(host) = self.host.take() {
            host.shutdown().await;
        }
    }

    /// Kills the handler at once, as the host does whenever it likes, and waits until another one has taken its place.
    pub(crate) async fn kill_handler(&self) {
        let killed = self.handler().await;
        let status = std::process::Command::new("kill")
            .args(["-KILL", &killed.to_string()])
            .status()
            .expect("there is a kill command");
        assert!(status.success());
        while self.handler().await == killed {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits for the handler of this stack, and returns its process id: that of the process whose environment has this
    /// stack's warehouse.
    async fn handler(&self) -> u32 {
        let mark = format!("GoldDatabase={}", self.settings["GoldDatabase"]);
        let has_mark = |pid: &u32| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            let mut variables = environment.split(|byte| *byte == 0);
            variables.any(|variable| variable == mark.as_bytes())
        };
        let find = async {
            loop {
                let processes = std::fs::read_dir("/proc").expect("processes can be listed");
                let names = processes.flatten().map(|entry| entry.file_name());
                let ids = names.filter_map(|name| name.to_str()?.parse().ok());
                if let Some(pid) = ids.into_iter().find(has_mark) {
                    return pid;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        tokio::time::timeout(PATIENCE, find)
            .await
            .expect("a handler runs")
    }

    /// Sends events in batches, to a partition or wherever the hub puts them.
    pub(crate) async fn send(&self, events: &[Bytes], to: &Destination) {
        let text = &self.settings["EventHubConnection"];
        let connection = EventHubConnection::parse(text, Some("events")).expect("a connection");
        let producer = Producer::connect(connection)
            .await
            .expect("the hub answers");
        producer
            .send(events.to_vec(), to)
            .await
            .expect("the hub takes events");
        producer.close().await;
    }

    /// Waits until silver has accounted for `lines` lines and gold has published them all; returns what became of them.
    pub(crate) async fn settle(&self, lines: u64) -> Counts {
        let settled = async {
            loop {
                if let Some(counts) = self.settled(lines).await {
                    return counts;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(PATIENCE, settled).await {
            Ok(counts) => counts,
            Err(_) => panic!("{lines} lines did not arrive:\n{}", self.tail()),
        }
    }

    async fn settled(&self, lines: u64) -> Option<Counts> {
        let head = self.log.head().await.expect("the head can be read")?;
        let commits = self
            .log
            .commits_from_start(head.version)
            .await
            .expect("the log is whole");
        let mut counts = Counts::default();
        commits.iter().for_each(|commit| counts.add(&commit.counts));
        let published = self.published().await;
        (counts.lines >= lines && published == Some(head.version)).then_some(counts)
    }

    async fn published(&self) -> Option<Version> {
        let progress = self.warehouse.progress().await.ok()?;
        let complete = progress.len() == self.dataset.gold.len();
        progress
            .values()
            .map(|progress| progress.version)
            .min()
            .filter(|_| complete)
    }

    /// Returns the bodies that bronze holds, in no particular order.
    pub(crate) async fn bronze_bodies(&self) -> Vec<Vec<u8>> {
        let objects = read::bronze(&self.lake, &self.dataset.name).await;
        objects.into_iter().flat_map(|(_, bodies)| bodies).collect()
    }

    /// Copies the data of the hub as it is now. Its clients are cut off for a moment.
    pub(crate) async fn copy_hub(&mut self) -> PathBuf {
        let (hubs, copy) = (self.hubs(), self.folder.path().join("copy"));
        let address = self.stop_namespace().await;
        copy_folder(&hubs, &copy);
        self.namespace = Some(start_namespace(address, &hubs).await);
        copy
    }

    /// Lets a copy of the hub take its place, at its address.
    pub(crate) async fn take_over(&mut self, copy: &Path) {
        let address = self.stop_namespace().await;
        std::fs::remove_dir_all(self.hubs()).expect("the hub's data can be removed");
        copy_folder(copy, &self.hubs());
        self.namespace = Some(start_namespace(address, &self.hubs()).await);
    }

    fn hubs(&self) -> PathBuf {
        self.folder.path().join("hubs")
    }

    async fn stop_namespace(&mut self) -> SocketAddr {
        let namespace = self.namespace.take().expect("the namespace runs");
        let address = namespace.local_addr();
        namespace.shutdown().await.expect("the namespace stops");
        address
    }

    /// Waits until the host or the handler has said something with this text in it.
    pub(crate) async fn says(&self, text: &str) {
        let has_said = || {
            let output = self.output.lock().expect("no test panics while it logs");
            output.iter().any(|line| line.contains(text))
        };
        let said = async {
            while !has_said() {
                tokio::time::sleep(POLL).await;
            }
        };
        let said = tokio::time::timeout(PATIENCE, said).await;
        assert!(said.is_ok(), "nobody said {text:?}:\n{}", self.tail());
    }

    /// Returns a client of the storage, which sees more than the lake.
    pub(crate) fn azure_lake(&self) -> AzureObjectStore {
        let storage = self.azurite.connection_string();
        let account = StorageAccount::from_connection_string("LakeStorage", &storage)
            .expect("Azurite's connection string is one");
        AzureObjectStore::new(&account).expect("a lake")
    }

    /// Ends everything.
    pub(crate) async fn shutdown(mut self) {
        self.stop_host().await;
        self.stop_namespace().await;
        self.azurite.shutdown().await.expect("Azurite stops");
    }

    fn tail(&self) -> String {
        let output = self.output.lock().expect("no test panics while it logs");
        output
            .iter()
            .rev()
            .take(30)
            .rev()
            .cloned()
            .collect::<Vec<_>>()
            .join("\n")
    }
}

async fn start_namespace(listen: SocketAddr, data_dir: &Path) -> Namespace {
    let config = NamespaceConfig {
        listen,
        data_dir: Some(data_dir.to_owned()),
        hubs: vec![HubConfig {
            name: "events".to_owned(),
            partitions: 2,
            consumer_groups: Vec::new(),
        }],
    };
    Namespace::start(config)
        .await
        .expect("the namespace starts")
}

/// Copies a folder with all that is in it.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        match old.is_dir() {
            true => copy_folder(&old, &new),
            false => drop(std::fs::copy(&old, &new).expect("a file can be copied")),
        }
    }
}

/// The app root, which is the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
