//! An app in a folder of its own, with a handler that does what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluice::store::account::StorageAccount;
use sluice_local::azurite::{Azurite, AzuriteOptions};
use sluice_local::functions_host::events::{EventSink, HostEvent, Level};
use sluice_local::functions_host::{Host, HostError, HostOptions};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// How long anything may take before a test gives up.
const TIMEOUT: Duration = Duration::from_secs(60);

/// One Azurite for all tests of this binary; it ends with the process.
pub(crate) async fn storage() -> String {
    static AZURITE: OnceCell<Azurite> = OnceCell::const_new();
    let start = || async {
        Azurite::start(AzuriteOptions::default())
            .await
            .expect("azurite")
    };
    AZURITE.get_or_init(start).await.connection_string()
}

/// Polls until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + TIMEOUT;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "timed out waiting for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An app root, and what its hosts and handlers have said.
pub(crate) struct App {
    root: TempDir,
    pub(crate) settings: BTreeMap<String, String>,
    /// Whether its hosts try poisoned blobs again.
    pub(crate) retry_poisoned: bool,
    /// What its hosts deliver again.
    pub(crate) deliver_again: BTreeSet<String>,
    /// Whether its hosts stop when the handler fails too often.
    pub(crate) gives_up: bool,
    events: Arc<Mutex<Vec<HostEvent>>>,
}

impl App {
    /// An app with these functions, given as name and function.json.
    pub(crate) async fn new(functions: &[(&str, Value)]) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let handler =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/functions_host/handler.mjs");
        let host = json!({
            "version": "2.0",
            "customHandler": {"description": {
                "defaultExecutablePath": "node",
                "arguments": [handler.to_str().expect("a path")],
            }},
        });
        write(&root.path().join("host.json"), &host);
        for (name, function) in functions {
            let folder = root.path().join(name);
            std::fs::create_dir(&folder).expect("a folder");
            write(&folder.join("function.json"), function);
        }
        let app = Self {
            root,
            settings: BTreeMap::new(),
            retry_poisoned: false,
            deliver_again: BTreeSet::new(),
            gives_up: true,
            events: Arc::default(),
        };
        let path = |name: &str| {
            app.root
                .path()
                .join(name)
                .to_str()
                .expect("a path")
                .to_owned()
        };
        let settings = BTreeMap::from([
            ("FUNCTIONS_WORKER_RUNTIME".to_owned(), "custom".to_owned()),
            ("AzureWebJobsStorage".to_owned(), storage().await),
            ("FAKE_LOG".to_owned(), path("requests.log")),
            ("FAKE_SCRIPT".to_owned(), path("script.json")),
        ]);
        Self { settings, ..app }
    }

    /// Sets an app setting.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Tells the handler what to do from now on.
    pub(crate) fn script(&self, script: Value) {
        // Renamed into place, so that the handler never reads half of it.
        let path = self.root.path().join("script.new");
        write(&path, &script);
        std::fs::rename(&path, self.root.path().join("script.json")).expect("renamed");
    }

    pub(crate) async fn start(&self) -> Host {
        self.try_start().await.expect("the host starts")
    }

    pub(crate) async fn try_start(&self) -> Result<Host, HostError> {
        let events = Arc::clone(&self.events);
        let mut options = HostOptions::new(self.root.path());
        options.settings = self.settings.clone();
        options.blob_poll = Duration::from_millis(50);
        options.drain = Duration::from_secs(2);
        options.retry_poisoned = self.retry_poisoned;
        options.deliver_again = self.deliver_again.clone();
        options.gives_up = self.gives_up;
        options.events = EventSink::new(move |event| events.lock().expect("lock").push(event));
        Host::start(options).await
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.root.path().join("requests.log"));
        let text = text.unwrap_or_default();
        // The last line may still be being written.
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()
    }

    /// What handler processes noted when they started.
    pub(crate) fn starts(&self) -> Vec<Value> {
        self.log()
            .into_iter()
            .filter(|entry| entry.get("started").is_some())
            .collect()
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.log()
            .into_iter()
            .filter(|entry| entry.get("function").is_some())
            .collect()
    }

    /// Waits for so many requests.
    pub(crate) async fn requested(&self, count: usize) -> Vec<Value> {
        eventually("requests", async || {
            let requests = self.requests();
            (requests.len() >= count).then_some(requests)
        })
        .await
    }

    /// The host's messages so far.
    pub(crate) fn messages(&self) -> Vec<String> {
        let events = self.events();
        let texts = events.into_iter().filter_map(|event| match event {
            HostEvent::Message { text, .. } => Some(text),
            _ => None,
        });
        texts.collect()
    }

    pub(crate) fn has_message(&self, start: &str) -> bool {
        self.messages().iter().any(|text| text.starts_with(start))
    }

    pub(crate) fn events(&self) -> Vec<HostEvent> {
        self.events.lock().expect("lock").clone()
    }

    /// Lines of standard error with their levels.
    pub(crate) fn stderr(&self) -> Vec<(Level, String)> {
        let events = self.events();
        let lines = events.into_iter().filter_map(|event| match event {
            HostEvent::Stderr { level, line } => Some((level, line)),
            _ => None,
        });
        lines.collect()
    }
}

/// The account that the tests' hosts use.
pub(crate) async fn account() -> StorageAccount {
    StorageAccount::from_connection_string("AzureWebJobsStorage", &storage().await)
        .expect("a connection string")
}

/// A header of a noted request.
pub(crate) fn header(request: &Value, name: &str) -> String {
    let headers = request["headers"].as_array().expect("headers");
    let at = headers
        .iter()
        .position(|header| {
            header
                .as_str()
                .is_some_and(|header| header.eq_ignore_ascii_case(name))
        })
        .expect(name);
    headers[at + 1].as_str().expect("a text").to_owned()
}

/// A timer that does not run by itself within a test.
pub(crate) fn yearly() -> Value {
    json!({"bindings": [
        {"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 0 0 1 1 *"}
    ]})
}

fn write(path: &Path, json: &Value) {
    std::fs::write(path, json.to_string()).expect("written");
}
