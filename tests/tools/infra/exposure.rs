//! What must hold beyond the rules where a network is isolated, and where data is to be kept.

use serde_json::Value;

use super::policy::{is_disabled, tell};
use super::roles::scope;
use super::snapshot::{Resource, Snapshot};

/// Returns what is reachable from the internet although the network is isolated.
pub(super) fn exposed(snapshot: &Snapshot) -> Vec<String> {
    let targets: Vec<&Value> = snapshot
        .of("Microsoft.Network/privateEndpoints")
        .map(|endpoint| {
            endpoint.property("/privateLinkServiceConnections/0/properties/privateLinkServiceId")
        })
        .collect();
    let mut problems = Vec::new();
    for kind in [
        "Microsoft.EventHub/namespaces",
        "Microsoft.Sql/servers",
        "Microsoft.Storage/storageAccounts",
    ] {
        for resource in snapshot.of(kind) {
            let closed = is_disabled(resource.property("/publicNetworkAccess"))
                || resource.property("/networkAcls/defaultAction") == "Deny";
            if !closed {
                problems.push(tell(resource, "it is reachable from the internet"));
            }
            if !targets.iter().any(|target| **target == *resource.id()) {
                problems.push(tell(resource, "it has no private endpoint"));
            }
        }
    }
    let mut apps = snapshot.of("Microsoft.Web/sites");
    if !apps.all(|app| app.property("/siteConfig/ipSecurityRestrictionsDefaultAction") == "Deny") {
        problems.push("the app answers everybody".to_owned());
    }
    problems.extend(own_network(snapshot));
    problems
}

/// The network leaves subnets of others alone, and the app may call itself through it: the host tells the platform of
/// its triggers that way.
fn own_network(snapshot: &Snapshot) -> Vec<String> {
    let mut problems = Vec::new();
    for network in snapshot.of("Microsoft.Network/virtualNetworks") {
        if !network.property("/subnets").is_null() {
            problems.push(tell(network, "it removes subnets that are not its own"));
        }
    }
    for app in snapshot.of("Microsoft.Web/sites") {
        let own = app.property("/virtualNetworkSubnetId");
        let mut subnets = snapshot.of("Microsoft.Network/virtualNetworks/subnets");
        let subnet = subnets.find(|subnet| own == subnet.id());
        let services = subnet.map(|subnet| subnet.property("/serviceEndpoints").to_string());
        if !services.is_some_and(|services| services.contains("Microsoft.Web")) {
            problems.push(tell(
                app,
                "its subnet has no service endpoint to Microsoft.Web",
            ));
        }
        let rules = app
            .property("/siteConfig/ipSecurityRestrictions")
            .as_array();
        let mut rules = rules.into_iter().flatten();
        if !rules.any(|rule| rule["vnetSubnetResourceId"] == *own && rule["action"] == "Allow") {
            problems.push(tell(app, "it may not call itself"));
        }
    }
    problems
}

/// Returns what can be deleted by one mistaken command, although it is to be kept.
pub(super) fn unprotected(snapshot: &Snapshot) -> Vec<String> {
    let keeps = |lock: &Resource<'_>| lock.property("/level") == "CanNotDelete";
    let locks: Vec<Resource<'_>> = snapshot.of("Microsoft.Authorization/locks").collect();
    let is_locked = |resource: &Resource<'_>| {
        let mut own = locks.iter().filter(|lock| scope(**lock) == resource.id());
        own.any(keeps)
    };
    let lake = |account: &Resource<'_>| account.property("/isHnsEnabled") == true;
    let accounts = snapshot.of("Microsoft.Storage/storageAccounts");
    let kinds = ["Microsoft.EventHub/namespaces", "Microsoft.Sql/servers"];
    kinds
        .iter()
        .flat_map(|kind| snapshot.of(kind))
        .chain(accounts.filter(lake))
        .filter(|resource| !is_locked(resource))
        .map(|resource| tell(resource, "it can be deleted"))
        .collect()
}
