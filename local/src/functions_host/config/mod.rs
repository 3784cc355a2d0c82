//! The configuration of an app: host.json, the function folders, and app settings.
//!
//! Everything here is a function of the files' text, the environment and the overrides. What the
//! real host refuses is refused with its words; unlike the real host, which goes on without a
//! function that is in error, all errors of functions are reported together and nothing starts.

mod blob_path;
mod error;
mod function_json;
mod host_id;
mod host_json;
mod schedule;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use blob_path::BlobPattern;
pub use error::ConfigError;
pub use function_json::{
    BlobTrigger, DataType, EventHubTrigger, FunctionConfig, RetryDelay, RetryPolicy, TimerTrigger,
    Trigger,
};
pub(crate) use host_id::host_id;
pub use host_json::{BlobsOptions, EventHubsOptions, HandlerOptions, HostJson};
pub use schedule::Schedule;
pub use settings::AppSettings;

use error::invalid;
use function_json::parse_function_json;
use host_json::parse_host_json;
use settings::parse_local_settings;

const NO_FUNCTIONS: &str = "No job functions found. Try making your job classes and methods public. If you're using binding extensions (e.g. Azure Storage, ServiceBus, Timers, etc.) make sure you've called the registration method for the extension(s) in your startup code (e.g. builder.AddAzureStorage(), builder.AddServiceBus(), builder.AddTimers(), etc.).";
const NO_STORAGE: &str = "Missing value for AzureWebJobsStorage in local.settings.json. This is required for all triggers other than httptrigger, kafkatrigger, rabbitmqtrigger, orchestrationTrigger, activityTrigger, entityTrigger. You can run 'func azure functionapp fetch-app-settings <functionAppName>', specify a connection string in local.settings.json, or use managed identity to authenticate.";
const NO_RUNTIME: &str = "The 'FUNCTIONS_WORKER_RUNTIME' setting is required. Please specify a valid value. See https://go.microsoft.com/fwlink/?linkid=2257963 for more information. The application will continue to run, but may throw an exception in the future.";

/// A validated app root.
#[derive(Clone, Debug)]
pub struct AppConfig {
    /// The folder with host.json, absolute.
    pub root: PathBuf,
    /// host.json.
    pub host: HostJson,
    /// The functions, by name.
    pub functions: Vec<FunctionConfig>,
    /// App settings.
    pub settings: AppSettings,
}

/// The files of an app root.
#[derive(Clone, Debug, Default)]
pub(crate) struct AppFiles {
    pub(crate) host_json: String,
    pub(crate) local_settings: Option<String>,
    /// Folder name and text of each function.json.
    pub(crate) functions: BTreeMap<String, String>,
}

/// Reads and validates the app root.
///
/// # Errors
/// Fails when a file cannot be read, and whenever the real host would refuse.
pub fn load(
    root: &Path,
    environment: &BTreeMap<String, String>,
    overrides: &BTreeMap<String, String>,
) -> Result<AppConfig, ConfigError> {
    let failed = |path: &Path, source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let root = root.canonicalize().map_err(|source| failed(root, source))?;
    let files = read_files(&root)?;
    assemble(root, &files, environment, overrides)
}

/// Reads host.json, local.settings.json and the function.json of every immediate sub-folder.
fn read_files(root: &Path) -> Result<AppFiles, ConfigError> {
    let failed = |path: &Path, source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    let host_json = read(&root.join("host.json"))?.ok_or(ConfigError::NoHostJson)?;
    let local_settings = read(&root.join("local.settings.json"))?;
    let mut functions = BTreeMap::new();
    for entry in std::fs::read_dir(root).map_err(|source| failed(root, source))? {
        let entry = entry.map_err(|source| failed(root, source))?;
        // Follows links: a link to a folder is a function under the link's own name.
        if !entry.path().is_dir() {
            continue;
        }
        if let Some(text) = read(&entry.path().join("function.json"))? {
            functions.insert(entry.file_name().to_string_lossy().into_owned(), text);
        }
    }
    Ok(AppFiles {
        host_json,
        local_settings,
        functions,
    })
}

fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Decides what the files mean.
pub(crate) fn assemble(
    root: PathBuf,
    files: &AppFiles,
    environment: &BTreeMap<String, String>,
    overrides: &BTreeMap<String, String>,
) -> Result<AppConfig, ConfigError> {
    let values = files
        .local_settings
        .as_deref()
        .map(parse_local_settings)
        .transpose()?;
    let settings = AppSettings::join(values.unwrap_or_default(), environment, overrides);
    if settings.get("FUNCTIONS_WORKER_RUNTIME").is_none() {
        return Err(invalid(NO_RUNTIME));
    }
    let host = parse_host_json(&root, &files.host_json, &settings)?;
    let allowed = |name: &str| {
        let listed = |list: &Vec<String>| list.iter().any(|one| one.eq_ignore_ascii_case(name));
        host.functions.as_ref().is_none_or(listed)
    };
    let mut functions = Vec::new();
    let mut messages = Vec::new();
    for (name, text) in files.functions.iter().filter(|(name, _)| allowed(name)) {
        match parse_function_json(name, text, &settings) {
            Ok(function) => functions.push(function),
            Err(reason) => messages.push(format!("The '{name}' function is in error: {reason}")),
        }
    }
    if !messages.is_empty() {
        return Err(ConfigError::Functions { messages });
    }
    if functions.is_empty() {
        return Err(invalid(NO_FUNCTIONS));
    }
    if !settings.has_connection("AzureWebJobsStorage") {
        return Err(invalid(NO_STORAGE));
    }
    Ok(AppConfig {
        root,
        host,
        functions,
        settings,
    })
}
