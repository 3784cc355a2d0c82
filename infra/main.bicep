metadata description = 'Sluice: Event Hubs -> bronze -> silver -> gold, one deployment for one dataset.'

targetScope = 'subscription'

import { problems } from 'checks.bicep'
import { alwaysReadyType, bronzeLifecycleType, sqlAdministratorType, sqlComputeType } from 'types.bicep'

@description('Which of several environments this is: dev, prod, or what you like.')
@minLength(1)
@maxLength(16)
param environmentName string

@description('The region of everything.')
param location string

@description('The dataset: the name in its dataset file. Several datasets are several deployments.')
@minLength(1)
@maxLength(30)
param datasetName string = 'orders'

@description('The dataset file, as the package has it.')
param datasetFile string = 'datasets/${datasetName}.toml'

@description('Who administers the database. A group is best: people and the deploying identity are its members.')
param sqlAdministrator sqlAdministratorType

@description('Who may send test events and look at the log\'s head: the principal that runs the smoke test. None if empty.')
param operatorPrincipalId string = ''

@description('What kind of principal that is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'User'

@description('Who may look: bronze, silver, quarantine, the state table, and the hub. What a database user may read is sql-grant\'s.')
param readerPrincipalIds string[] = []

@description('What kind of principals they are.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param readerPrincipalType string = 'Group'

@description('Throughput units of the Event Hubs namespace at rest: 1 MB/s or 1,000 events/s in, twice that out, each.')
@minValue(1)
@maxValue(40)
param throughputUnits int = 1

@description('Throughput units that the namespace has now, which deploy.sh looks up; 0 if there is none. A deployment keeps them.')
@minValue(0)
@maxValue(40)
param currentThroughputUnits int = 0

@description('Throughput units that auto-inflate may go up to.')
@minValue(1)
@maxValue(40)
param maximumThroughputUnits int = 4

@description('Partitions of the hub: the most instances that bronze can have. Cannot be changed in the Standard tier.')
@minValue(1)
@maxValue(32)
param partitionCount int = 4

@description('How long the hub keeps events, in hours.')
@minValue(1)
@maxValue(168)
param eventRetentionHours int = 72

@description('Memory of an instance, in MiB; a core comes with every 2,048.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('The most instances of a function.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Instances that are never switched off, by function or group, such as { name: \'function:bronze\', instanceCount: 1 }.')
param alwaysReady alwaysReadyType[] = []

@description('When gold follows silver: low, about half a second after each commit, where the dataset file has rules or says so; else timer.')
@allowed(['low', 'timer'])
param latency string = 'timer'

@description('How many events of a partition bronze stores at once at least, until maxBatchWait is over.')
@minValue(1)
@maxValue(1000)
param minBatchEvents int = latency == 'low' ? 500 : 1000

@description('How long bronze gathers events of a partition before it stores fewer than minBatchEvents: the price of a quiet hub.')
param maxBatchWait string = latency == 'low' ? '00:00:01' : '00:00:02'

@description('When gold publishes, as NCRONTAB with seconds.')
param goldSchedule string = '0 * * * * *'

@description('The database schema that gold\'s tables and views are in.')
param goldSchema string = 'gold'

@description('When maintenance runs, as NCRONTAB with seconds.')
param maintainSchedule string = '30 */10 * * * *'

@description('Memory for key sets of silver\'s files, in MiB.')
@minValue(1)
@maxValue(2048)
param keyCacheMiB int = 64

@description('The secret of a key vault that holds the salt of masked columns, by its URI without a version. Empty: no column has mask = "sha256".')
param maskSaltSecretUri string = ''

@description('Queues of the lake that rules tell of alerts: the NAMEs of "queue:NAME" in the dataset file, which deploy.sh looks up.')
param alertQueues string[] = []

@description('Event hubs that rules tell of alerts: the NAMEs of "eventhub:NAME" in the dataset file, which deploy.sh looks up.')
param alertHubs string[] = []

@description('Addresses of webhooks: for each SETTING of "webhook:SETTING", and for its SETTING_KEY where there is one, the secret of a key vault by its URI without a version.')
param alertWebhookSecretUris { *: string } = {}

@description('The collector that takes metrics and spans by OTLP over HTTP, such as https://collector.example.com:4318. Empty: nothing is measured or traced.')
param otlpEndpoint string = ''

@description('The secret of a key vault that holds what is sent with each request to the collector, as key=value,other=value, by its URI without a version. Empty: nothing is.')
param otlpHeadersSecretUri string = ''

@description('The database\'s compute.')
param sqlCompute sqlComputeType = { maxVCores: 2, minVCores: '0.5', maxSizeGB: 32, autoPauseDelayMinutes: 60 }

@description('Spreads the app, the hub and the database over the zones of the region. The hub\'s part of it is for good.')
param zoneRedundant bool = false

@description('What becomes of bronze as it ages, in days since it was written; 0 is never.')
param bronzeLifecycle bronzeLifecycleType = { coolAfterDays: 0, archiveAfterDays: 0, deleteAfterDays: 0 }

@description('How long an object of bronze can be neither changed nor deleted, by nobody, in days; 0 is not at all.')
@minValue(0)
@maxValue(146000)
param bronzeImmutableDays int = 0

@description('Locks the lake, the hub and the database server against deletion. Making a lock takes more rights than the rest.')
param deleteLock bool = false

@description('How long deleted containers, and blobs of the lake, can be brought back, in days.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 7

@description('Redundancy of the lake. RAGRS and RAGZRS let another region read the copy.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
  'Standard_RAGRS'
  'Standard_RAGZRS'
])
param lakeRedundancy string = 'Standard_LRS'

@description('Redundancy of the host\'s account, which also holds the state table.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
  'Standard_RAGRS'
  'Standard_RAGZRS'
])
param hostRedundancy string = 'Standard_LRS'

@description('How long logs are kept, in days.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Logs taken in a day at most, in GB; -1 is without limit.')
param logDailyQuotaGb int = -1

@description('Where alerts are mailed to.')
param alertEmails string[] = []

@description('Action groups that alerts go to, by their resource ids. With no addresses either, alerts go nowhere.')
param actionGroupIds string[] = []

@description('How far gold may be behind silver before an alert tells, in minutes: more than from one run to the next.')
@minValue(5)
@maxValue(1080)
param goldLagMinutes int = 15

@description('The commit that this is deployed of; the log tells it.')
param commit string = 'unknown'

@description('Puts storage, hub and database behind private endpoints and takes them off the internet.')
param networkIsolation bool = false

@description('Addresses of the isolated network, a /24. Networks that are peered with each other must not overlap.')
param networkAddresses string = '10.20.0.0/24'

@description('Address ranges that may reach the app itself when the network is isolated, such as the deploying machine\'s.')
param operatorIpRanges string[] = []

// What cannot work ends the deployment before anything is made, with all there is to say.
var found = problems({
  environmentName: environmentName
  throughputUnits: throughputUnits
  maximumThroughputUnits: maximumThroughputUnits
  alwaysReady: alwaysReady
  maxBatchWait: maxBatchWait
  goldSchedule: goldSchedule
  maintainSchedule: maintainSchedule
  zoneRedundant: zoneRedundant
  bronzeLifecycle: bronzeLifecycle
  lakeRedundancy: lakeRedundancy
  networkAddresses: networkAddresses
})
var checkedLocation = empty(found) ? location : fail(join(found, '; '))

var token = toLower(uniqueString(subscription().id, environmentName, datasetName, location))
// Most names in Azure take no underscore.
var baseName = 'sluice-${replace(datasetName, '_', '-')}-${environmentName}'
var tags = { 'azd-env-name': environmentName, dataset: datasetName, system: 'sluice' }

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${baseName}'
  location: checkedLocation
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: 'id-${baseName}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: 'log-${baseName}'
    componentName: 'appi-${baseName}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
  }
}

module hostStorage 'modules/host-storage.bicep' = {
  scope: group
  params: {
    name: 'sthost${token}'
    location: location
    tags: tags
    redundancy: hostRedundancy
    softDeleteDays: softDeleteDays
    isolated: networkIsolation
    workspaceId: monitoring.outputs.workspaceId
  }
}

module lake 'modules/lake.bicep' = {
  scope: group
  params: {
    name: 'stlake${token}'
    location: location
    tags: tags
    redundancy: lakeRedundancy
    softDeleteDays: softDeleteDays
    bronzeLifecycle: bronzeLifecycle
    bronzeImmutableDays: bronzeImmutableDays
    alertQueues: alertQueues
    isolated: networkIsolation
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
  }
}

module eventHubs 'modules/event-hubs.bicep' = {
  scope: group
  params: {
    name: 'evhns-${token}'
    location: location
    tags: tags
    throughputUnits: throughputUnits
    currentThroughputUnits: currentThroughputUnits
    maximumThroughputUnits: maximumThroughputUnits
    partitionCount: partitionCount
    retentionHours: eventRetentionHours
    alertHubs: alertHubs
    zoneRedundant: zoneRedundant
    isolated: networkIsolation
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
  }
}

module sql 'modules/sql.bicep' = {
  scope: group
  params: {
    serverName: 'sql-${token}'
    location: location
    tags: tags
    administrator: sqlAdministrator
    compute: sqlCompute
    zoneRedundant: zoneRedundant
    isolated: networkIsolation
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
  }
}

module network 'modules/network.bicep' = if (networkIsolation) {
  scope: group
  params: {
    name: 'vnet-${baseName}'
    location: location
    tags: tags
    addresses: networkAddresses
    hostStorageName: hostStorage.outputs.name
    lakeName: lake.outputs.name
    eventHubsName: eventHubs.outputs.namespaceName
    sqlServerName: sql.outputs.serverName
  }
}

module eventGrid 'modules/event-grid.bicep' = {
  scope: group
  params: {
    name: 'evgt-${baseName}'
    location: location
    tags: tags
    lakeName: lake.outputs.name
    workspaceId: monitoring.outputs.workspaceId
  }
}

module access 'modules/access.bicep' = {
  scope: group
  params: {
    appPrincipalId: identity.outputs.principalId
    topicPrincipalId: eventGrid.outputs.principalId
    operatorPrincipalId: operatorPrincipalId
    operatorPrincipalType: operatorPrincipalType
    readerPrincipalIds: readerPrincipalIds
    readerPrincipalType: readerPrincipalType
    hostStorageName: hostStorage.outputs.name
    lakeName: lake.outputs.name
    eventHubsName: eventHubs.outputs.namespaceName
    componentName: monitoring.outputs.componentName
    alertQueues: alertQueues
    alertHubs: alertHubs
  }
}

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    name: 'func-sluice-${token}'
    planName: 'plan-${baseName}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    lakeName: lake.outputs.name
    eventHubsName: eventHubs.outputs.namespaceName
    sqlServerName: sql.outputs.serverName
    componentName: monitoring.outputs.componentName
    datasetFile: datasetFile
    commit: commit
    minBatchEvents: minBatchEvents
    maxBatchWait: maxBatchWait
    goldSchedule: goldSchedule
    goldSchema: goldSchema
    maintainSchedule: maintainSchedule
    keyCacheMiB: keyCacheMiB
    maskSaltSecretUri: maskSaltSecretUri
    alertWebhookSecretUris: alertWebhookSecretUris
    otlpEndpoint: otlpEndpoint
    otlpHeadersSecretUri: otlpHeadersSecretUri
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    subnetId: network.?outputs.appSubnetId ?? ''
    operatorIpRanges: operatorIpRanges
  }
  // The platform opens the package's container as soon as the app is made.
  dependsOn: [access]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    prefix: baseName
    location: location
    tags: tags
    emails: alertEmails
    actionGroupIds: actionGroupIds
    eventRetentionHours: eventRetentionHours
    goldLagMinutes: goldLagMinutes
    workspaceId: monitoring.outputs.workspaceId
    eventHubsName: eventHubs.outputs.namespaceName
    topicName: eventGrid.outputs.topicName
    hostStorageName: hostStorage.outputs.name
    lakeName: lake.outputs.name
    sqlServerName: sql.outputs.serverName
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    displayName: 'Sluice ${datasetName} (${environmentName})'
    location: location
    tags: tags
    componentId: monitoring.outputs.componentId
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output APP_NAME string = app.outputs.name
output IDENTITY_NAME string = identity.outputs.name
output IDENTITY_CLIENT_ID string = identity.outputs.clientId
output SQL_SERVER string = sql.outputs.fullyQualifiedDomainName
output SQL_DATABASE string = sql.outputs.databaseName
output GOLD_SCHEMA string = goldSchema
output EVENTHUB_NAMESPACE string = eventHubs.outputs.fullyQualifiedNamespace
output EVENTHUB_NAME string = eventHubs.outputs.hubName
output STATE_ACCOUNT string = hostStorage.outputs.name
output LAKE_ACCOUNT string = lake.outputs.name
output EVENT_GRID_TOPIC string = eventGrid.outputs.topicName
output ALERT_RECEIVERS int = length(alertEmails) + length(actionGroupIds)
output DATASET_NAME string = datasetName
output DATASET_FILE string = datasetFile
output NETWORK_ISOLATION bool = networkIsolation
