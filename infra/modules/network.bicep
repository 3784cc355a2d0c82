metadata description = 'A network for the app, and private endpoints for everything that holds data.'

param name string
param location string
param tags object
@description('A /24: half of it for instances of the app, a quarter for private endpoints.')
param addresses string
param hostStorageName string
param lakeName string
param eventHubsName string
param sqlServerName string

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource lake 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: lakeName
}

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: eventHubsName
}

resource server 'Microsoft.Sql/servers@2025-01-01' existing = {
  name: sqlServerName
}

var storage = environment().suffixes.storage
// Event Hubs has no suffix in environment(); these are the public cloud's and its sovereign ones'.
var serviceBus = {
  AzureCloud: 'servicebus.windows.net'
  AzureUSGovernment: 'servicebus.usgovcloudapi.net'
  AzureChinaCloud: 'servicebus.chinacloudapi.cn'
}[environment().name]

var zones = [
  'privatelink.blob.${storage}'
  'privatelink.queue.${storage}'
  'privatelink.table.${storage}'
  'privatelink.dfs.${storage}'
  'privatelink.${serviceBus}'
  'privatelink${environment().suffixes.sqlServerHostname}'
]

// `zone` is the zone's place in the list above.
var endpoints = [
  { name: 'host-blob', target: host.id, group: 'blob', zone: 0 }
  { name: 'host-queue', target: host.id, group: 'queue', zone: 1 }
  { name: 'host-table', target: host.id, group: 'table', zone: 2 }
  { name: 'lake-blob', target: lake.id, group: 'blob', zone: 0 }
  { name: 'lake-queue', target: lake.id, group: 'queue', zone: 1 }
  { name: 'lake-dfs', target: lake.id, group: 'dfs', zone: 3 }
  { name: 'event-hubs', target: namespace.id, group: 'namespace', zone: 4 }
  { name: 'sql', target: server.id, group: 'sqlServer', zone: 5 }
]

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addresses] }
  }

  // Children, never a property of the network: a network that lists its subnets removes those of others. One after the
  // other, because Azure changes one subnet of a network at a time.
  resource app 'subnets' = {
    name: 'app'
    properties: {
      addressPrefix: cidrSubnet(addresses, 25, 0)
      delegations: [
        { name: 'flex-consumption', properties: { serviceName: 'Microsoft.App/environments' } }
      ]
      // By it the app's rules know the app itself.
      serviceEndpoints: [{ service: 'Microsoft.Web' }]
    }
  }

  resource endpoints 'subnets' = {
    name: 'endpoints'
    properties: { addressPrefix: cidrSubnet(addresses, 26, 2), privateEndpointNetworkPolicies: 'Disabled' }
    dependsOn: [app]
  }
}

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zones: {
    parent: dnsZones[i]
    name: name
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: 'pe-${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpoints.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.group] }
        }
      ]
    }
  }
]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, i) in endpoints: {
    parent: privateEndpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: endpoint.group, properties: { privateDnsZoneId: dnsZones[endpoint.zone].id } }
      ]
    }
  }
]

output appSubnetId string = network::app.id
