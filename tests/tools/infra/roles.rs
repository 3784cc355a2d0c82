//! Who may do what: every assignment, exactly.

use std::collections::BTreeMap;

use serde_json::Value;

use super::snapshot::{Resource, Snapshot};

/// Role and scope of every assignment, by name of role and by the end of the scope.
const EXPECTED: [(&str, &str); 19] = [
    // The app, and a reader.
    ("eventHubsDataReceiver", "/eventhubs/events"),
    ("eventHubsDataReceiver", "/eventhubs/events"),
    ("eventHubsDataSender", "/eventhubs/events"),
    // What rules tell of alerts, and no more.
    ("eventHubsDataSender", "/eventhubs/fraud"),
    ("storageQueueDataMessageSender", "/queues/alerts"),
    ("monitoringMetricsPublisher", "/components/appi-"),
    ("storageBlobDataContributor", "/containers/bronze"),
    (
        "storageBlobDataContributor",
        "/containers/event-grid-dead-letters",
    ),
    ("storageBlobDataContributor", "/containers/quarantine"),
    ("storageBlobDataContributor", "/containers/silver"),
    ("storageBlobDataReader", "/containers/bronze"),
    ("storageBlobDataReader", "/containers/quarantine"),
    ("storageBlobDataReader", "/containers/silver"),
    // The host's own account, whole: the host names what it makes there.
    ("storageBlobDataOwner", "/storageAccounts/sthost"),
    (
        "storageQueueDataContributor",
        "/queues/webjobs-blobtrigger-poison",
    ),
    ("storageQueueDataContributor", "/storageAccounts/sthost"),
    ("storageTableDataContributor", "/storageAccounts/sthost"),
    // The operator, and a reader.
    ("storageTableDataReader", "/tables/sluice"),
    ("storageTableDataReader", "/tables/sluice"),
];

/// Returns every assignment that should not be, every one that is missing, and every one that is not as it should be.
pub(super) fn problems(snapshot: &Snapshot, roles: &Value) -> Vec<String> {
    let names: BTreeMap<&str, &str> = roles
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, id)| Some((id.as_str()?, name.as_str())))
        .collect();
    let mut problems = Vec::new();
    let mut missing = EXPECTED.to_vec();
    for assignment in snapshot.of("Microsoft.Authorization/roleAssignments") {
        let role = assignment
            .property("/roleDefinitionId")
            .as_str()
            .and_then(|id| id.rsplit('/').next())
            .unwrap_or_default();
        let Some(name) = names.get(role) else {
            problems.push(format!("role {role} is not in roles.json"));
            continue;
        };
        if assignment.property("/principalType").is_null() {
            problems.push(format!("{name} is assigned without a principalType"));
        }
        let scope = scope(assignment);
        match missing
            .iter()
            .position(|(role, end)| role == name && ends(scope, end))
        {
            Some(found) => {
                missing.remove(found);
            }
            None => problems.push(format!("{name} is assigned at {scope}")),
        }
    }
    problems.extend(
        missing
            .iter()
            .map(|(name, end)| format!("{name} is not assigned at {end}")),
    );
    let unused = names
        .values()
        .filter(|name| !EXPECTED.iter().any(|(expected, _)| expected == *name));
    problems.extend(unused.map(|name| format!("{name} in roles.json is not used")));
    problems
}

/// Whether a scope ends so; where `end` is only the beginning of a name, with that name.
fn ends(scope: &str, end: &str) -> bool {
    scope
        .rsplit_once(end)
        .is_some_and(|(_, rest)| !rest.contains('/') && (rest.is_empty() || is_generated(end)))
}

fn is_generated(end: &str) -> bool {
    ["sthost", "appi-"].iter().any(|name| end.ends_with(name))
}

/// The scope of an assignment or a lock, which its id begins with.
pub(super) fn scope(assignment: Resource<'_>) -> &str {
    let id = assignment.id();
    let quoted = id.strip_prefix("[extensionResourceId('");
    match quoted.and_then(|rest| rest.split_once('\'')) {
        Some((scope, _)) => scope,
        None => id
            .split_once("/providers/Microsoft.Authorization/")
            .map_or(id, |(scope, _)| scope),
    }
}
