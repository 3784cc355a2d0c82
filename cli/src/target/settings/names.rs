//! Which settings belong together; pure. Names are in lower case, as .NET compares them.

use crate::target::announcement::Values;

/// The settings that say which pipeline it is.
const PIPELINE: [&str; 4] = [
    "lakestorage",
    "azurewebjobsstorage",
    "statestorage",
    "eventhubconnection",
];
/// Those of them that are storages.
const STORAGES: [&str; 3] = ["lakestorage", "azurewebjobsstorage", "statestorage"];
/// The settings that are taken from the same place as those.
const BESIDE: [&str; 4] = [
    "eventhub_name",
    "eventhub_consumer_group",
    "golddatabase",
    "sluice_pipeline",
];

/// Returns whether a setting is taken from the place that says which pipeline it is, and from no other.
pub(super) fn is_of_the_pipeline(name: &str) -> bool {
    let group = group(name);
    PIPELINE.contains(&group) || BESIDE.contains(&group)
}

/// Returns whether a setting is about a storage.
pub(super) fn is_storage(name: &str) -> bool {
    STORAGES.contains(&group(name))
}

/// Returns whether a place says which pipeline it is.
pub(super) fn names_pipeline(values: &Values) -> bool {
    let mut named = values.iter().filter(|(_, value)| !value.trim().is_empty());
    named.any(|(name, _)| PIPELINE.contains(&group(name)))
}

/// The connection or setting that a name is about: `AzureWebJobsLakeStorage`, `LakeStorage` and
/// `LakeStorage__accountName` are about one. Names are in lower case.
pub(super) fn group(name: &str) -> &str {
    let base = name.split("__").next().unwrap_or(name);
    match base.strip_prefix("azurewebjobs") {
        Some(rest) if !matches!(rest, "" | "storage") => rest,
        _ => base,
    }
}
