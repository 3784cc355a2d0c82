//! Names that templates and code share.

use std::collections::BTreeSet;

use serde_json::Value;
use sluice::dataset::Dataset;
use sluice::gold::Ended;
use sluice::store::entity::STATE_TABLE;
use sluice::store::object::paths;

use super::settings::functions;
use super::snapshot::Snapshot;
use crate::tool::root;
use sluice::telemetry::lines::{INVOCATION, LINES};

/// Returns names that the code uses and the deployment does not make.
pub(super) fn problems(snapshot: &Snapshot) -> Vec<String> {
    let mut problems = Vec::new();
    let mut check = |kind: &str, name: &str| {
        if !snapshot.names(kind).contains(&name) {
            problems.push(format!("there is no {name} among {kind}"));
        }
    };
    for container in [paths::BRONZE, paths::SILVER, paths::QUARANTINE] {
        check(
            "Microsoft.Storage/storageAccounts/blobServices/containers",
            container,
        );
    }
    check(
        "Microsoft.Storage/storageAccounts/tableServices/tables",
        STATE_TABLE,
    );
    let settings = snapshot.settings();
    let setting = |wanted: &str| {
        let found = settings.iter().find(|(name, _)| *name == wanted);
        found.map_or("", |(_, value)| *value)
    };
    check(
        "Microsoft.EventHub/namespaces/eventhubs",
        setting("EVENTHUB_NAME"),
    );
    check(
        "Microsoft.EventHub/namespaces/eventhubs/consumergroups",
        setting("EVENTHUB_CONSUMER_GROUP"),
    );
    let dataset = Dataset::load(&root().join(setting("DATASET")));
    let named = snapshot.outputs().find(|(name, _)| *name == "DATASET_NAME");
    match (dataset, named) {
        (Ok(dataset), Some((_, name))) if *name == dataset.name => {}
        _ => problems.push("the dataset's name is not its file's".to_owned()),
    }
    problems
}

/// Returns what is wrong with the subscription that tells silver of new objects.
pub(super) fn subscription_problems(template: &Value, snapshot: &Snapshot) -> Vec<String> {
    let mut problems = Vec::new();
    let text = template.to_string();
    let resources = template["resources"].as_array();
    let resource = resources
        .into_iter()
        .flatten()
        .next()
        .unwrap_or(&Value::Null);
    let path = |pointer: &str| {
        resource["properties"]
            .pointer(pointer)
            .and_then(Value::as_str)
    };

    let blob_functions = functions();
    let mut blob_functions = blob_functions
        .iter()
        .filter(|(_, function)| function["bindings"][0]["type"] == "blobTrigger");
    let url = path("/destination/properties/endpointUrl").unwrap_or_default();
    match blob_functions.next() {
        Some((name, function)) => {
            if !url.contains(&format!("functionName=Host.Functions.{name}&code=")) {
                problems.push(format!("the webhook is not that of {name}"));
            }
            let container = function["bindings"][0]["path"].as_str().unwrap_or_default();
            let container = container.split('/').next().unwrap_or_default();
            let prefix = format!("/blobServices/default/containers/{container}/blobs/");
            if path("/filter/subjectBeginsWith") != Some(&prefix) {
                problems.push(format!("it does not listen to {container}"));
            }
        }
        None => problems.push("there is no function with a blob trigger".to_owned()),
    }
    let dead = "/deadLetterWithResourceIdentity/deadLetterDestination/properties/blobContainerName";
    let containers = snapshot.names("Microsoft.Storage/storageAccounts/blobServices/containers");
    if !path(dead).is_some_and(|container| containers.contains(&container)) {
        problems.push("its dead letters go to no container".to_owned());
    }
    if text.matches("listKeys(").count() != 1 || template.get("outputs").is_some() {
        problems.push("it reads more than one key, or gives one away".to_owned());
    }
    problems
}

/// Returns the functions of Azure's that read keys, in a template's source.
pub(super) fn key_readers(source: &str) -> Vec<&str> {
    let words = source.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '('));
    let calls = words.filter_map(|word| word.split_once('(').map(|(name, _)| name));
    calls
        .filter(|name| {
            let rest = name.strip_prefix("list").unwrap_or_default();
            rest.starts_with(|c: char| c.is_ascii_uppercase())
        })
        .collect()
}

/// Returns the messages, fields and values that a query uses and no log line of the handler has.
pub(super) fn unknown_log_words(query: &str) -> BTreeSet<String> {
    // What tracing adds by itself.
    let built_in = ["message", "level"];
    let mut unknown = BTreeSet::new();
    let messages: Vec<&str> = quoted_after(query, "message == \"").collect();
    for message in &messages {
        if !LINES.iter().any(|line| line.message == *message) {
            unknown.insert((*message).to_owned());
        }
    }
    // A query that asks for messages may use their fields only, any other one those of every line.
    let asked = LINES
        .iter()
        .filter(|line| messages.is_empty() || messages.contains(&line.message));
    let fields: Vec<&str> = asked.flat_map(|line| line.fields).copied().collect();
    let used = query.split("log.").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        &rest[..end.unwrap_or(rest.len())]
    });
    let known = |field: &str| {
        built_in.contains(&field) || INVOCATION.contains(&field) || fields.contains(&field)
    };
    unknown.extend(used.filter(|field| !known(field)).map(str::to_owned));
    // How gold ended is compared with texts.
    let ends = query.split("log.ended").skip(1);
    let ends = ends.filter_map(|rest| rest.split(['|', '\n']).next());
    for end in ends.flat_map(|rest| quoted_after(rest, "\"")) {
        let is_text = end.chars().all(char::is_alphanumeric) && !end.is_empty();
        if is_text && !Ended::ALL.iter().any(|ended| ended.as_str() == end) {
            unknown.insert(end.to_owned());
        }
    }
    unknown
}

/// Returns what stands between `start`, which ends in a quote, and the next quote, wherever it does.
fn quoted_after<'q>(text: &'q str, start: &'q str) -> impl Iterator<Item = &'q str> {
    let rests = text.split(start).skip(1);
    rests.filter_map(|rest| rest.split('"').next())
}
