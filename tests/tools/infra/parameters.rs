//! What parameters change, and which are refused.

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::compiler::Copy;
use super::snapshot::Snapshot;
use crate::tool::{BICEP, trials};

/// They compile the templates several times.
pub(super) fn trials() -> Vec<Trial> {
    trials![BICEP.missing();
        bronze_ages_as_the_parameters_say,
        parameters_that_cannot_work_are_refused_all_at_once,
        the_hub_keeps_its_units_and_goes_no_higher_than_it_may,
        bronze_can_be_immutable_and_readable_elsewhere,
        the_salt_of_masks_is_a_reference_to_a_secret,
        a_collector_is_set_with_a_reference_to_its_headers,
        webhooks_are_references_to_secrets,
        batches_are_smaller_where_gold_follows_at_once,
    ]
}

fn bronze_ages_as_the_parameters_say() {
    let copy = Copy::new();
    let actions = |copy: &Copy| {
        let snapshot = Snapshot(copy.predict("prod"));
        let kind = "Microsoft.Storage/storageAccounts/managementPolicies";
        let policy = snapshot.of(kind).next().map(|policy| {
            let rule = policy.property("/policy/rules/0/definition");
            assert_eq!(rule["filters"]["prefixMatch"][0], "bronze/");
            rule["actions"]["baseBlob"].clone()
        });
        policy.unwrap_or_default()
    };
    let days = |days: u64| json!({"daysAfterModificationGreaterThan": days});
    assert_eq!(
        actions(&copy),
        Value::Null,
        "nothing, unless it is asked for"
    );
    let set = |copy: &Copy, old: &str, new: &str| {
        let parameter = |ages: &str| format!("param bronzeLifecycle = {{ {ages} }}");
        copy.replace("prod.bicepparam", &parameter(old), &parameter(new));
    };
    // Not every redundancy has an archive tier.
    copy.replace(
        "prod.bicepparam",
        "lakeRedundancy = 'Standard_ZRS'",
        "lakeRedundancy = 'Standard_RAGRS'",
    );
    let all = "coolAfterDays: 30, archiveAfterDays: 90, deleteAfterDays: 365";
    let none = "coolAfterDays: 0, archiveAfterDays: 0, deleteAfterDays: 0";
    set(&copy, none, all);
    let aged = json!({"tierToCool": days(30), "tierToArchive": days(90), "delete": days(365)});
    assert_eq!(actions(&copy), aged);
    set(&copy, all, none);
    assert_eq!(actions(&copy), Value::Null);
}

fn parameters_that_cannot_work_are_refused_all_at_once() {
    let copy = Copy::new();
    let spoilt = [
        (
            "environmentName = 'prod'",
            "environmentName = 'Prod_EU'",
            "\"Prod_EU\" becomes part of names",
        ),
        (
            "maximumThroughputUnits = 20",
            "maximumThroughputUnits = 1",
            "1 is less than throughputUnits, 2",
        ),
        (
            "'blob', instanceCount: 2",
            "'blob', instanceCount: 1",
            "has 2 instances at least",
        ),
        (
            "archiveAfterDays: 0",
            "archiveAfterDays: 90",
            "Standard_ZRS has no archive tier",
        ),
        (
            "deleteAfterDays: 0",
            "deleteAfterDays: 60",
            "archive before delete",
        ),
        (
            "networkIsolation = true",
            "networkIsolation = true\nparam networkAddresses = '10.0.0.0/16'",
            "is no /24",
        ),
        (
            "keyCacheMiB = 512",
            "keyCacheMiB = 512\nparam maxBatchWait = '1 minute'",
            "is not hh:mm:ss",
        ),
        (
            "softDeleteDays = 30",
            "softDeleteDays = 30\nparam goldSchedule = '* * * * *'",
            "goldSchedule: \"* * * * *\" has not",
        ),
        (
            "logRetentionDays = 90",
            "logRetentionDays = 90\nparam maintainSchedule = '@hourly'",
            "maintainSchedule: \"@hourly\" has not",
        ),
    ];
    for (old, new, _) in spoilt {
        copy.replace("prod.bicepparam", old, new);
    }
    let said = copy.refusal("prod");
    for (_, new, expected) in spoilt {
        assert!(said.contains(expected), "{new} is taken: {said}");
    }
    let copy = Copy::new();
    copy.replace("prod.bicepparam", "'function:bronze'", "'bronze'");
    assert!(copy.refusal("prod").contains("'bronze'"));
}

fn the_hub_keeps_its_units_and_goes_no_higher_than_it_may() {
    for (current, units) in [("0", 2), ("1", 2), ("10", 10), ("30", 20)] {
        let copy = Copy::new();
        let variable = "'SLUICE_CURRENT_THROUGHPUT_UNITS', '0'";
        copy.replace(
            "prod.bicepparam",
            variable,
            &format!("'NOT_SET', '{current}'"),
        );
        let snapshot = Snapshot(copy.predict("prod"));
        let mut namespaces = snapshot.of("Microsoft.EventHub/namespaces");
        let namespace = namespaces.next().unwrap();
        assert_eq!(namespace.0["sku"]["capacity"], units, "{current}");
    }
}

fn bronze_can_be_immutable_and_readable_elsewhere() {
    let kind = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies";
    assert_eq!(Snapshot::committed("prod").of(kind).count(), 0);
    let copy = Copy::new();
    copy.replace(
        "prod.bicepparam",
        "lakeRedundancy = 'Standard_ZRS'",
        "lakeRedundancy = 'Standard_RAGZRS'\nparam bronzeImmutableDays = 7",
    );
    let snapshot = Snapshot(copy.predict("prod"));
    let policies: Vec<_> = snapshot.of(kind).collect();
    assert_eq!(policies.len(), 1);
    assert!(policies[0].name().ends_with("/default/bronze/default"));
    let days = policies[0].property("/immutabilityPeriodSinceCreationInDays");
    assert_eq!(*days, 7);
    let mut accounts = snapshot.of("Microsoft.Storage/storageAccounts");
    assert!(accounts.any(|account| account.sku() == "Standard_RAGZRS"));
}

fn the_salt_of_masks_is_a_reference_to_a_secret() {
    let copy = Copy::new();
    let found = |copy: &Copy| {
        let snapshot = Snapshot(copy.predict("prod"));
        let mut settings = snapshot.settings().into_iter();
        let salt = settings.find(|(name, _)| *name == "SLUICE_MASK_SALT");
        let app = snapshot.of("Microsoft.Web/sites").next().unwrap();
        let identity = app.property("/keyVaultReferenceIdentity");
        (
            salt.map(|(_, value)| value.to_owned()),
            identity.is_string(),
        )
    };
    assert_eq!(
        found(&copy),
        (None, false),
        "nothing, unless it is asked for"
    );
    let uri = "https://vault.example.net/secrets/mask-salt";
    copy.replace(
        "prod.bicepparam",
        "keyCacheMiB = 512",
        &format!("keyCacheMiB = 512\nparam maskSaltSecretUri = '{uri}'"),
    );
    let reference = format!("@Microsoft.KeyVault(SecretUri={uri})");
    assert_eq!(found(&copy), (Some(reference), true));
}

fn a_collector_is_set_with_a_reference_to_its_headers() {
    let copy = Copy::new();
    let names = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"];
    let found = |copy: &Copy| {
        let snapshot = Snapshot(copy.predict("prod"));
        let settings: Vec<(&str, &str)> = snapshot.settings().into_iter().collect();
        names.map(|name| {
            let own = settings.iter().find(|(own, _)| *own == name);
            own.map(|(_, value)| (*value).to_owned())
        })
    };
    assert_eq!(
        found(&copy),
        [None, None],
        "nothing, unless it is asked for"
    );
    let (endpoint, uri) = (
        "https://collector.example.com:4318",
        "https://vault.example.net/secrets/otlp-headers",
    );
    copy.replace(
        "prod.bicepparam",
        "keyCacheMiB = 512",
        &format!("keyCacheMiB = 512\nparam otlpEndpoint = '{endpoint}'\nparam otlpHeadersSecretUri = '{uri}'"),
    );
    let reference = format!("@Microsoft.KeyVault(SecretUri={uri})");
    assert_eq!(found(&copy), [Some(endpoint.to_owned()), Some(reference)]);
}

fn webhooks_are_references_to_secrets() {
    let copy = Copy::new();
    let uri = "https://vault.example.net/secrets/shop-alerts";
    copy.replace(
        "prod.bicepparam",
        "keyCacheMiB = 512",
        &format!("keyCacheMiB = 512\nparam alertWebhookSecretUris = {{ SHOP_ALERTS: '{uri}', SHOP_ALERTS_KEY: '{uri}-key' }}"),
    );
    let snapshot = Snapshot(copy.predict("prod"));
    let settings: Vec<(&str, &str)> = snapshot.settings().into_iter().collect();
    for (name, uri) in [
        ("SHOP_ALERTS", uri.to_owned()),
        ("SHOP_ALERTS_KEY", format!("{uri}-key")),
    ] {
        let reference = format!("@Microsoft.KeyVault(SecretUri={uri})");
        assert!(settings.contains(&(name, reference.as_str())), "{name}");
    }
    let app = snapshot.of("Microsoft.Web/sites").next().unwrap();
    assert!(app.property("/keyVaultReferenceIdentity").is_string());
}

fn batches_are_smaller_where_gold_follows_at_once() {
    let variable = "readEnvironmentVariable('SLUICE_LATENCY', 'timer')";
    for (latency, expected) in [
        ("'timer'", ["1000", "00:00:02"]),
        ("'low'", ["500", "00:00:01"]),
        (
            "'low'\nparam minBatchEvents = 100\nparam maxBatchWait = '00:00:05'",
            ["100", "00:00:05"],
        ),
    ] {
        let copy = Copy::new();
        copy.replace("prod.bicepparam", variable, latency);
        let snapshot = Snapshot(copy.predict("prod"));
        let settings = snapshot.of("Microsoft.Web/sites/config").next().unwrap();
        let name = "AzureFunctionsJobHost__extensions__eventHubs__";
        let found = ["minEventBatchSize", "maxWaitTime"]
            .map(|value| settings.property(&format!("/{name}{value}")).clone());
        assert_eq!(found, expected, "{latency}");
    }
}
