//! The app's settings against those who read them: the handler, the function.json files, and the host.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sluice::settings::Settings;
use sluice::telemetry::signals;

use super::snapshot::Snapshot;
use crate::tool::root;

/// What the host reads besides the triggers' connections: its own account, and values of host.json.
const HOST: [&str; 7] = [
    "AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime",
    "AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
];
/// What the host reads to send its logs.
const TELEMETRY: [&str; 2] = [
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
];
/// What Flex Consumption refuses, or takes from elsewhere.
const REFUSED: [&str; 16] = [
    "AzureWebJobsStorage",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_MAX_HTTP_CONCURRENCY",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTOVERVNET",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_DNS_SERVER",
    "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "WEBSITE_MOUNT_ENABLED",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_SKIP_CONTENTSHARE_VALIDATION",
    "WEBSITE_VNET_ROUTE_ALL",
];
/// Marks of a value that is a secret.
const SECRETS: [&str; 5] = [
    "AccountKey=",
    "Password=",
    "SharedAccessKey",
    "SharedAccessSignature",
    "listKeys",
];

/// The function.json files of the repository, by function.
pub(super) fn functions() -> BTreeMap<String, Value> {
    let folder = root().join("functions");
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let text = std::fs::read(entry.path().join("function.json")).unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, serde_json::from_slice(&text).unwrap())
        })
        .collect()
}

/// Returns settings that nobody reads, that somebody misses, that Flex Consumption refuses, and secrets.
pub(super) fn problems(snapshot: &Snapshot) -> Vec<String> {
    let settings: BTreeMap<&str, &str> = snapshot.settings().into_iter().collect();
    let mut problems = Vec::new();
    let mut read = handler(&settings, &mut problems);
    read.extend(collected());
    let needed = needed();
    for name in &needed {
        if !settings.contains_key(name.as_str()) {
            problems.push(format!("setting {name} is missing"));
        }
    }
    for (name, value) in &settings {
        if REFUSED.contains(name) {
            problems.push(format!("setting {name} is refused by Flex Consumption"));
        } else if !needed.contains(*name) && !read.contains(*name) {
            problems.push(format!("setting {name} is read by nobody"));
        }
        if SECRETS.iter().any(|mark| value.contains(mark)) {
            problems.push(format!("setting {name} holds a secret"));
        }
        if name.ends_with("__credential") && *value != "managedidentity" {
            problems.push(format!("setting {name} is no managed identity"));
        }
    }
    problems
}

/// Returns settings that the page about operations leaves out, and settings in its table that nobody reads.
pub(super) fn differences_of_page(snapshot: &Snapshot, page: &str) -> Vec<String> {
    let section = page.split("\n## Settings\n").nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.split('|').nth(1));
    let told: BTreeSet<&str> = rows
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let settings: BTreeMap<&str, &str> = snapshot.settings().into_iter().collect();
    let asked = handler(&settings, &mut Vec::new());
    // An account is told once: it may be given in several forms, and with the host's prefix before it.
    let accounts: BTreeSet<&str> = told.iter().map(|name| account(name)).collect();
    let is_told = |name: &str| {
        let bare = name.strip_prefix("AzureWebJobs").unwrap_or(name);
        [name, bare]
            .map(account)
            .iter()
            .any(|name| accounts.contains(name))
    };
    let set = settings.keys().filter(|name| !told.contains(*name));
    let asked_for = asked.iter().filter(|name| !is_told(name));
    let left_out: BTreeSet<&str> = set.copied().chain(asked_for.map(String::as_str)).collect();
    // The page about telemetry tells the rest of these.
    let collected = collected();
    let unread = told.iter().filter(|name| {
        // Read before all others.
        **name != "RUST_LOG"
            && !settings.contains_key(*name)
            && !asked.contains(**name)
            && !collected.contains(**name)
    });
    left_out
        .iter()
        .map(|name| format!("{name} is left out"))
        .chain(unread.map(|name| format!("{name} is read by nobody")))
        .collect()
}

fn account(name: &str) -> &str {
    name.split("__").next().unwrap_or_default()
}

/// What the host needs: its own, and what the triggers name.
fn needed() -> BTreeSet<String> {
    let mut needed: BTreeSet<String> = HOST
        .into_iter()
        .chain(TELEMETRY)
        .map(str::to_owned)
        .collect();
    for function in functions().values() {
        for binding in function["bindings"].as_array().unwrap() {
            let texts = binding
                .as_object()
                .unwrap()
                .values()
                .filter_map(Value::as_str);
            let names = texts.filter_map(|text| text.strip_prefix('%')?.strip_suffix('%'));
            needed.extend(names.map(str::to_owned));
            let addresses: &[&str] = match binding["type"].as_str().unwrap() {
                "eventHubTrigger" => &["fullyQualifiedNamespace"],
                "blobTrigger" => &["blobServiceUri", "queueServiceUri"],
                _ => continue,
            };
            let connection = binding["connection"].as_str().unwrap();
            let keys = addresses.iter().chain(&["clientId", "credential"]);
            needed.extend(keys.map(|key| format!("{connection}__{key}")));
        }
    }
    needed
}

/// Starts the handler's settings from the app's; returns the names that it asks for.
fn handler(settings: &BTreeMap<&str, &str>, problems: &mut Vec<String>) -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        let value = settings.get(name)?;
        // What only Azure knows stands in the snapshot as an expression.
        Some(match value.starts_with('[') {
            true if name.ends_with("Uri") => "https://account.example.net/".to_owned(),
            _ => (*value).to_owned(),
        })
    };
    match Settings::from_lookup(&lookup) {
        Ok(settings) if !settings.gold.contains("Active Directory Managed Identity") => {
            problems.push("setting GoldDatabase does not use the managed identity".to_owned());
        }
        Ok(_) => {}
        Err(error) => problems.push(format!("the handler refuses its settings: {error}")),
    }
    asked.into_inner()
}

/// Reads the settings of metrics and spans; returns the names that are asked for.
fn collected() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://localhost:4318".to_owned())
    };
    signals::Settings::from_lookup(&lookup, String::new()).unwrap();
    asked.into_inner()
}
