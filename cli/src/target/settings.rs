//! The settings that every command but `up` works with: those of the handler.
//!
//! The environment comes first, then a pipeline that `sluice up` runs on this machine (it writes its connections to
//! `.sluice/<dataset>/settings.json` while it runs), then `local.settings.json` of the app root, here or above.

use std::collections::BTreeMap;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use sluice::dataset::Dataset;
use sluice::store::account::StorageAccount;
use thiserror::Error;

/// Where a running pipeline leaves its connections, in its dataset's folder.
const STACK_FILE: &str = "settings.json";
const LOCAL_FILE: &str = "local.settings.json";
const DEFAULT_DATASET: &str = "datasets/orders.toml";
/// How long something on this machine may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Settings by name.
pub(crate) type Values = BTreeMap<String, String>;

/// Which pipeline a command is about.
#[derive(Clone, Debug, Args)]
pub(crate) struct SettingsArguments {
    /// The dataset file; otherwise the setting DATASET, or the one that `sluice up` runs
    #[arg(long, value_name = "FILE")]
    pub(crate) dataset: Option<PathBuf>,
    /// Where `sluice up` keeps its state
    #[arg(long, value_name = "DIR", default_value = ".sluice")]
    pub(crate) state_dir: PathBuf,
}

/// Settings that cannot be found or make no sense.
#[derive(Debug, Error)]
pub(crate) enum FindError {
    /// The folder that the command runs in has gone.
    #[error("find the settings: the current folder cannot be read")]
    Here(#[source] std::io::Error),
    /// A settings file cannot be read.
    #[error("read {}", path.display())]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    /// A settings file is not one.
    #[error("{} is not a settings file: {problem}", path.display())]
    Malformed { path: PathBuf, problem: String },
    /// Several pipelines run.
    #[error("several pipelines run on this machine ({}); say which one: --dataset FILE", .0.join(", "))]
    Several(Vec<String>),
}

/// The settings, from all places.
#[derive(Debug)]
pub(crate) struct AppSettings {
    root: PathBuf,
    dataset: PathBuf,
    /// By name in lower case, as .NET compares them; the first layer that has a name counts.
    layers: Vec<Values>,
    /// Where they come from, for people.
    pub(crate) origin: String,
}

impl AppSettings {
    /// Finds the settings.
    pub(crate) fn find(arguments: &SettingsArguments) -> Result<Self, FindError> {
        let here = std::env::current_dir().map_err(FindError::Here)?;
        // A variable that is not Unicode is not one of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let environment = variables.map(|(name, value)| (name.to_lowercase(), value));
        Self::find_from(&here, environment.collect(), arguments)
    }

    fn find_from(
        here: &Path,
        environment: Values,
        arguments: &SettingsArguments,
    ) -> Result<Self, FindError> {
        let holds = |folder: &&Path| {
            folder.join(LOCAL_FILE).is_file() || folder.join("host.json").is_file()
        };
        let root = here.ancestors().find(holds).unwrap_or(here).to_owned();
        let local_file = root.join(LOCAL_FILE);
        let local = match local_file.is_file() {
            true => read_file(&local_file)?,
            false => BTreeMap::new(),
        };
        let from_environment = || Some(root.join(environment.get("dataset")?));
        let from_arguments = arguments.dataset.as_ref().map(|path| here.join(path));
        let given = from_arguments.or_else(from_environment);
        let fallback = local.get("dataset").map_or(DEFAULT_DATASET, String::as_str);
        let fallback = root.join(fallback);
        let stack = find_stack(
            &root.join(&arguments.state_dir),
            given.as_deref(),
            &fallback,
        )?;
        let mut origin = "the environment".to_owned();
        if !local.is_empty() {
            origin = format!("the environment and {}", local_file.display());
        }
        let mut layers = vec![environment];
        let mut dataset = given.clone();
        if let Some((file, values)) = stack {
            origin = format!(
                "the environment and the pipeline of `sluice up` ({})",
                file.display()
            );
            dataset = dataset.or_else(|| values.get("dataset").map(PathBuf::from));
            layers.push(values);
        }
        layers.push(local);
        Ok(Self {
            root,
            dataset: dataset.unwrap_or(fallback),
            layers,
            origin,
        })
    }

    /// The value of a setting that is there and not empty.
    ///
    /// The first place that says anything about a connection says everything about it: an account of the environment
    /// is not mixed with a connection string of a file.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let wanted = group(&name);
        let mut layers = self.layers.iter();
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

    /// The app root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
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

/// Writes the settings of a running pipeline to where the other commands find them.
pub(crate) fn announce(state_dir: &Path, settings: &Values) -> std::io::Result<PathBuf> {
    let file = state_dir.join(STACK_FILE);
    let content = json!({ "IsEncrypted": false, "Values": settings });
    std::fs::write(&file, format!("{content:#}\n"))?;
    Ok(file)
}

/// Finds a pipeline that runs: that of the given dataset, or the only one.
fn find_stack(
    state_dir: &Path,
    given: Option<&Path>,
    fallback: &Path,
) -> Result<Option<(PathBuf, Values)>, FindError> {
    let name = |file: &Path| Dataset::load(file).ok().map(|dataset| dataset.name);
    if let Some(given) = given {
        let Some(name) = name(given) else {
            return Ok(None);
        };
        let file = state_dir.join(name).join(STACK_FILE);
        return Ok(running(&file).map(|values| (file, values)));
    }
    let folders = std::fs::read_dir(state_dir).into_iter().flatten().flatten();
    let files = folders.map(|folder| folder.path().join(STACK_FILE));
    let mut stacks: Vec<_> = files
        .filter_map(|file| running(&file).map(|values| (file, values)))
        .collect();
    if stacks.len() > 1 {
        let preferred = name(fallback).map(|name| state_dir.join(name).join(STACK_FILE));
        let found = stacks
            .iter()
            .position(|(file, _)| Some(file) == preferred.as_ref());
        let Some(found) = found else {
            let names = stacks
                .iter()
                .filter_map(|(file, _)| file.parent()?.file_name());
            let names = names.map(|name| name.to_string_lossy().into_owned());
            return Err(FindError::Several(names.collect()));
        };
        return Ok(Some(stacks.swap_remove(found)));
    }
    Ok(stacks.pop())
}

/// Reads the settings of a pipeline, if its storage answers: one that was killed leaves its file behind.
fn running(file: &Path) -> Option<Values> {
    let values = read_file(file).ok()?;
    let storage = values.get("lakestorage")?;
    let account = StorageAccount::from_connection_string("LakeStorage", storage).ok()?;
    let url = account.blob_service_url().ok()?;
    answers(url.host_str()?, url.port_or_known_default()?).then_some(values)
}

/// Returns whether something takes connections there.
pub(crate) fn answers(host: &str, port: u16) -> bool {
    let addresses = (host, port).to_socket_addrs();
    addresses
        .into_iter()
        .flatten()
        .any(|address| TcpStream::connect_timeout(&address, ANSWER_TIMEOUT).is_ok())
}

/// Reads a file of the form of local.settings.json; names in lower case.
fn read_file(path: &Path) -> Result<Values, FindError> {
    let malformed = |problem: &str| FindError::Malformed {
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    let text = std::fs::read_to_string(path).map_err(|source| FindError::Read {
        path: path.to_owned(),
        source,
    })?;
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| malformed(&error.to_string()))?;
    if json["IsEncrypted"] == true {
        return Err(malformed("it is encrypted; run `func settings decrypt`"));
    }
    let values = json["Values"]
        .as_object()
        .ok_or_else(|| malformed("it has no object Values"))?;
    let values = values.iter().filter_map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        Some((name.to_lowercase(), value))
    });
    Ok(values.collect())
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
            origin: "the environment".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
