//! The settings that every command but `up` works with: those of the handler.
//!
//! The connections of a pipeline all come from one place: the environment, or a pipeline that `sluice up` runs on this
//! machine, or `local.settings.json` of the app root, here or above. The first of these that names a storage or a hub
//! counts, so that the storage of one pipeline is never looked at beside the hub of another. What the command line names
//! is what it is about, or nothing is: it never falls through to another place.

mod foreign;
mod names;
mod places;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use sluice::store::account::StorageAccount;
use thiserror::Error;

use super::announcement::Values;
use super::file::{FileError, read_file};
use super::reach::endpoint;
use super::running::{Network, Probe, RunningError, Stack};
use super::written::{Written, database};
use foreign::{ForeignPipeline, foreign};
use names::{group, is_of_the_pipeline, names_pipeline};
pub(crate) use places::DEFAULT_STATE_DIR;
use places::Places;

/// The app settings of this machine.
pub(crate) const LOCAL_FILE: &str = "local.settings.json";
/// What makes a folder an app to the Functions host.
pub(crate) const HOST_FILE: &str = "host.json";
const DEFAULT_DATASET: &str = "datasets/orders.toml";
/// The variable that says where.
pub(crate) const STATE_DIR: &str = "SLUICE_STATE_DIR";

/// Which pipeline a command is about.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SettingsArguments {
    /// The dataset file, whose pipeline must run or be named by the environment; otherwise the setting DATASET, or the one
    /// that `sluice up` runs
    #[arg(short, long, value_name = "FILE")]
    pub(crate) dataset: Option<PathBuf>,
    /// The pipeline that `sluice up` runs with its state here, and no other; without it one in .sluice, or that of the settings
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

impl FindError {
    /// Returns whether the command line is to be changed.
    pub(crate) fn is_usage(&self) -> bool {
        matches!(self, Self::Running(error) if error.is_usage())
    }
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
    /// Whose pipeline it is, for people.
    whose: String,
    foreign: Option<ForeignPipeline>,
}

impl AppSettings {
    /// Finds the settings; on a terminal it asks which of several pipelines is meant.
    pub(crate) async fn find(arguments: &SettingsArguments) -> Result<Self, FindError> {
        let here = std::env::current_dir().map_err(FindError::Here)?;
        match Self::find_from(&here, environment(), arguments, &Network).await {
            Err(FindError::Running(RunningError::Several(running))) => {
                let dataset = running.ask().map_err(RunningError::from)?;
                let meant = SettingsArguments {
                    dataset: Some(dataset),
                    ..arguments.clone()
                };
                Self::find_from(&here, environment(), &meant, &Network).await
            }
            found => found,
        }
    }

    /// Finds the settings of all pipelines that are meant, each with what names it: of those that `sluice up` runs where
    /// several do and the command line names none.
    pub(crate) async fn find_all(
        arguments: &SettingsArguments,
    ) -> Result<Vec<(SettingsArguments, Self)>, FindError> {
        let here = std::env::current_dir().map_err(FindError::Here)?;
        let find = |arguments: SettingsArguments| {
            let here = &here;
            async move {
                let found = Self::find_from(here, environment(), &arguments, &Network).await?;
                Ok((arguments, found))
            }
        };
        match find(arguments.clone()).await {
            Err(FindError::Running(RunningError::Several(several))) => {
                let mut all = Vec::new();
                for running in several.running {
                    let meant = SettingsArguments {
                        dataset: Some(here.join(running.file)),
                        ..arguments.clone()
                    };
                    all.push(find(meant).await?);
                }
                Ok(all)
            }
            found => Ok(vec![found?]),
        }
    }

    /// Finds the settings beside a pipeline that the command line names by its address: those that are of no pipeline.
    pub(crate) fn of_no_pipeline() -> Result<Self, FindError> {
        let here = std::env::current_dir().map_err(FindError::Here)?;
        let found = Local::read(&here)?;
        Ok(Self::of(
            found,
            None,
            environment(),
            &SettingsArguments::default(),
        ))
    }

    async fn find_from(
        here: &Path,
        environment: Values,
        arguments: &SettingsArguments,
        probe: &impl Probe,
    ) -> Result<Self, FindError> {
        let found = Local::read(here)?;
        let places = Places {
            here,
            root: &found.root,
            environment: &environment,
            state_dir: arguments.state_dir.as_deref(),
            dataset: arguments.dataset.as_ref().map(|path| here.join(path)),
        };
        let stack = places.find_stack(probe).await?;
        let is_local = stack.is_none() && !names_pipeline(&environment);
        let foreign = match is_local {
            true => foreign(&found.values, &found.file, probe).await,
            false => None,
        };
        let arguments = SettingsArguments {
            dataset: places.dataset,
            state_dir: arguments.state_dir.clone(),
        };
        Ok(Self {
            foreign,
            ..Self::of(found, stack, environment, &arguments)
        })
    }

    /// Puts the places together; the dataset file of the arguments is an absolute path.
    fn of(
        local: Local,
        stack: Option<Stack>,
        environment: Values,
        arguments: &SettingsArguments,
    ) -> Self {
        let Local { root, file, values } = local;
        let from_environment = environment.get("dataset").map(|path| root.join(path));
        let of_stack = stack.as_ref().and_then(|stack| stack.values.get("dataset"));
        let of_stack = of_stack.map(PathBuf::from);
        let fallback = values
            .get("dataset")
            .map_or(DEFAULT_DATASET, String::as_str);
        let fallback = root.join(fallback);
        let is_explicit = arguments.state_dir.is_some() || arguments.dataset.is_some();
        let given = arguments.dataset.clone();
        let dataset = match is_explicit && stack.is_some() {
            true => given.or(of_stack).or(from_environment),
            false => given.or(from_environment).or(of_stack),
        };
        let whose = whose(stack.as_ref(), &environment, &values, &file);
        let (layers, origin) = layers(stack, environment, values, &file, is_explicit);
        Self {
            dataset: dataset.unwrap_or(fallback),
            connections: layers
                .iter()
                .position(names_pipeline)
                .unwrap_or(layers.len()),
            root,
            layers,
            origin,
            whose,
            foreign: None,
        }
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
        let places = match is_of_the_pipeline(&name) {
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

    /// Whose pipeline it is, for people.
    pub(crate) fn whose(&self) -> &str {
        &self.whose
    }

    /// The app root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Says for people what a command is about: the storage, the hub and gold, without secrets, and who names them.
    pub(crate) fn target(&self) -> String {
        let written = self.written();
        let or_none = |place: Option<String>| place.unwrap_or_else(|| "none".to_owned());
        format!(
            "{}: storage {}, hub {}, gold {}",
            self.origin,
            or_none(written.storage),
            or_none(written.hub),
            or_none(written.database)
        )
    }

    /// The places that a command writes to, without secrets.
    pub(crate) fn written(&self) -> Written {
        let storage = StorageAccount::from_settings("LakeStorage", &|name| self.get(name));
        let storage = storage.and_then(|account| account.blob_service_url());
        let hub = self.get("EventHubConnection");
        let hub = hub.as_deref().and_then(endpoint).map(str::to_owned);
        let hub = hub.or_else(|| self.get("EventHubConnection__fullyQualifiedNamespace"));
        let name = self.get("EVENTHUB_NAME");
        Written {
            dataset: Some(self.dataset.display().to_string()),
            storage: storage.ok().map(|url| url.to_string()),
            hub: hub.zip(name).map(|(place, name)| format!("{place}/{name}")),
            database: self.gold().map(|gold| database(&gold)),
            whose: self.whose.clone(),
        }
    }
}

/// All variables that may be settings, by name in lower case.
fn environment() -> Values {
    // A variable that is not Unicode is not one of ours.
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    variables
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect()
}

/// The app that a command runs in, and what its settings file says.
struct Local {
    root: PathBuf,
    file: PathBuf,
    values: Values,
}

impl Local {
    fn read(here: &Path) -> Result<Self, FileError> {
        let root = app_root(here).unwrap_or(here).to_owned();
        let file = root.join(LOCAL_FILE);
        let values = match file.is_file() {
            true => read_file(&file)?.values,
            false => BTreeMap::new(),
        };
        Ok(Self { root, file, values })
    }
}

/// Says whose pipeline it is.
fn whose(stack: Option<&Stack>, environment: &Values, local: &Values, local_file: &Path) -> String {
    match stack.and_then(|stack| stack.file.parent()) {
        Some(folder) => format!("`sluice up` runs it with its state in {}", folder.display()),
        None if names_pipeline(environment) || local.is_empty() => {
            "the environment names it".to_owned()
        }
        None => format!("{} names it", local_file.display()),
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
            whose: "the environment names it".to_owned(),
            foreign: None,
        }
    }
}

#[cfg(test)]
mod tests;
