// Small, pausing, and forgetting: a place to try things.
using 'main.bicep'

param environmentName = 'dev'
param location = readEnvironmentVariable('AZURE_LOCATION')
param datasetName = readEnvironmentVariable('SLUICE_DATASET', 'orders')
param sqlAdministrator = {
  login: readEnvironmentVariable('SLUICE_SQL_ADMIN_NAME')
  objectId: readEnvironmentVariable('SLUICE_SQL_ADMIN_ID')
  principalType: readEnvironmentVariable('SLUICE_SQL_ADMIN_TYPE', 'Group')
}
param operatorPrincipalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param operatorPrincipalType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param readerPrincipalIds = filter(split(readEnvironmentVariable('SLUICE_READER_IDS', ''), ','), id => !empty(id))
param commit = readEnvironmentVariable('SLUICE_COMMIT', 'unknown')
param currentThroughputUnits = int(readEnvironmentVariable('SLUICE_CURRENT_THROUGHPUT_UNITS', '0'))
param alertEmails = filter(split(readEnvironmentVariable('SLUICE_ALERT_EMAILS', ''), ','), address => !empty(address))
param latency = readEnvironmentVariable('SLUICE_LATENCY', 'timer')
param alertQueues = filter(split(readEnvironmentVariable('SLUICE_ALERT_QUEUES', ''), ','), name => !empty(name))
param alertHubs = filter(split(readEnvironmentVariable('SLUICE_ALERT_HUBS', ''), ','), name => !empty(name))
param actionGroupIds = filter(split(readEnvironmentVariable('SLUICE_ACTION_GROUP_IDS', ''), ','), id => !empty(id))

param maximumThroughputUnits = 1
param eventRetentionHours = 24
param partitionCount = 2
param bronzeLifecycle = { coolAfterDays: 0, archiveAfterDays: 0, deleteAfterDays: 30 }
param softDeleteDays = 1
param logDailyQuotaGb = 1
