//! The settings that every command but `up` works with: those of the handler.
//!
//! The connections of a pipeline all come from one place: the environment, or a pipeline that `sluice up` runs on this
//! machine, or `local.settings.json` of the app root, here or above. The first of these that names a storage or a hub
//! counts, so that the storage of one pipeline is never looked at beside the hub of another.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use sluice::store::account::StorageAccount;
use sluice::warehouse::azure_sql;
use thiserror::Error;

use super::announcement::{Marker, Values};
use super::file::{FileError, read_file};
use super::reach::endpoint;
use super::running::{Answer, Network, Probe, RunningError, Stack, Stacks, dataset_name};

/// The app settings of this machine.
pub(crate) const LOCAL_FILE: &str = "local.settings.json";
/// What makes a folder an app to the Functions host.
pub(crate) const HOST_FILE: &str = "host.json";
const DEFAULT_DATASET: &str = "datasets/orders.toml";
/// Where `up` keeps the state of pipelines, unless it is told.
pub(crate) const DEFAULT_STATE_DIR: &str = ".sluice";
/// The variable that says where.
pub(crate) const STATE_DIR: &str = "SLUICE_STATE_DIR";
/// The settings that say which pipeline it is, in lower case.
const PIPELINE: [&str; 4] = [
    "lakestorage",
    "azurewebjobsstorage",
    "statestorage",
    "eventhubconnection",
];
/// Those of them that are storages.
const STORAGES: [&str; 3] = ["lakestorage", "azurewebjobsstorage", "statestorage"];
/// The settings that are taken from the same place as those.
const BESIDE: [&str; 3] = ["eventhub_name", "eventhub_consumer_group", "golddatabase"];

/// Which pipeline a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct SettingsArguments {
    /// The dataset file; otherwise the setting DATASET, or the one that `sluice up` runs
    #[arg(short, long, value_name = "FILE")]
    pub(crate) dataset: Option<PathBuf>,
    /// The pipeline that `sluice up` runs with its state here; without it one in .sluice, or that of the settings
    #[arg(long, value_name = "DIR", env = STATE_DIR)]
    pub(crate) state_dir: Option<PathBuf>,
}

/// Settings that cannot be found or make no sense.
#[derive(Debug, Error)]
pub(crate) enum FindError {
    /// The folder that the command runs in has gone.
    #[error("find the settings: the current folder cannot be read")]
    Here(#[source] std::io::Error),
    /// A settings file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be told which pipeline is meant, or it does not run.
    #[error(transparent)]
    Running(#[from] RunningError),
}

/// The storage or the event hub that the settings name is that of a pipeline that `sluice up` runs elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the {what}, which {file} names, is that of another pipeline: `sluice up` runs it with its state in {state_dir}. To look at that one, name it: --state-dir {parent}; or start one of your own with `sluice up`"
)]
pub(crate) struct ForeignPipeline {
    what: String,
    file: String,
    state_dir: String,
    parent: String,
}

/// Returns the nearest folder with an app or the settings of one, here or above.
pub(crate) fn app_root(from: &Path) -> Option<&Path> {
    let holds = |folder: &&Path| {
        let mut files = [LOCAL_FILE, HOST_FILE].into_iter();
        files.any(|file| folder.join(file).is_file())
    };
    from.ancestors().find(holds)
}

/// Returns the dataset file of the app at `root`: the setting DATASET of local.settings.json, or that of the repository.
///
/// # Errors
/// Fails if there is a settings file that cannot be used.
pub(crate) fn default_dataset(root: &Path) -> Result<PathBuf, FileError> {
    let file = root.join(LOCAL_FILE);
    let values = match file.is_file() {
        true => read_file(&file)?.values,
        false => Values::new(),
    };
    let dataset = values
        .get("dataset")
        .map_or(DEFAULT_DATASET, String::as_str);
    Ok(root.join(dataset))
}

/// The settings, from all places.
#[derive(Debug)]
pub(crate) struct AppSettings {
    root: PathBuf,
    dataset: PathBuf,
    /// By name in lower case, as .NET compares them; the first layer that has a name counts.
    layers: Vec<Values>,
    /// The last layer that connections are taken from.
    connections: usize,
    /// Where they come from, for people.
    pub(crate) origin: String,
    foreign: Option<ForeignPipeline>,
}

impl AppSettings {
    /// Finds the settings.
    pub(crate) async fn find(arguments: &SettingsArguments) -> Result<Self, FindError> {
        let here = std::env::current_dir().map_err(FindError::Here)?;
        // A variable that is not Unicode is not one of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let environment = variables.map(|(name, value)| (name.to_lowercase(), value));
        Self::find_from(&here, environment.collect(), arguments, &Network).await
    }

    async fn find_from(
        here: &Path,
        environment: Values,
        arguments: &SettingsArguments,
        probe: &impl Probe,
    ) -> Result<Self, FindError> {
        let root = app_root(here).unwrap_or(here).to_owned();
        let local_file = root.join(LOCAL_FILE);
        let local = match local_file.is_file() {
            true => read_file(&local_file)?.values,
            false => BTreeMap::new(),
        };
        let from_environment = || Some(root.join(environment.get("dataset")?));
        let from_arguments = arguments.dataset.as_ref().map(|path| here.join(path));
        let given = from_arguments.or_else(from_environment);
        let fallback = local.get("dataset").map_or(DEFAULT_DATASET, String::as_str);
        let fallback = root.join(fallback);
        let places = Places {
            root: &root,
            given: given.as_deref(),
            fallback: &fallback,
            is_named: names_pipeline(&environment),
        };
        let stack = places
            .find_stack(arguments.state_dir.as_deref(), probe)
            .await?;
        let dataset = stack.as_ref().and_then(|stack| stack.values.get("dataset"));
        let dataset = given.clone().or_else(|| dataset.map(PathBuf::from));
        let is_local = stack.is_none() && !names_pipeline(&environment);
        let foreign = match is_local {
            true => foreign(&local, &local_file, probe).await,
            false => None,
        };
        let (layers, origin) = layers(
            stack,
            environment,
            local,
            &local_file,
            arguments.state_dir.is_some(),
        );
        Ok(Self {
            dataset: dataset.unwrap_or(fallback),
            connections: layers
                .iter()
                .position(names_pipeline)
                .unwrap_or(layers.len()),
            root,
            layers,
            origin,
            foreign,
        })
    }

    /// Refuses storage and hub of a pipeline that `sluice up` runs elsewhere: nobody has named it.
    ///
    /// # Errors
    /// Fails with whose they are.
    pub(crate) fn own(&self) -> Result<(), ForeignPipeline> {
        self.foreign.clone().map_or(Ok(()), Err)
    }

    /// The value of a setting that is there and not empty.
    ///
    /// The first place that says anything about a connection says everything about it: an account of the environment
    /// is not mixed with a connection string of a file.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let wanted = group(&name);
        let is_connection = PIPELINE.contains(&wanted) || BESIDE.contains(&wanted);
        let places = match is_connection {
            true => self.connections.saturating_add(1),
            false => self.layers.len(),
        };
        let mut layers = self.layers.iter().take(places);
        let layer = layers.find(|layer| {
            let mut values = layer.iter();
            values.any(|(key, value)| group(key) == wanted && !value.trim().is_empty())
        })?;
        let found = layer.get(&name);
        found.filter(|value| !value.trim().is_empty()).cloned()
    }

    /// The dataset file.
    pub(crate) fn dataset_file(&self) -> &Path {
        &self.dataset
    }

    /// The setting `GoldDatabase`, with the path of a file made absolute: the handler runs in the app root.
    pub(crate) fn gold(&self) -> Option<String> {
        let gold = self.get("GoldDatabase")?;
        Some(match gold.strip_prefix("sqlite:") {
            Some(path) => format!("sqlite:{}", self.root.join(path).display()),
            None => gold,
        })
    }

    /// The value of a setting as the handler is to have it: as [`Self::get`], but for gold, whose path is made absolute.
    pub(crate) fn lookup(&self, name: &str) -> Option<String> {
        match name {
            "GoldDatabase" => self.gold(),
            name => self.get(name),
        }
    }

    /// The app root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Says for people what a command is about: the storage, the hub and gold, without secrets, and who names them.
    pub(crate) fn target(&self) -> String {
        let storage = StorageAccount::from_settings("LakeStorage", &|name| self.get(name));
        let storage = storage.and_then(|account| account.blob_service_url());
        let storage = storage.map_or_else(|_| "none".to_owned(), |url| url.to_string());
        let hub = self.get("EventHubConnection");
        let hub = hub.as_deref().and_then(endpoint).map(str::to_owned);
        let hub = hub.or_else(|| self.get("EventHubConnection__fullyQualifiedNamespace"));
        let name = self.get("EVENTHUB_NAME");
        let hub = hub.zip(name).map(|(place, name)| format!("{place}/{name}"));
        let gold = self.gold().map(|gold| match gold.strip_prefix("sqlite:") {
            Some(file) => file.to_owned(),
            None => azure_sql::address(&gold)
                .map_or_else(|_| "a database".to_owned(), |(s, d)| format!("{s}/{d}")),
        });
        let or_none = |place: Option<String>| place.unwrap_or_else(|| "none".to_owned());
        format!(
            "{}: storage {storage}, hub {}, gold {}",
            self.origin,
            or_none(hub),
            or_none(gold)
        )
    }
}

/// Where a command looks for the pipeline that it is about.
struct Places<'a> {
    root: &'a Path,
    given: Option<&'a Path>,
    fallback: &'a Path,
    /// The environment names a pipeline.
    is_named: bool,
}

impl Places<'_> {
    /// Finds a pipeline that runs: that of the given dataset, or the only one. The one that the command line names must
    /// run; without that, what the environment names comes first.
    async fn find_stack(
        &self,
        state_dir: Option<&Path>,
        probe: &impl Probe,
    ) -> Result<Option<Stack>, FindError> {
        let folder = self
            .root
            .join(state_dir.unwrap_or(Path::new(DEFAULT_STATE_DIR)));
        if state_dir.is_none() && self.is_named {
            return Ok(None);
        }
        let dataset = match self.given.map(dataset_name) {
            None => None,
            Some(Ok(name)) => Some(name),
            // Without a pipeline that must run the file is read again, and reported, where it is needed.
            Some(Err(_)) if state_dir.is_none() => return Ok(None),
            Some(Err(error)) => return Err(RunningError::from(error).into()),
        };
        let stacks = Stacks::look(&folder, dataset.as_deref(), probe).await;
        let missing = stacks.not_running(&folder, dataset.as_deref());
        let preferred = dataset_name(self.fallback).ok();
        match stacks.choose(&folder, preferred.as_deref())? {
            None if state_dir.is_some() => Err(missing.into()),
            found => Ok(found),
        }
    }
}

/// Puts the places in the order in which they count, and says what they are. A pipeline that the command line names comes
/// before the environment.
fn layers(
    stack: Option<Stack>,
    environment: Values,
    local: Values,
    local_file: &Path,
    is_explicit: bool,
) -> (Vec<Values>, String) {
    let origin = match &stack {
        Some(stack) => format!(
            "the environment and the pipeline of `sluice up` ({})",
            stack.file.display()
        ),
        None if names_pipeline(&environment) || local.is_empty() => "the environment".to_owned(),
        None => format!("the environment and {}", local_file.display()),
    };
    let layers = match (stack, is_explicit) {
        (Some(stack), true) => vec![stack.values, environment, local],
        (Some(stack), false) => vec![environment, stack.values, local],
        (None, _) => vec![environment, local],
    };
    (layers, origin)
}

/// Returns whether a place says which pipeline it is.
fn names_pipeline(values: &Values) -> bool {
    let mut named = values.iter().filter(|(_, value)| !value.trim().is_empty());
    named.any(|(name, _)| PIPELINE.contains(&group(name)))
}

/// Finds out whether a storage or the event hub of a settings file is that of a pipeline that runs elsewhere.
async fn foreign(values: &Values, file: &Path, probe: &impl Probe) -> Option<ForeignPipeline> {
    let storages = values.iter().filter(|(name, _)| !name.contains("__"));
    let storages = storages.filter(|(name, _)| STORAGES.contains(&group(name)));
    let storages: BTreeSet<&String> = storages.map(|(_, connection)| connection).collect();
    for connection in storages {
        if let Answer::Pipeline(marker) = probe.ask(connection).await {
            let account = StorageAccount::from_connection_string("LakeStorage", connection).ok();
            let url = account.and_then(|account| account.blob_service_url().ok());
            let address = url.map_or_else(String::new, |url| url.authority().to_owned());
            return Some(ForeignPipeline::of(
                format!("storage at {address}"),
                &marker,
                file,
            ));
        }
    }
    let hub = values.get("eventhubconnection")?;
    match probe.ask_hub(hub).await {
        Answer::Pipeline(marker) => {
            let address = endpoint(hub).unwrap_or_default();
            Some(ForeignPipeline::of(
                format!("event hub at {address}"),
                &marker,
                file,
            ))
        }
        _ => None,
    }
}

impl ForeignPipeline {
    fn of(what: String, marker: &Marker, file: &Path) -> Self {
        let parent = marker.state_dir.parent().unwrap_or(&marker.state_dir);
        Self {
            what,
            file: file.display().to_string(),
            state_dir: marker.state_dir.display().to_string(),
            parent: parent.display().to_string(),
        }
    }
}

/// The connection or setting that a name is about: `AzureWebJobsLakeStorage`, `LakeStorage` and
/// `LakeStorage__accountName` are about one. Names are in lower case.
fn group(name: &str) -> &str {
    let base = name.split("__").next().unwrap_or(name);
    match base.strip_prefix("azurewebjobs") {
        Some(rest) if !matches!(rest, "" | "storage") => rest,
        _ => base,
    }
}

#[cfg(test)]
impl AppSettings {
    /// Settings of the environment alone, for the app root `root`.
    pub(crate) fn of_environment(root: &Path, dataset: &Path, values: &[(&str, &str)]) -> Self {
        let values = values.iter();
        let environment = values.map(|(name, value)| (name.to_lowercase(), (*value).to_owned()));
        Self {
            root: root.to_owned(),
            dataset: dataset.to_owned(),
            layers: vec![environment.collect()],
            connections: 0,
            origin: "the environment".to_owned(),
            foreign: None,
        }
    }
}

#[cfg(test)]
mod tests;
