metadata description = 'The Event Hubs namespace, its hub, and the consumer group that is Sluice\'s own. Without any key: producers and consumers come with tokens.'

param name string
param location string
param tags object
param throughputUnits int
param currentThroughputUnits int
param maximumThroughputUnits int
param partitionCount int
param retentionHours int
param alertHubs string[]
@description('For good: a namespace cannot be spread over zones later.')
param zoneRedundant bool
param isolated bool
param deleteLock bool
param workspaceId string

var inflates = maximumThroughputUnits > throughputUnits
// A deployment in the middle of a busy day does not take away what the namespace has inflated to.
var units = min(max(throughputUnits, currentThroughputUnits), maximumThroughputUnits)

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard', capacity: units }
  properties: {
    disableLocalAuth: true
    isAutoInflateEnabled: inflates
    maximumThroughputUnits: inflates ? maximumThroughputUnits : 0
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    zoneRedundant: zoneRedundant
  }

  resource hub 'eventhubs' = {
    name: 'events'
    properties: {
      partitionCount: partitionCount
      retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionHours }
    }

    resource group 'consumergroups' = {
      name: 'sluice'
    }
  }

  // One partition: alerts are few.
  resource alerts 'eventhubs' = [
    for hub in alertHubs: {
      name: hub
      properties: {
        partitionCount: 1
        retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionHours }
      }
    }
  ]
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'OperationalLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: namespace
  properties: { level: 'CanNotDelete', notes: 'Events that bronze has not stored yet are here only.' }
}

output namespaceName string = namespace.name
output fullyQualifiedNamespace string = split(split(namespace.properties.serviceBusEndpoint, '//')[1], ':')[0]
output hubName string = namespace::hub.name
