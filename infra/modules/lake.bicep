metadata description = 'The lake: bronze, silver and quarantine in ADLS Gen2, and the queue for what silver could not do.'

import { bronzeLifecycleType } from '../types.bicep'

param name string
param location string
param tags object
param redundancy string
param softDeleteDays int
param bronzeLifecycle bronzeLifecycleType
@description('0: none.')
param bronzeImmutableDays int
param alertQueues string[]
param isolated bool
param deleteLock bool
param workspaceId string

var cool = bronzeLifecycle.coolAfterDays > 0
  ? {
      tierToCool: { daysAfterModificationGreaterThan: bronzeLifecycle.coolAfterDays }
    }
  : {}
var archive = bronzeLifecycle.archiveAfterDays > 0
  ? {
      tierToArchive: { daysAfterModificationGreaterThan: bronzeLifecycle.archiveAfterDays }
    }
  : {}
var delete = bronzeLifecycle.deleteAfterDays > 0
  ? {
      delete: { daysAfterModificationGreaterThan: bronzeLifecycle.deleteAfterDays }
    }
  : {}
var bronzeActions = { ...cool, ...archive, ...delete }

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isHnsEnabled: true
    isLocalUserEnabled: false
    isSftpEnabled: false
    minimumTlsVersion: 'TLS1_2'
    networkAcls: { bypass: 'AzureServices', defaultAction: isolated ? 'Deny' : 'Allow' }
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
      deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    }

    resource containers 'containers' = [
      for container in ['bronze', 'silver', 'quarantine']: {
        name: container
        properties: { publicAccess: 'None' }
      }
    ]
  }

  resource queues 'queueServices' = {
    name: 'default'

    // The blob trigger's own name for it. Made here so that the app needs rights on this queue only.
    resource poison 'queues' = {
      name: 'webjobs-blobtrigger-poison'
    }

    resource alerts 'queues' = [
      for queue in alertQueues: {
        name: queue
      }
    ]
  }
}

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = if (!empty(bronzeActions)) {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'bronze-ages'
          enabled: true
          type: 'Lifecycle'
          definition: {
            actions: { baseBlob: bronzeActions }
            filters: { blobTypes: ['blockBlob'], prefixMatch: ['bronze/'] }
          }
        }
      ]
    }
  }
}

// Bronze writes each object once, under its final name, so that nothing in it is ever changed. Unlocked: an
// administrator can still shorten or remove the policy.
resource immutable 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2025-06-01' = if (bronzeImmutableDays > 0) {
  parent: account::blobs::containers[0]
  name: 'default'
  properties: { immutabilityPeriodSinceCreationInDays: bronzeImmutableDays }
}

// An account that is deleted takes its soft-deleted blobs with it.
resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: { level: 'CanNotDelete', notes: 'Bronze is the only copy of what arrived.' }
}

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageDelete', enabled: true }]
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

// Writes to the queue are poison messages, which an alert looks for.
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account::queues
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'StorageWrite', enabled: true }]
  }
}

output name string = account.name
