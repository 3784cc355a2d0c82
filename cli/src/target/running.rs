//! The pipelines of `sluice up` on this machine: which run, which have ended without a word, and which of them a command
//! is about.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sluice::dataset::{Dataset, LoadDatasetError};
use sluice::store::account::StorageAccount;
use sluice_local::event_hubs::{NamespaceIdentity, ask_identity};
use thiserror::Error;

use super::announcement::{Marker, STACK_FILE, Values, read_marker};
use super::file::read_file;
use super::reach::{answers, emulator};

/// How long a storage on this machine may take to say whose it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// What answers at the address of a storage or an event hub on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing does.
    Nothing,
    /// One that says nothing of a pipeline.
    Somebody,
    /// One of a pipeline of `sluice up`.
    Pipeline(Marker),
}

/// Asks storages and event hubs who they are.
pub(super) trait Probe {
    /// Asks the storage of this connection string.
    async fn ask(&self, connection: &str) -> Answer;
    /// Asks the event hub of this connection string.
    async fn ask_hub(&self, connection: &str) -> Answer;
}

/// Asks over the network; what is not on this machine is not asked.
pub(super) struct Network;

impl Probe for Network {
    async fn ask(&self, connection: &str) -> Answer {
        let account = StorageAccount::from_connection_string("LakeStorage", connection);
        let Ok(account) = account else {
            return Answer::Nothing;
        };
        let url = account.blob_service_url().ok();
        let Some(url) = url.filter(|url| url.scheme() == "http") else {
            return Answer::Somebody;
        };
        let place = url.host_str().zip(url.port_or_known_default());
        if !place.is_some_and(|(host, port)| answers(host, port)) {
            return Answer::Nothing;
        }
        let marker = tokio::time::timeout(PATIENCE, read_marker(&account)).await;
        match marker {
            Ok(Some(marker)) => Answer::Pipeline(marker),
            Ok(None) | Err(_) => Answer::Somebody,
        }
    }

    async fn ask_hub(&self, connection: &str) -> Answer {
        // Only an emulator has an address with a port, or none that is not this machine's.
        let Some((host, port)) = emulator(connection) else {
            return Answer::Somebody;
        };
        match ask_identity(&host, port).await {
            NamespaceIdentity::Nobody => Answer::Nothing,
            NamespaceIdentity::Somebody => Answer::Somebody,
            // What nobody understands says nothing.
            NamespaceIdentity::Said(line) => {
                serde_json::from_str(&line).map_or(Answer::Somebody, Answer::Pipeline)
            }
        }
    }
}

/// A settings file that a run of `sluice up` has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stack {
    pub(super) file: PathBuf,
    pub(super) values: Values,
}

/// No pipeline runs where the command line says, or too many do.
#[derive(Debug, Error)]
pub(crate) enum RunningError {
    /// No pipeline runs in the folder.
    #[error(
        "no pipeline of `sluice up` {wanted}runs with its state in {}{stale}; start it with `sluice up --state-dir {}`, or leave --state-dir out to look at the pipeline that the settings name", state_dir.display(), state_dir.display()
    )]
    NotRunning {
        state_dir: PathBuf,
        wanted: String,
        stale: String,
    },
    /// Several pipelines run.
    #[error("several pipelines run on this machine ({}); say which one: --dataset FILE", .0.join(", "))]
    Several(Vec<String>),
    /// The dataset file that says which one is meant cannot be used.
    #[error(transparent)]
    Dataset(#[from] LoadDatasetError),
}

/// The settings files in a folder of states.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    /// Those of pipelines that run.
    running: Vec<Stack>,
    /// Those that runs have left behind which were killed.
    stale: Vec<PathBuf>,
}

impl Stacks {
    /// Looks at all of them, or at that of one dataset.
    pub(super) async fn look(state_dir: &Path, dataset: Option<&str>, probe: &impl Probe) -> Self {
        let files: Vec<PathBuf> = match dataset {
            Some(name) => vec![state_dir.join(name).join(STACK_FILE)],
            None => {
                let folders = std::fs::read_dir(state_dir).into_iter().flatten().flatten();
                folders
                    .map(|folder| folder.path().join(STACK_FILE))
                    .collect()
            }
        };
        let mut found = Self::default();
        for file in files.into_iter().filter(|file| file.is_file()) {
            match running(&file, probe).await {
                Some(values) => found.running.push(Stack { file, values }),
                None => found.stale.push(file),
            }
        }
        found
    }

    /// Returns the only one that runs, or of several that of the dataset `preferred`.
    pub(super) fn choose(
        mut self,
        state_dir: &Path,
        preferred: Option<&str>,
    ) -> Result<Option<Stack>, RunningError> {
        if self.running.len() < 2 {
            return Ok(self.running.pop());
        }
        let file = preferred.map(|name| state_dir.join(name).join(STACK_FILE));
        let mut running = self.running.iter();
        if let Some(found) = running.position(|stack| Some(&stack.file) == file.as_ref()) {
            return Ok(Some(self.running.swap_remove(found)));
        }
        let folders = self.running.iter();
        let names = folders.filter_map(|stack| stack.file.parent()?.file_name());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        Err(RunningError::Several(names.collect()))
    }

    /// Says that none runs, and what was left behind.
    pub(super) fn not_running(&self, state_dir: &Path, dataset: Option<&str>) -> RunningError {
        let stale = self.stale.iter();
        let stale = stale.map(|file| {
            format!(
                " ({} was left behind by a run that did not end properly)",
                file.display()
            )
        });
        RunningError::NotRunning {
            state_dir: state_dir.to_owned(),
            wanted: dataset.map_or_else(String::new, |name| format!("for dataset {name} ")),
            stale: stale.collect(),
        }
    }
}

/// Reads the settings of a pipeline, if its storage and its event hub repeat its token.
async fn running(file: &Path, probe: &impl Probe) -> Option<Values> {
    // What cannot be read was not written by a run that goes on.
    let read = read_file(file).ok()?;
    let token = read.token?;
    let is_its =
        |answer| matches!(answer, Answer::Pipeline(Marker { token: said, .. }) if said == token);
    let is_whole = is_its(probe.ask(read.values.get("lakestorage")?).await)
        && is_its(probe.ask_hub(read.values.get("eventhubconnection")?).await);
    is_whole.then_some(read.values)
}

/// The name of a dataset file's dataset.
pub(super) fn dataset_name(file: &Path) -> Result<String, LoadDatasetError> {
    Dataset::load(file).map(|dataset| dataset.name)
}
