//! What must hold for every deployment, whatever its parameters.

use serde_json::{Value, json};

use super::snapshot::{Resource, Snapshot};

/// Properties that a resource of a type must have.
type Rule = (
    &'static str,
    &'static [(&'static str, fn(&Value) -> bool, &'static str)],
);

fn is_true(value: &Value) -> bool {
    value == true
}

fn is_false(value: &Value) -> bool {
    value == false
}

fn is_tls_1_2(value: &Value) -> bool {
    ["1.2", "1.3", "TLS1_2", "TLS1_3"]
        .iter()
        .any(|version| value == version)
}

fn is_absent(value: &Value) -> bool {
    value.is_null()
}

pub(super) fn is_disabled(value: &Value) -> bool {
    value == "Disabled"
}

fn is_none(value: &Value) -> bool {
    value == "None"
}

fn is_our_identity(value: &Value) -> bool {
    value == "UserAssignedIdentity"
}

fn is_custom(value: &Value) -> bool {
    *value == json!({"name": "custom", "version": "1.0"})
}

fn is_enabled(value: &Value) -> bool {
    value == "Enabled"
}

fn is_some(value: &Value) -> bool {
    !value.is_null()
}

/// Statements are many, and what they hold is not the audit's.
fn audits_logins_only(value: &Value) -> bool {
    let groups = value.to_string();
    groups.contains("FAILED_DATABASE_AUTHENTICATION_GROUP") && !groups.contains("BATCH_")
}

const RULES: &[Rule] = &[
    (
        "Microsoft.Storage/storageAccounts",
        &[
            ("/allowSharedKeyAccess", is_false, "shared keys are on"),
            ("/allowBlobPublicAccess", is_false, "blobs may be public"),
            (
                "/allowCrossTenantReplication",
                is_false,
                "it replicates to other tenants",
            ),
            ("/isLocalUserEnabled", is_false, "local users are on"),
            ("/minimumTlsVersion", is_tls_1_2, "TLS below 1.2 is allowed"),
            (
                "/supportsHttpsTrafficOnly",
                is_true,
                "plain HTTP is allowed",
            ),
        ],
    ),
    (
        "Microsoft.Storage/storageAccounts/blobServices",
        &[(
            "/containerDeleteRetentionPolicy/enabled",
            is_true,
            "deleted containers are gone",
        )],
    ),
    (
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        &[("/publicAccess", is_none, "the container may be public")],
    ),
    (
        "Microsoft.EventHub/namespaces",
        &[
            ("/disableLocalAuth", is_true, "local authentication is on"),
            ("/minimumTlsVersion", is_tls_1_2, "TLS below 1.2 is allowed"),
        ],
    ),
    (
        "Microsoft.Insights/components",
        &[("/DisableLocalAuth", is_true, "local authentication is on")],
    ),
    (
        "Microsoft.OperationalInsights/workspaces",
        &[(
            "/features/disableLocalAuth",
            is_true,
            "local authentication is on",
        )],
    ),
    (
        "Microsoft.Sql/servers",
        &[
            (
                "/administrators/azureADOnlyAuthentication",
                is_true,
                "passwords are allowed",
            ),
            (
                "/administratorLogin",
                is_absent,
                "it has a SQL administrator",
            ),
            ("/minimalTlsVersion", is_tls_1_2, "TLS below 1.2 is allowed"),
        ],
    ),
    (
        "Microsoft.Sql/servers/azureADOnlyAuthentications",
        &[(
            "/azureADOnlyAuthentication",
            is_true,
            "passwords are allowed",
        )],
    ),
    (
        "Microsoft.Sql/servers/auditingSettings",
        &[
            ("/state", is_enabled, "nothing is audited"),
            (
                "/auditActionsAndGroups",
                audits_logins_only,
                "it records statements, or no logins",
            ),
        ],
    ),
    (
        "Microsoft.Sql/servers/databases",
        &[("/maxSizeBytes", is_some, "its size is left to Azure")],
    ),
    (
        "Microsoft.Web/sites",
        &[
            ("/httpsOnly", is_true, "plain HTTP is allowed"),
            (
                "/siteConfig/minTlsVersion",
                is_tls_1_2,
                "TLS below 1.2 is allowed",
            ),
            (
                "/siteConfig/scmMinTlsVersion",
                is_tls_1_2,
                "TLS below 1.2 is allowed",
            ),
            ("/siteConfig/ftpsState", is_disabled, "FTP is on"),
            (
                "/siteConfig/linuxFxVersion",
                is_absent,
                "Flex Consumption has no linuxFxVersion",
            ),
            (
                "/siteConfig/functionAppScaleLimit",
                is_absent,
                "Flex Consumption has no functionAppScaleLimit",
            ),
            (
                "/siteConfig/appSettings",
                is_absent,
                "settings stand in two places",
            ),
            (
                "/functionAppConfig/runtime",
                is_custom,
                "it runs no custom handler",
            ),
            (
                "/functionAppConfig/deployment/storage/authentication/type",
                is_our_identity,
                "packages are read with a key",
            ),
        ],
    ),
    (
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
        &[("/allow", is_false, "it can be deployed to with a password")],
    ),
];

/// Types that must be there, each with how many of it.
const PRESENT: &[(&str, usize)] = &[
    ("Microsoft.EventHub/namespaces", 1),
    ("Microsoft.Insights/components", 1),
    ("Microsoft.Sql/servers", 1),
    ("Microsoft.Sql/servers/auditingSettings", 1),
    ("Microsoft.Sql/servers/azureADOnlyAuthentications", 1),
    ("Microsoft.Storage/storageAccounts", 2),
    ("Microsoft.Web/sites", 1),
    ("Microsoft.Web/sites/basicPublishingCredentialsPolicies", 2),
];

/// Words that no output's name or value has.
const SECRET_WORDS: [&str; 7] = [
    "accountkey",
    "connectionstring",
    "listkeys",
    "password",
    "secret",
    "sharedaccess",
    "systemkeys",
];

/// Returns everything that is against the rules.
pub(super) fn problems(snapshot: &Snapshot) -> Vec<String> {
    let mut problems = Vec::new();
    for (kind, rules) in RULES {
        for resource in snapshot.of(kind) {
            let broken = rules
                .iter()
                .filter(|(path, holds, _)| !holds(resource.property(path)));
            problems
                .extend(broken.map(|(path, _, text)| tell(resource, &format!("{text} ({path})"))));
        }
    }
    for (kind, count) in PRESENT {
        let found = snapshot.of(kind).count();
        if found != *count {
            problems.push(format!("{found} of {kind} instead of {count}"));
        }
    }
    for resource in snapshot.resources() {
        if resource
            .kind()
            .to_lowercase()
            .contains("authorizationrules")
        {
            problems.push(tell(resource, "it is a key"));
        }
        let text = resource.0.to_string().to_lowercase();
        if [
            "listkeys(",
            "listaccountkeys(",
            "listconnectionstrings(",
            "listaccountsas(",
        ]
        .iter()
        .any(|word| text.contains(word))
        {
            problems.push(tell(resource, "it reads a key"));
        }
    }
    problems.extend(silent(snapshot));
    problems.extend(deleted_blobs(snapshot));
    problems.extend(zones(snapshot));
    problems.extend(firewall(snapshot));
    problems.extend(outputs(snapshot));
    problems
}

pub(super) fn tell(resource: Resource<'_>, text: &str) -> String {
    let kind = resource.kind().trim_start_matches("Microsoft.");
    format!("{kind} {}: {text}", resource.name())
}

/// Every alert goes to whom the parameters name: the addresses and an action group.
fn silent(snapshot: &Snapshot) -> Vec<String> {
    let rules = [
        (
            "Microsoft.Insights/scheduledQueryRules",
            "/actions/actionGroups",
        ),
        ("Microsoft.Insights/metricAlerts", "/actions"),
    ];
    let alerts = rules
        .into_iter()
        .flat_map(|(kind, path)| snapshot.of(kind).map(move |alert| (alert, path)));
    let silent = alerts.filter(|(alert, path)| {
        let receivers = alert.property(path).as_array();
        receivers.is_none_or(|receivers| receivers.len() != 2)
    });
    silent
        .map(|(alert, _)| tell(alert, "it does not go to all receivers"))
        .collect()
}

/// The lake keeps deleted blobs for a while. The host's account must not: the Event Hubs checkpoints are there, and their
/// deleted versions slow down the listing that partitions are shared out by.
fn deleted_blobs(snapshot: &Snapshot) -> Vec<String> {
    let mut problems = Vec::new();
    for account in snapshot.of("Microsoft.Storage/storageAccounts") {
        let services = "Microsoft.Storage/storageAccounts/blobServices";
        let name = format!("{}/default", account.name());
        let service = snapshot.of(services).find(|service| service.name() == name);
        let keeps = |path| service.is_some_and(|service| service.property(path) == true);
        let is_lake = account.property("/isHnsEnabled") == true;
        let kept = keeps("/deleteRetentionPolicy/enabled");
        if is_lake && !kept {
            problems.push(tell(account, "deleted blobs are gone"));
        }
        if !is_lake && (kept || keeps("/isVersioningEnabled")) {
            problems.push(tell(account, "old versions of checkpoints are kept"));
        }
    }
    problems
}

/// Where the app is spread over zones, so is all that it needs.
fn zones(snapshot: &Snapshot) -> Vec<String> {
    let mut plans = snapshot.of("Microsoft.Web/serverfarms");
    if !plans.any(|plan| plan.property("/zoneRedundant") == true) {
        return Vec::new();
    }
    let spread = [
        "Microsoft.EventHub/namespaces",
        "Microsoft.Sql/servers/databases",
    ];
    let resources = spread.iter().flat_map(|kind| snapshot.of(kind));
    let in_one_zone = resources.filter(|resource| resource.property("/zoneRedundant") != true);
    let accounts = snapshot.of("Microsoft.Storage/storageAccounts");
    let in_one_place = accounts.filter(|account| !account.sku().contains("ZRS"));
    in_one_zone
        .chain(in_one_place)
        .map(|resource| tell(resource, "it lies in one zone"))
        .collect()
}

/// The database is open to Azure at most, never to an address range.
fn firewall(snapshot: &Snapshot) -> Vec<String> {
    let rules = snapshot.of("Microsoft.Sql/servers/firewallRules");
    let open = rules.filter(|rule| {
        ["/startIpAddress", "/endIpAddress"]
            .iter()
            .any(|end| rule.property(end) != "0.0.0.0")
    });
    open.map(|rule| tell(rule, "it opens the database to the internet"))
        .collect()
}

fn outputs(snapshot: &Snapshot) -> Vec<String> {
    let secret = snapshot.outputs().filter(|(name, value)| {
        let text = format!("{} {value}", name.replace('_', "")).to_lowercase();
        SECRET_WORDS.iter().any(|word| text.contains(word))
    });
    secret
        .map(|(name, _)| format!("output {name} looks like a secret"))
        .collect()
}
