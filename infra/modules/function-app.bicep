metadata description = 'The function app on Flex Consumption: the custom handler, its settings, and no secret among them.'

import { alwaysReadyType } from '../types.bicep'

param name string
param planName string
param location string
param tags object
param identityId string
param identityClientId string
param hostStorageName string
param lakeName string
param eventHubsName string
param sqlServerName string
param componentName string
param datasetFile string
param commit string
param minBatchEvents int
param maxBatchWait string
param goldSchedule string
param goldSchema string
param maintainSchedule string
param keyCacheMiB int
@description('The secret of a key vault that holds the salt of masks, by its URI. Empty: no column is masked with one.')
param maskSaltSecretUri string
param alertWebhookSecretUris { *: string }
@description('Where metrics and spans go. Empty: nowhere.')
param otlpEndpoint string
@description('The secret of a key vault with what is sent along. Empty: nothing.')
param otlpHeadersSecretUri string
param instanceMemoryMB int
param maximumInstanceCount int
param alwaysReady alwaysReadyType[]
param zoneRedundant bool
@description('The subnet that the app sends from. Empty: the network is not isolated.')
param subnetId string
param operatorIpRanges string[]

var isolated = !empty(subnetId)

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource lake 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: lakeName
}

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: eventHubsName

  resource hub 'eventhubs' existing = {
    name: 'events'

    resource group 'consumergroups' existing = {
      name: 'sluice'
    }
  }
}

resource server 'Microsoft.Sql/servers@2025-01-01' existing = {
  name: sqlServerName

  resource gold 'databases' existing = {
    name: 'gold'
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

// Event Grid has to reach the blob trigger's webhook from outside; nobody else has to.
var openToEventGrid = [
  { name: 'event-grid', action: 'Allow', priority: 100, tag: 'ServiceTag', ipAddress: 'AzureEventGrid' }
]
// The app's own requests to itself: the host tells the platform of its triggers that way, and what is not told of does not scale.
var openToItself = [
  { name: 'itself', action: 'Allow', priority: 110, vnetSubnetResourceId: subnetId }
]
var openToOperators = [
  for (range, i) in operatorIpRanges: { name: 'operator-${i}', action: 'Allow', priority: 200 + i, ipAddress: range }
]

// A setting names its secret, and the platform puts it in its place.
var masks = empty(maskSaltSecretUri) ? {} : { SLUICE_MASK_SALT: maskSaltSecretUri }
var headers = empty(otlpHeadersSecretUri) ? {} : { OTEL_EXPORTER_OTLP_HEADERS: otlpHeadersSecretUri }
var secrets = mapValues(
  { ...masks, ...headers, ...alertWebhookSecretUris },
  uri => '@Microsoft.KeyVault(SecretUri=${uri})'
)

// The host would send its own logs there, too, if host.json asked for it; it does not.
var collector = empty(otlpEndpoint) ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  kind: 'functionapp,linux'
  tags: { ...tags, 'azd-service-name': 'pipeline' }
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: empty(secrets) ? null : identityId
    virtualNetworkSubnetId: isolated ? subnetId : null
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${host.properties.primaryEndpoints.blob}packages'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'custom', version: '1.0' }
      scaleAndConcurrency: {
        alwaysReady: alwaysReady
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
      }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      ipSecurityRestrictions: isolated ? concat(openToEventGrid, openToItself, openToOperators) : []
      ipSecurityRestrictionsDefaultAction: isolated ? 'Deny' : 'Allow'
      minTlsVersion: '1.2'
      scmIpSecurityRestrictionsUseMain: false
      scmMinTlsVersion: '1.2'
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      ...secrets
      ...collector
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      // It says where to send; with local authentication off it opens nothing.
      APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString
      // host.json's own values, overridden.
      AzureFunctionsJobHost__extensions__eventHubs__maxWaitTime: maxBatchWait
      AzureFunctionsJobHost__extensions__eventHubs__minEventBatchSize: string(minBatchEvents)
      AzureWebJobsStorage__blobServiceUri: host.properties.primaryEndpoints.blob
      AzureWebJobsStorage__clientId: identityClientId
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__queueServiceUri: host.properties.primaryEndpoints.queue
      AzureWebJobsStorage__tableServiceUri: host.properties.primaryEndpoints.table
      DATASET: datasetFile
      EVENTHUB_CONSUMER_GROUP: namespace::hub::group.name
      EVENTHUB_NAME: namespace::hub.name
      EventHubConnection__clientId: identityClientId
      EventHubConnection__credential: 'managedidentity'
      EventHubConnection__fullyQualifiedNamespace: split(split(namespace.properties.serviceBusEndpoint, '//')[1], ':')[0]
      GOLD_SCHEDULE: goldSchedule
      GOLD_SCHEMA: goldSchema
      GoldDatabase: 'Server=tcp:${server.properties.fullyQualifiedDomainName},1433;Database=${server::gold.name};Authentication=Active Directory Managed Identity;User Id=${identityClientId};Encrypt=True;TrustServerCertificate=False'
      LakeStorage__blobServiceUri: lake.properties.primaryEndpoints.blob
      LakeStorage__clientId: identityClientId
      LakeStorage__credential: 'managedidentity'
      LakeStorage__queueServiceUri: lake.properties.primaryEndpoints.queue
      MAINTAIN_SCHEDULE: maintainSchedule
      SLUICE_DEPLOYED_COMMIT: commit
      SLUICE_KEY_CACHE_MIB: string(keyCacheMiB)
    }
  }

  resource noFtpPassword 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource noScmPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
