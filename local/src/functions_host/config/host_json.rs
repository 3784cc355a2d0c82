//! host.json, as far as it concerns a custom handler with Event Hub, blob and timer triggers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::{ConfigError, invalid};
use super::settings::AppSettings;
use crate::functions_host::time_span::parse_time_span;

const OVERRIDE_PREFIX: &str = "AzureFunctionsJobHost__";

/// `customHandler` of host.json, with paths resolved.
#[derive(Clone, Debug)]
pub struct HandlerOptions {
    /// The program: an absolute path, or a name that is looked up in PATH.
    pub executable: String,
    /// Arguments in order.
    pub arguments: Vec<String>,
    /// The handler's working directory.
    pub working_directory: PathBuf,
    /// Maximum time for the handler to answer its first request.
    pub initialization_timeout: Duration,
}

/// `extensions.eventHubs` of host.json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventHubsOptions {
    /// Most events of one invocation.
    pub max_event_batch_size: usize,
    /// Events are held back until there are this many, or `max_wait_time` is over.
    pub min_event_batch_size: usize,
    /// Maximum time for which events are held back.
    pub max_wait_time: Duration,
    /// Events that a partition's receiver asks for ahead of need.
    pub prefetch_count: u32,
    /// A checkpoint is written every so many batches.
    pub batch_checkpoint_frequency: u32,
}

/// `extensions.blobs` of host.json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobsOptions {
    /// Blob invocations in flight at once, over all blob functions.
    pub max_degree_of_parallelism: usize,
    /// Tries of one blob before it goes to the poison queue.
    pub poison_blob_threshold: i64,
}

/// host.json after app settings have overridden values.
#[derive(Clone, Debug)]
pub struct HostJson {
    /// The handler's program and its time limit.
    pub handler: HandlerOptions,
    /// Event Hub trigger settings.
    pub event_hubs: EventHubsOptions,
    /// Blob trigger settings.
    pub blobs: BlobsOptions,
    /// Maximum time for one invocation; none is for ever.
    pub function_timeout: Option<Duration>,
    /// Names of the only functions to load.
    pub functions: Option<Vec<String>>,
}

/// Reads host.json, with `AzureFunctionsJobHost__a__b` settings laid over it.
///
/// # Errors
/// Fails as the real host does: no version, no handler, values that are not what they should be.
pub(crate) fn parse_host_json(
    root: &Path,
    text: &str,
    settings: &AppSettings,
) -> Result<HostJson, ConfigError> {
    let path = root.join("host.json");
    let mut json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|source| ConfigError::HostJson { path, source })?;
    check_version(&json)?;
    for (name, value) in settings.iter() {
        if let Some(rest) = strip_prefix_ignore_case(name, OVERRIDE_PREFIX) {
            set(&mut json, &rest.split("__").collect::<Vec<_>>(), value);
        }
    }
    Ok(HostJson {
        handler: handler(root, &json, settings)?,
        event_hubs: event_hubs(&json)?,
        blobs: blobs(&json)?,
        function_timeout: function_timeout(&json)?,
        functions: get(&json, &["functions"]).map(texts),
    })
}

fn check_version(json: &Value) -> Result<(), ConfigError> {
    match get(json, &["version"]).and_then(Value::as_str) {
        Some("2.0") => Ok(()),
        Some(other) => Err(invalid(format!(
            "'{other}' is an invalid value for host.json 'version' property. We recommend you set the 'version' property to '2.0'."
        ))),
        None => Err(invalid(
            "The host.json file is missing the required 'version' property. See https://aka.ms/functions-hostjson for steps to migrate the configuration file.",
        )),
    }
}

fn handler(
    root: &Path,
    json: &Value,
    settings: &AppSettings,
) -> Result<HandlerOptions, ConfigError> {
    let description = get(json, &["customHandler", "description"])
        .ok_or_else(|| invalid("Missing worker Description."))?;
    // Names without a value vanish here, unlike in function.json.
    let text = |key: &str| {
        get(description, &[key])
            .and_then(Value::as_str)
            .map(|text| settings.expand_loosely(text))
    };
    let executable = text("defaultExecutablePath").unwrap_or_default();
    if executable.is_empty() {
        return Err(invalid(
            "WorkerDescription DefaultExecutablePath cannot be empty",
        ));
    }
    let worker_directory = root.join(text("workerDirectory").unwrap_or_default());
    let candidate = worker_directory.join(&executable);
    let executable = if candidate.exists() {
        candidate.to_string_lossy().into_owned()
    } else {
        executable
    };
    let list = |key: &str| get(description, &[key]).map(texts).unwrap_or_default();
    let mut arguments = list("arguments");
    arguments.extend(text("defaultWorkerPath").filter(|path| !path.is_empty()));
    arguments.extend(list("workerArguments"));
    let arguments = arguments
        .iter()
        .map(|argument| settings.expand_loosely(argument))
        .collect();
    let timeout = duration(json, &["customHandler", "initializationTimeout"])?;
    Ok(HandlerOptions {
        executable,
        arguments,
        working_directory: root.join(text("workingDirectory").unwrap_or_default()),
        initialization_timeout: timeout.unwrap_or(Duration::from_secs(30)),
    })
}

fn event_hubs(json: &Value) -> Result<EventHubsOptions, ConfigError> {
    let key = |name: &'static str| ["extensions", "eventHubs", name];
    let options = EventHubsOptions {
        max_event_batch_size: positive(json, &key("maxEventBatchSize"), 100)?,
        min_event_batch_size: positive(json, &key("minEventBatchSize"), 1)?,
        max_wait_time: duration(json, &key("maxWaitTime"))?.unwrap_or(Duration::from_secs(60)),
        prefetch_count: positive(json, &key("prefetchCount"), 300)?,
        batch_checkpoint_frequency: positive(json, &key("batchCheckpointFrequency"), 1)?,
    };
    if options.min_event_batch_size > options.max_event_batch_size {
        return Err(invalid(
            "The minimum event batch size must be less than or equal to the maximum event batch size.",
        ));
    }
    if options.max_wait_time > Duration::from_secs(600) {
        return Err(invalid(
            "'extensions:eventHubs:maxWaitTime' must not exceed 00:10:00.",
        ));
    }
    Ok(options)
}

fn blobs(json: &Value) -> Result<BlobsOptions, ConfigError> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let key = |name: &'static str| ["extensions", "blobs", name];
    Ok(BlobsOptions {
        max_degree_of_parallelism: positive(json, &key("maxDegreeOfParallelism"), 8 * cores)?,
        poison_blob_threshold: positive(json, &key("poisonBlobThreshold"), 5)?,
    })
}

fn function_timeout(json: &Value) -> Result<Option<Duration>, ConfigError> {
    match get(json, &["functionTimeout"]) {
        None => Ok(Some(Duration::from_secs(30 * 60))),
        Some(value) if as_text(value) == "-1" => Ok(None),
        Some(_) => duration(json, &["functionTimeout"]),
    }
}

fn duration(json: &Value, path: &[&str]) -> Result<Option<Duration>, ConfigError> {
    let Some(value) = get(json, path) else {
        return Ok(None);
    };
    let text = as_text(value);
    match parse_time_span(&text) {
        Some(duration) => Ok(Some(duration)),
        None => Err(not_converted(path, &text, "System.TimeSpan")),
    }
}

fn positive<N>(json: &Value, path: &[&str], default: N) -> Result<N, ConfigError>
where
    N: TryFrom<i64>,
{
    let Some(value) = get(json, path) else {
        return Ok(default);
    };
    let text = as_text(value);
    let number = text.parse::<i64>().ok().filter(|number| *number > 0);
    number
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| not_converted(path, &text, "System.Int32"))
}

fn not_converted(path: &[&str], text: &str, kind: &str) -> ConfigError {
    let path = path.join(":");
    invalid(format!(
        "Failed to convert configuration value '{text}' at 'AzureFunctionsJobHost:{path}' to type '{kind}'."
    ))
}

fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}

/// A JSON array of texts, or a text that is one: the form an app setting has to take.
fn texts(value: &Value) -> Vec<String> {
    let parsed = value
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    match parsed.as_ref().unwrap_or(value) {
        Value::Array(items) => items.iter().map(as_text).collect(),
        Value::Object(items) => items.values().map(as_text).collect(),
        _ => Vec::new(),
    }
}

fn get<'json>(json: &'json Value, path: &[&str]) -> Option<&'json Value> {
    let found = path.iter().try_fold(json, |value, key| {
        let members = value.as_object()?;
        members.get(*key).or_else(|| {
            members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))
                .map(|(_, value)| value)
        })
    });
    found.filter(|value| !value.is_null())
}

fn set(json: &mut Value, path: &[&str], text: &str) {
    let Some((key, rest)) = path.split_first() else {
        *json = Value::String(text.to_owned());
        return;
    };
    if !json.is_object() {
        *json = Value::Object(Map::new());
    }
    if let Value::Object(members) = json {
        let known = members
            .keys()
            .find(|name| name.eq_ignore_ascii_case(key))
            .cloned();
        let name = known.unwrap_or_else(|| (*key).to_owned());
        set(members.entry(name).or_insert(Value::Null), rest, text);
    }
}

fn strip_prefix_ignore_case<'text>(text: &'text str, prefix: &str) -> Option<&'text str> {
    let head = text.get(..prefix.len())?;
    if head.eq_ignore_ascii_case(prefix) {
        text.get(prefix.len()..)
    } else {
        None
    }
}
