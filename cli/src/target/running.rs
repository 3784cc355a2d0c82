//! The pipelines of `sluice up` on this machine: which run, which have ended without a word, and which of them a command
//! is about.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sluice::dataset::{Dataset, LoadDatasetError};
use sluice::store::account::StorageAccount;
use sluice_local::event_hubs::{NamespaceIdentity, ask_identity};
use thiserror::Error;

use super::announcement::{Marker, STACK_FILE, Values, read_marker};
use super::file::read_file;
use super::reach::{answers, emulator, endpoint};
use super::several::{Running, Several};
use crate::output::shell_word;

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

/// It cannot be told which pipeline is meant, or it does not run.
#[derive(Debug, Error)]
pub(crate) enum RunningError {
    /// The pipeline that the command line names does not run.
    #[error(
        "no pipeline of `sluice up` {wanted}runs with its state in {}{stale}; start it with {start}, or leave {option} out to look at the pipeline that the settings name{others}", state_dir.display()
    )]
    NotRunning {
        state_dir: PathBuf,
        wanted: Box<str>,
        stale: String,
        /// The command line that starts it, and what the present one named.
        start: Box<str>,
        option: &'static str,
        /// Those that run elsewhere.
        others: Box<str>,
    },
    /// Several pipelines run.
    #[error(transparent)]
    Several(#[from] Several),
    /// The command line names a dataset of two pipelines.
    #[error(
        "dataset {dataset} is that of the pipeline that `sluice up` runs with its state in {}, and the environment names a pipeline, too; for the running one give --state-dir {}, for the other leave --dataset out and set DATASET", state_dir.display(), shell_word(&state_dir.display().to_string())
    )]
    Both { dataset: String, state_dir: PathBuf },
    /// The command line names another dataset than the environment, which names the pipeline.
    #[error(
        "the pipeline that the environment names is of dataset {theirs} (DATASET), and --dataset is {dataset}: leave one of them out"
    )]
    Otherwise { dataset: String, theirs: String },
    /// The dataset file that says which one is meant cannot be used.
    #[error(transparent)]
    Dataset(#[from] LoadDatasetError),
}

impl RunningError {
    /// Names those that run elsewhere, if it is that the one which is meant does not.
    pub(super) fn beside(mut self, running: &[String]) -> Self {
        if let (Self::NotRunning { others, .. }, false) = (&mut self, running.is_empty()) {
            *others = format!(". These run:\n  {}", running.join("\n  ")).into();
        }
        self
    }

    /// Returns whether the command line is to be changed.
    pub(super) fn is_usage(&self) -> bool {
        match self {
            Self::Several(_) | Self::Both { .. } | Self::Otherwise { .. } => true,
            Self::Dataset(error) => is_not_there(error),
            _ => false,
        }
    }
}

/// Returns whether a dataset file was named that is not there.
pub(crate) fn is_not_there(error: &LoadDatasetError) -> bool {
    matches!(error, LoadDatasetError::Read { source, .. } if source.kind() == ErrorKind::NotFound)
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

    /// Returns whether any runs.
    pub(super) fn is_any(&self) -> bool {
        !self.running.is_empty()
    }

    /// Returns the only one that runs; dataset files are named as seen from `here`.
    pub(super) fn choose(
        mut self,
        state_dir: &Path,
        here: &Path,
    ) -> Result<Option<Stack>, Several> {
        if self.running.len() < 2 {
            return Ok(self.running.pop());
        }
        let running = self.running.iter();
        let mut running: Vec<_> = running.map(|stack| stack.described(here)).collect();
        running.sort_by(|one, other| one.dataset.cmp(&other.dataset));
        Err(Several {
            state_dir: state_dir.to_owned(),
            running,
        })
    }

    /// Says that none runs, and what was left behind.
    pub(super) fn not_running(
        &self,
        state_dir: &Path,
        dataset: Option<&str>,
        is_folder_named: bool,
    ) -> RunningError {
        let stale = self.stale.iter();
        let stale = stale.map(|file| {
            format!(
                " ({} was left behind by a run that did not end properly)",
                file.display()
            )
        });
        let (start, option) = match is_folder_named {
            true => {
                let folder = shell_word(&state_dir.display().to_string());
                (format!("`sluice up --state-dir {folder}`"), "--state-dir")
            }
            false => ("`sluice up --dataset FILE`".to_owned(), "--dataset"),
        };
        RunningError::NotRunning {
            state_dir: state_dir.to_owned(),
            wanted: dataset.map_or_else(Box::default, |name| format!("for dataset {name} ").into()),
            stale: stale.collect(),
            start: start.into(),
            option,
            others: Box::default(),
        }
    }

    /// Lists those that run; dataset files are named as seen from `here`.
    pub(super) fn listed(&self, here: &Path) -> Vec<String> {
        let running = self.running.iter();
        let mut lines: Vec<_> = running.map(|stack| stack.described(here).line()).collect();
        lines.sort();
        lines
    }
}

impl Stack {
    fn described(&self, here: &Path) -> Running {
        let folder = self.file.parent().unwrap_or(&self.file).to_owned();
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let value = |name: &str| self.values.get(name).map_or("", String::as_str);
        let storage = StorageAccount::from_connection_string("LakeStorage", value("lakestorage"));
        let storage = storage.ok().and_then(|it| it.blob_service_url().ok());
        let file = Path::new(value("dataset"));
        Running {
            dataset: name.to_string_lossy().into_owned(),
            file: file.strip_prefix(here).unwrap_or(file).to_owned(),
            storage: storage.map_or_else(String::new, |url| url.authority().to_owned()),
            hub: endpoint(value("eventhubconnection"))
                .unwrap_or_default()
                .to_owned(),
            // It is written when the pipeline starts.
            since: self.file.metadata().and_then(|it| it.modified()).ok(),
            state_dir: folder,
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
