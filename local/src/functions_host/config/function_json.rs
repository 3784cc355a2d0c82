//! function.json: one trigger and, perhaps, a retry policy.

use std::time::Duration;

use serde_json::Value;
use sluice::store::account::Fields;

use super::blob_path::BlobPattern;
use super::schedule::Schedule;
use super::settings::AppSettings;
use crate::functions_host::time_span::parse_time_span;

/// One function: its name is its folder's.
#[derive(Clone, Debug)]
pub struct FunctionConfig {
    /// Name of the folder, or of the link to it.
    pub name: String,
    /// Name of the trigger binding: the key of its value in `Data`.
    pub binding: String,
    /// The trigger.
    pub trigger: Trigger,
    /// The retry policy, if there is one.
    pub retry: Option<RetryPolicy>,
}

/// The triggers that this host knows.
#[derive(Clone, Debug)]
pub enum Trigger {
    /// Batches of events, per partition.
    EventHub(EventHubTrigger),
    /// A blob that appeared or changed.
    Blob(BlobTrigger),
    /// A schedule.
    Timer(TimerTrigger),
}

/// `eventHubTrigger` with cardinality many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventHubTrigger {
    /// Name of the hub.
    pub event_hub_name: String,
    /// Consumer group.
    pub consumer_group: String,
    /// Name of the setting that holds the connection.
    pub connection: String,
    /// The form in which bodies are written.
    pub data_type: DataType,
}

/// `dataType` of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// Base64: the only lossless one.
    Binary,
    /// UTF-8, with replacement characters for what is not.
    String,
    /// Each body parsed as JSON; one that is not fails the whole batch.
    Json,
}

/// `blobTrigger` with the polling source.
#[derive(Clone, Debug)]
pub struct BlobTrigger {
    /// Container and name pattern.
    pub pattern: BlobPattern,
    /// Name of the setting that holds the connection.
    pub connection: String,
}

/// `timerTrigger`.
#[derive(Clone, Debug)]
pub struct TimerTrigger {
    /// The schedule.
    pub schedule: Schedule,
    /// Runs once when the host starts.
    pub run_on_startup: bool,
    /// Keeps the last run in storage, if the schedule is slow enough.
    pub use_monitor: bool,
}

/// `retry` of function.json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Retries after the first attempt; none is for ever (-1 in the file).
    pub max_retry_count: Option<u32>,
    /// Time between attempts.
    pub delay: RetryDelay,
}

/// The wait between attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryDelay {
    /// Always the same.
    Fixed(Duration),
    /// Growing from `minimum` to `maximum`.
    Exponential {
        /// First wait.
        minimum: Duration,
        /// Longest wait.
        maximum: Duration,
    },
}

/// Reads the function.json of the folder `name`.
///
/// # Errors
/// Fails with the real host's words for the first thing that it would refuse.
pub(crate) fn parse_function_json(
    name: &str,
    text: &str,
    settings: &AppSettings,
) -> Result<FunctionConfig, String> {
    if !is_function_name(name) {
        return Err(format!("'{name}' is not a valid function name."));
    }
    let json: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("Unable to parse function.json. {error}"))?;
    let bindings = json
        .get("bindings")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if bindings.is_empty() {
        return Err("At least one binding must be declared.".to_owned());
    }
    for binding in bindings {
        let name = field(binding, "name").unwrap_or_default();
        if !is_binding_name(name) {
            return Err(format!(
                "The binding name {name} is invalid. Please assign a valid name to the binding."
            ));
        }
    }
    let is_trigger = |binding: &&Value| {
        field(binding, "type").is_some_and(|kind| kind.to_ascii_lowercase().ends_with("trigger"))
    };
    let trigger = match bindings
        .iter()
        .filter(is_trigger)
        .collect::<Vec<_>>()
        .as_slice()
    {
        [] => {
            return Err(
                "No trigger binding specified. A function must have a trigger input binding."
                    .to_owned(),
            );
        }
        [one] => *one,
        _ => return Err(
            "Multiple trigger bindings defined. A function can only have a single trigger binding."
                .to_owned(),
        ),
    };
    Ok(FunctionConfig {
        name: name.to_owned(),
        binding: field(trigger, "name").unwrap_or_default().to_owned(),
        trigger: parse_trigger(trigger, settings)?,
        retry: json
            .get("retry")
            .filter(|retry| !retry.is_null())
            .map(parse_retry)
            .transpose()?,
    })
}

fn parse_trigger(binding: &Value, settings: &AppSettings) -> Result<Trigger, String> {
    let kind = field(binding, "type").unwrap_or_default();
    match kind.to_ascii_lowercase().as_str() {
        "eventhubtrigger" => event_hub_trigger(binding, settings).map(Trigger::EventHub),
        "blobtrigger" => blob_trigger(binding, settings).map(Trigger::Blob),
        "timertrigger" => timer_trigger(binding, settings).map(Trigger::Timer),
        _ => Err(format!(
            "The binding type(s) '{kind}' are not registered. Please ensure the type is correct and the binding extension is installed."
        )),
    }
}

fn event_hub_trigger(binding: &Value, settings: &AppSettings) -> Result<EventHubTrigger, String> {
    let cardinality = field(binding, "cardinality").unwrap_or("many");
    if !cardinality.eq_ignore_ascii_case("many") {
        return Err(format!(
            "cardinality '{cardinality}' is not supported by the local host"
        ));
    }
    let data_type = match field(binding, "dataType")
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        Some("binary") => DataType::Binary,
        Some("string") => DataType::String,
        None => DataType::Json,
        Some(other) => {
            return Err(format!(
                "dataType '{other}' is not supported for Event Hubs"
            ));
        }
    };
    let connection = field(binding, "connection").unwrap_or_default().to_owned();
    let value = settings.get(&connection);
    if value.is_none() && !settings.has_connection(&connection) {
        return Err(format!(
            "EventHub account connection string with name '{connection}' does not exist in the settings. Make sure that it is a defined App Setting."
        ));
    }
    let named = settings.expand(field(binding, "eventHubName").unwrap_or_default())?;
    // The hub that the connection string names wins over the binding's.
    let fields = value
        .map(Fields::parse)
        .transpose()
        .map_err(|error| format!("connection '{connection}' cannot be read: {error}"))?;
    let entity_path = fields.as_ref().and_then(|fields| fields.get("EntityPath"));
    let group = field(binding, "consumerGroup")
        .map(|group| settings.expand(group))
        .transpose()?;
    Ok(EventHubTrigger {
        event_hub_name: entity_path.map_or(named, ToOwned::to_owned),
        consumer_group: group
            .filter(|g| !g.is_empty())
            .unwrap_or_else(|| "$Default".to_owned()),
        connection,
        data_type,
    })
}

fn blob_trigger(binding: &Value, settings: &AppSettings) -> Result<BlobTrigger, String> {
    let source = field(binding, "source").unwrap_or("LogsAndContainerScan");
    if !source.eq_ignore_ascii_case("LogsAndContainerScan") {
        return Err(format!(
            "blob trigger source '{source}' is not supported by the local host"
        ));
    }
    let path = settings.expand(field(binding, "path").unwrap_or_default())?;
    let connection = field(binding, "connection")
        .filter(|name| !name.is_empty())
        .unwrap_or("AzureWebJobsStorage")
        .to_owned();
    if !settings.has_connection(&connection) {
        return Err(format!(
            "Storage account connection string '{connection}' does not exist. Make sure that it is a defined App Setting."
        ));
    }
    Ok(BlobTrigger {
        pattern: BlobPattern::parse(&path)?,
        connection,
    })
}

fn timer_trigger(binding: &Value, settings: &AppSettings) -> Result<TimerTrigger, String> {
    let schedule = settings.expand(field(binding, "schedule").unwrap_or_default())?;
    let flag = |key: &str| binding.get(key).and_then(Value::as_bool);
    Ok(TimerTrigger {
        schedule: Schedule::parse(&schedule)?,
        run_on_startup: flag("runOnStartup").unwrap_or(false),
        use_monitor: flag("useMonitor").unwrap_or(true),
    })
}

fn parse_retry(retry: &Value) -> Result<RetryPolicy, String> {
    let missing = |name: &str| format!("Value cannot be null. (Parameter '{name}')");
    let count = retry
        .get("maxRetryCount")
        .and_then(Value::as_i64)
        .ok_or_else(|| missing("MaxRetryCount"))?;
    let max_retry_count = match count {
        -1 => None,
        count => {
            Some(u32::try_from(count).map_err(|_| format!("invalid maxRetryCount '{count}'"))?)
        }
    };
    let interval = |key: &str, name: &str| {
        let text = field(retry, key).ok_or_else(|| missing(name))?;
        parse_time_span(text)
            .ok_or_else(|| format!("String '{text}' was not recognized as a valid TimeSpan."))
    };
    let strategy = field(retry, "strategy").unwrap_or_default();
    let delay = match strategy.to_ascii_lowercase().as_str() {
        "fixeddelay" => RetryDelay::Fixed(interval("delayInterval", "DelayInterval")?),
        "exponentialbackoff" => RetryDelay::Exponential {
            minimum: interval("minimumInterval", "MinimumInterval")?,
            maximum: interval("maximumInterval", "MaximumInterval")?,
        },
        _ => return Err(missing("Strategy")),
    };
    Ok(RetryPolicy {
        max_retry_count,
        delay,
    })
}

fn field<'json>(json: &'json Value, key: &str) -> Option<&'json str> {
    json.get(key).and_then(Value::as_str)
}

fn is_function_name(name: &str) -> bool {
    is_name(name, "-_") && !name.eq_ignore_ascii_case("host")
}

fn is_binding_name(name: &str) -> bool {
    name == "$return" || is_name(name, "")
}

fn is_name(name: &str, extra: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || extra.contains(c);
    name.len() <= 128
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(allowed)
}
