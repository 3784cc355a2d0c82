metadata description = 'Gold: a serverless database that pauses when nobody uses it. Entra principals only; there is no password anywhere.'

import { sqlAdministratorType, sqlComputeType } from '../types.bicep'

param serverName string
param location string
param tags object
param administrator sqlAdministratorType
param compute sqlComputeType
param zoneRedundant bool
param isolated bool
param deleteLock bool
param workspaceId string

resource server 'Microsoft.Sql/servers@2025-01-01' = {
  name: serverName
  location: location
  tags: tags
  properties: {
    version: '12.0'
    minimalTlsVersion: '1.2'
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    administrators: {
      administratorType: 'ActiveDirectory'
      azureADOnlyAuthentication: true
      login: administrator.login
      principalType: administrator.principalType
      sid: administrator.objectId
      tenantId: tenant().tenantId
    }
  }

  // The property above is only heeded when the server is made.
  resource entraOnly 'azureADOnlyAuthentications' = {
    name: 'Default'
    properties: { azureADOnlyAuthentication: true }
  }

  resource gold 'databases' = {
    name: 'gold'
    location: location
    tags: tags
    sku: { name: 'GP_S_Gen5', tier: 'GeneralPurpose', family: 'Gen5', capacity: compute.maxVCores }
    properties: {
      autoPauseDelay: compute.autoPauseDelayMinutes
      maxSizeBytes: compute.maxSizeGB * 1073741824
      minCapacity: json(compute.minVCores)
      // Gold can be rebuilt from silver, so that backups need not leave the region.
      requestedBackupStorageRedundancy: zoneRedundant ? 'Zone' : 'Local'
      zoneRedundant: zoneRedundant
    }
  }

  resource master 'databases' existing = {
    name: 'master'
  }

  resource auditing 'auditingSettings' = {
    name: 'default'
    properties: {
      state: 'Enabled'
      isAzureMonitorTargetEnabled: true
      // Who came in and who got rights. The default also records the text of every statement: gold's own, each minute.
      auditActionsAndGroups: [
        'SUCCESSFUL_DATABASE_AUTHENTICATION_GROUP'
        'FAILED_DATABASE_AUTHENTICATION_GROUP'
        'DATABASE_PRINCIPAL_CHANGE_GROUP'
        'DATABASE_ROLE_MEMBER_CHANGE_GROUP'
        'DATABASE_PERMISSION_CHANGE_GROUP'
        'DATABASE_OBJECT_PERMISSION_CHANGE_GROUP'
        'SCHEMA_OBJECT_PERMISSION_CHANGE_GROUP'
      ]
    }
    dependsOn: [auditLogs]
  }

  // Instances have no fixed addresses; with this rule the server is reachable from within Azure only.
  resource fromAzure 'firewallRules' = if (!isolated) {
    name: 'AllowAllWindowsAzureIps'
    properties: { startIpAddress: '0.0.0.0', endIpAddress: '0.0.0.0' }
  }
}

resource auditLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit-to-workspace'
  scope: server::master
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'SQLSecurityAuditEvents', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: server
  properties: { level: 'CanNotDelete', notes: 'A server that is deleted takes the backups of its databases with it.' }
}

output serverName string = server.name
output fullyQualifiedDomainName string = server.properties.fullyQualifiedDomainName
output databaseName string = server::gold.name
