//! Ways to spoil the templates, each with what must be said about it.

/// File, what stands there once, what to put there, and the complaint: pieces of it, with " … " between.
pub(super) type Mutant = (&'static str, &'static str, &'static str, &'static str);

const APP: &str = "modules/function-app.bicep";
const ACCESS: &str = "modules/access.bicep";
const HOST: &str = "modules/host-storage.bicep";
const HUBS: &str = "modules/event-hubs.bicep";
const LAKE: &str = "modules/lake.bicep";
const MONITORING: &str = "modules/monitoring.bicep";
const NETWORK: &str = "modules/network.bicep";
const SQL: &str = "modules/sql.bicep";

/// What the rules for all resources must find.
#[rustfmt::skip]
pub(super) const POLICY: &[Mutant] = &[
    (HOST, "allowSharedKeyAccess: false", "allowSharedKeyAccess: true", "sthost … shared keys are on"),
    (LAKE, "    allowSharedKeyAccess: false\n", "", "stlake … shared keys are on"),
    (HOST, "allowBlobPublicAccess: false", "allowBlobPublicAccess: true", "blobs may be public"),
    (HOST, "allowCrossTenantReplication: false", "allowCrossTenantReplication: true", "replicates to other tenants"),
    (HOST, "isLocalUserEnabled: false", "isLocalUserEnabled: true", "local users are on"),
    (LAKE, "minimumTlsVersion: 'TLS1_2'", "minimumTlsVersion: 'TLS1_0'", "stlake … (/minimumTlsVersion)"),
    (LAKE, "supportsHttpsTrafficOnly: true", "supportsHttpsTrafficOnly: false", "stlake … (/supportsHttpsTrafficOnly)"),
    (LAKE, " deleteRetentionPolicy: { enabled: true, days: softDeleteDays }", " deleteRetentionPolicy: { enabled: false }", "stlake … deleted blobs are gone"),
    (HOST, " deleteRetentionPolicy: { enabled: false }", " deleteRetentionPolicy: { enabled: true, days: softDeleteDays }", "sthost … old versions of checkpoints"),
    (HOST, "containerDeleteRetentionPolicy: { enabled: true,", "containerDeleteRetentionPolicy: { enabled: false,", "deleted containers are gone"),
    (LAKE, "publicAccess: 'None'", "publicAccess: 'Blob'", "the container may be public"),
    (HUBS, "disableLocalAuth: true", "disableLocalAuth: false", "EventHub/namespaces … local authentication is on"),
    (HUBS, "minimumTlsVersion: '1.2'", "minimumTlsVersion: '1.0'", "EventHub/namespaces … (/minimumTlsVersion)"),
    (HUBS, "resource hub 'eventhubs'", "resource all 'authorizationRules' = {\n    name: 'all'\n    properties: { rights: ['Send'] }\n  }\n  resource hub 'eventhubs'", "it is a key"),
    (MONITORING, "DisableLocalAuth: true", "DisableLocalAuth: false", "Insights/components … local authentication is on"),
    (MONITORING, "disableLocalAuth: true", "disableLocalAuth: false", "OperationalInsights/workspaces … local authentication is on"),
    (SQL, "administratorType: 'ActiveDirectory'\n      azureADOnlyAuthentication: true", "administratorType: 'ActiveDirectory'\n      azureADOnlyAuthentication: false", "Sql/servers sql- … passwords are allowed"),
    (SQL, "properties: { azureADOnlyAuthentication: true }", "properties: { azureADOnlyAuthentication: false }", "Sql/servers/azureADOnlyAuthentications … passwords are allowed"),
    (SQL, "minimalTlsVersion: '1.2'", "minimalTlsVersion: '1.0'", "Sql/servers … (/minimalTlsVersion)"),
    (SQL, "    version: '12.0'\n", "    version: '12.0'\n    administratorLogin: 'sa-of-old'\n", "it has a SQL administrator"),
    (SQL, "state: 'Enabled'", "state: 'Disabled'", "nothing is audited"),
    (SQL, "        'FAILED_DATABASE_AUTHENTICATION_GROUP'\n", "        'BATCH_COMPLETED_GROUP'\n", "it records statements, or no logins"),
    (SQL, "      maxSizeBytes: compute.maxSizeGB * 1073741824\n", "", "Sql/servers/databases … its size is left to Azure"),
    (SQL, "= if (!isolated) {\n    name: 'AllowAllWindowsAzureIps'\n    properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' }", "= {\n    name: 'AllowAllWindowsAzureIps'\n    properties: { startIpAddress: '0.0.0.1', endIpAddress: '255.255.255.254' }", "it opens the database to the internet"),
    (APP, "httpsOnly: true", "httpsOnly: false", "plain HTTP is allowed (/httpsOnly)"),
    (APP, "      minTlsVersion: '1.2'", "      minTlsVersion: '1.0'", "(/siteConfig/minTlsVersion)"),
    (APP, "scmMinTlsVersion: '1.2'", "scmMinTlsVersion: '1.1'", "(/siteConfig/scmMinTlsVersion)"),
    (APP, "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'", "FTP is on"),
    (APP, "      http20Enabled: true\n", "      http20Enabled: true\n      linuxFxVersion: ''\n", "no linuxFxVersion"),
    (APP, "    siteConfig: {\n", "    siteConfig: {\n      functionAppScaleLimit: 1\n", "no functionAppScaleLimit"),
    (APP, "      scmIpSecurityRestrictionsUseMain: false\n", "      appSettings: []\n", "settings stand in two places"),
    (APP, "runtime: { name: 'custom', version: '1.0' }", "runtime: { name: 'node', version: '22' }", "it runs no custom handler"),
    (APP, "type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId", "type: 'SystemAssignedIdentity'", "packages are read with a key"),
    (APP, "name: 'scm'\n    properties: { allow: false }", "name: 'scm'\n    properties: { allow: true }", "deployed to with a password"),
    (APP, "  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {\n    name: 'ftp'\n    properties: { allow: false }\n  }\n", "", "1 of Microsoft.Web/sites/basicPublishingCredentialsPolicies instead of 2"),
    (APP, "      DATASET: datasetFile\n", "      DATASET: datasetFile\n      KEY: host.listKeys().keys[0].value\n", "it reads a key"),
    (HUBS, "zoneRedundant: zoneRedundant", "zoneRedundant: false", "EventHub/namespaces … it lies in one zone"),
    (SQL, "      zoneRedundant: zoneRedundant\n", "", "Sql/servers/databases … it lies in one zone"),
    ("prod.bicepparam", "hostRedundancy = 'Standard_ZRS'", "hostRedundancy = 'Standard_GRS'", "sthost … it lies in one zone"),
    ("modules/alerts.bicep", "concat(empty(emails) ? [] : [mail.id], actionGroupIds)", "empty(emails) ? [] : [mail.id]", "scheduledQueryRules … it does not go to all receivers"),
    ("main.bicep", "output APP_NAME string", "output SHARED_ACCESS string = 'x'\noutput APP_NAME string", "output SHARED_ACCESS looks like a secret"),
];

/// What isolation must find.
#[rustfmt::skip]
pub(super) const EXPOSED: &[Mutant] = &[
    (HUBS, "isolated ? 'Disabled' : 'Enabled'", "isolated ? 'Enabled' : 'Enabled'", "EventHub/namespaces … reachable from the internet"),
    (HOST, "isolated ? 'Deny' : 'Allow'", "isolated ? 'Allow' : 'Allow'", "storageAccounts sthost … reachable from the internet"),
    (NETWORK, "  { name: 'sql', target: server.id,", "  { name: 'sql', target: lake.id,", "Sql/servers … has no private endpoint"),
    (APP, "ipSecurityRestrictionsDefaultAction: isolated ? 'Deny'", "ipSecurityRestrictionsDefaultAction: isolated ? 'Allow'", "the app answers everybody"),
    (APP, "concat(openToEventGrid, openToItself, openToOperators)", "concat(openToEventGrid, openToOperators)", "it may not call itself"),
    (NETWORK, "      serviceEndpoints: [{ service: 'Microsoft.Web' }]\n", "", "no service endpoint to Microsoft.Web"),
    (NETWORK, "addressSpace: { addressPrefixes: [addresses] }", "addressSpace: { addressPrefixes: [addresses] }\n    subnets: []", "it removes subnets"),
];

/// What protection from deletion must find.
#[rustfmt::skip]
pub(super) const UNPROTECTED: &[Mutant] = &[
    (LAKE, "level: 'CanNotDelete'", "level: 'NotSpecified'", "stlake … it can be deleted"),
    (HUBS, "if (deleteLock)", "if (!deleteLock)", "EventHub/namespaces … it can be deleted"),
    (SQL, "  scope: server\n", "  scope: server::gold\n", "Sql/servers … it can be deleted"),
];

/// What the check of roles must find.
#[rustfmt::skip]
pub(super) const ROLES: &[Mutant] = &[
    (ACCESS, "  scope: lake::queues::poison\n", "  scope: lake\n", "storageQueueDataContributor is assigned at … storageAccounts/stlake"),
    (ACCESS, "  scope: component\n  properties: {\n    principalId: appPrincipalId\n    principalType: 'ServicePrincipal'\n", "  scope: component\n  properties: {\n    principalId: appPrincipalId\n", "monitoringMetricsPublisher is assigned without a principalType"),
    (ACCESS, "principalType: 'ServicePrincipal'\n    roleDefinitionId: role(roles.eventHubsDataReceiver)", "principalType: 'ServicePrincipal'\n    roleDefinitionId: role('f526a384-b230-433a-b45c-95f59c4a2dec')", "role f526a384-b230-433a-b45c-95f59c4a2dec is not in roles.json"),
    (ACCESS, "    roles.storageTableDataContributor\n", "", "storageTableDataContributor is not assigned at /storageAccounts/sthost"),
    (ACCESS, "scope: lake::blobs::containers[read.container]\n", "scope: lake\n", "storageBlobDataReader is assigned at … storageAccounts/stlake"),
    (ACCESS, "for id in readerPrincipalIds: {\n    name: guid(namespace::hub.id,", "for id in []: {\n    name: guid(namespace::hub.id,", "eventHubsDataReceiver is not assigned at /eventhubs/events"),
    (ACCESS, "    scope: lake::queues::alerts[i]\n", "    scope: lake\n", "storageQueueDataMessageSender is assigned at … storageAccounts/stlake"),
    (ACCESS, "    scope: namespace::alerts[i]\n", "    scope: namespace\n", "eventHubsDataSender is not assigned at /eventhubs/fraud"),
    ("roles.json", "{\n  \"eventHubsDataReceiver\"", "{\n  \"owner\": \"8e3af657-a8ff-443c-a75c-2fe8c4bcb635\",\n  \"eventHubsDataReceiver\"", "owner in roles.json is not used"),
];

/// What the check of settings must find.
#[rustfmt::skip]
pub(super) const SETTINGS: &[Mutant] = &[
    (APP, "      GOLD_SCHEDULE: goldSchedule\n", "      GOLD_SCHEDUL: goldSchedule\n", "setting GOLD_SCHEDULE is missing"),
    (APP, "      DATASET: datasetFile\n", "      DATASET: datasetFile\n      FUNCTIONS_WORKER_RUNTIME: 'custom'\n", "setting FUNCTIONS_WORKER_RUNTIME is refused"),
    (APP, "      EVENTHUB_NAME: namespace::hub.name\n", "      EVENTHUB_NAME: namespace::hub.name\n      UNREAD: 'x'\n", "setting UNREAD is read by nobody"),
    (APP, "LakeStorage__credential: 'managedidentity'", "LakeStorage__credential: 'password'", "setting LakeStorage__credential is no managed identity"),
    (APP, "string(keyCacheMiB)", "'plenty'", "the handler refuses its settings"),
    (APP, "TrustServerCertificate=False'", "Password=x'", "setting GoldDatabase holds a secret"),
    (APP, "      LakeStorage__queueServiceUri: lake.properties.primaryEndpoints.queue\n", "", "setting LakeStorage__queueServiceUri is missing"),
];

/// What the check of settings must find in settings that the handler takes.
#[rustfmt::skip]
pub(super) const IDENTITY: &[Mutant] = &[
    (APP, "Authentication=Active Directory Managed Identity;User Id=${identityClientId};", "Authentication=Active Directory Default;", "setting GoldDatabase does not use the managed identity"),
];
