// Zone redundant, behind private endpoints, with bronze warm.
using 'main.bicep'

param environmentName = 'prod'
param location = readEnvironmentVariable('AZURE_LOCATION')
param datasetName = readEnvironmentVariable('SLUICE_DATASET', 'orders')
param sqlAdministrator = {
  login: readEnvironmentVariable('SLUICE_SQL_ADMIN_NAME')
  objectId: readEnvironmentVariable('SLUICE_SQL_ADMIN_ID')
  principalType: readEnvironmentVariable('SLUICE_SQL_ADMIN_TYPE', 'Group')
}
param operatorPrincipalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param operatorPrincipalType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'ServicePrincipal')
param readerPrincipalIds = filter(split(readEnvironmentVariable('SLUICE_READER_IDS', ''), ','), id => !empty(id))
param commit = readEnvironmentVariable('SLUICE_COMMIT', 'unknown')
param currentThroughputUnits = int(readEnvironmentVariable('SLUICE_CURRENT_THROUGHPUT_UNITS', '0'))
param alertEmails = filter(split(readEnvironmentVariable('SLUICE_ALERT_EMAILS', ''), ','), address => !empty(address))
param latency = readEnvironmentVariable('SLUICE_LATENCY', 'timer')
param alertQueues = filter(split(readEnvironmentVariable('SLUICE_ALERT_QUEUES', ''), ','), name => !empty(name))
param alertHubs = filter(split(readEnvironmentVariable('SLUICE_ALERT_HUBS', ''), ','), name => !empty(name))
param actionGroupIds = filter(split(readEnvironmentVariable('SLUICE_ACTION_GROUP_IDS', ''), ','), id => !empty(id))

param throughputUnits = 2
param maximumThroughputUnits = 20
param partitionCount = 32
param eventRetentionHours = 168
param instanceMemoryMB = 4096
param maximumInstanceCount = 100
param alwaysReady = [
  { name: 'function:bronze', instanceCount: 2 }
  { name: 'blob', instanceCount: 2 }
]
param keyCacheMiB = 512
param sqlCompute = { maxVCores: 4, minVCores: '0.5', maxSizeGB: 128, autoPauseDelayMinutes: -1 }
param bronzeLifecycle = { coolAfterDays: 0, archiveAfterDays: 0, deleteAfterDays: 0 }
param softDeleteDays = 30
param lakeRedundancy = 'Standard_ZRS'
param hostRedundancy = 'Standard_ZRS'
param logRetentionDays = 90
param deleteLock = true
param networkIsolation = true
param zoneRedundant = true
