metadata description = 'Who may do what, all of it in one place, each at the narrowest scope that works.'

param appPrincipalId string
param topicPrincipalId string
param operatorPrincipalId string
param operatorPrincipalType string
param readerPrincipalIds string[]
param readerPrincipalType string
param hostStorageName string
param lakeName string
param eventHubsName string
param componentName string
param alertQueues string[]
param alertHubs string[]

var roles = loadJsonContent('../roles.json')
var hasOperator = !empty(operatorPrincipalId)

var lakeContainers = ['bronze', 'silver', 'quarantine']
// Each reader with each container.
var reads = flatten(map(readerPrincipalIds, id => map(range(0, length(lakeContainers)), i => { id: id, container: i })))

func role(id string) string => subscriptionResourceId('Microsoft.Authorization/roleDefinitions', id)

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource deadLetters 'containers' existing = {
      name: 'event-grid-dead-letters'
    }
  }

  resource tables 'tableServices' existing = {
    name: 'default'

    resource state 'tables' existing = {
      name: 'sluice'
    }
  }
}

resource lake 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: lakeName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource containers 'containers' existing = [
      for container in lakeContainers: {
        name: container
      }
    ]
  }

  resource queues 'queueServices' existing = {
    name: 'default'

    resource poison 'queues' existing = {
      name: 'webjobs-blobtrigger-poison'
    }

    resource alerts 'queues' existing = [
      for queue in alertQueues: {
        name: queue
      }
    ]
  }
}

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: eventHubsName

  resource hub 'eventhubs' existing = {
    name: 'events'
  }

  resource alerts 'eventhubs' existing = [
    for hub in alertHubs: {
      name: hub
    }
  ]
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// The host's own account, whole: it makes containers and queues there whose names are its own affair, and it insists
// on being the owner of blobs. The tables are the state table and the host's diagnostic events.
resource hostRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in [
    roles.storageBlobDataOwner
    roles.storageQueueDataContributor
    roles.storageTableDataContributor
  ]: {
    name: guid(host.id, appPrincipalId, id)
    scope: host
    properties: { principalId: appPrincipalId, principalType: 'ServicePrincipal', roleDefinitionId: role(id) }
  }
]

resource containerRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (container, i) in lakeContainers: {
    name: guid(lake::blobs::containers[i].id, appPrincipalId, roles.storageBlobDataContributor)
    scope: lake::blobs::containers[i]
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: role(roles.storageBlobDataContributor)
    }
  }
]

resource poisonRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(lake::queues::poison.id, appPrincipalId, roles.storageQueueDataContributor)
  scope: lake::queues::poison
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role(roles.storageQueueDataContributor)
  }
}

// On the hub, not on the consumer group: the trigger also asks for the hub's partitions.
resource receiverRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(namespace::hub.id, appPrincipalId, roles.eventHubsDataReceiver)
  scope: namespace::hub
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role(roles.eventHubsDataReceiver)
  }
}

// What rules tell of alerts, and nothing else: the app may put messages there, and not read them.
resource alertQueueRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (queue, i) in alertQueues: {
    name: guid(lake::queues::alerts[i].id, appPrincipalId, roles.storageQueueDataMessageSender)
    scope: lake::queues::alerts[i]
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: role(roles.storageQueueDataMessageSender)
    }
  }
]

resource alertHubRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (hub, i) in alertHubs: {
    name: guid(namespace::alerts[i].id, appPrincipalId, roles.eventHubsDataSender)
    scope: namespace::alerts[i]
    properties: {
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: role(roles.eventHubsDataSender)
    }
  }
]

resource metricsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, appPrincipalId, roles.monitoringMetricsPublisher)
  scope: component
  properties: {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role(roles.monitoringMetricsPublisher)
  }
}

resource deadLetterRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host::blobs::deadLetters.id, topicPrincipalId, roles.storageBlobDataContributor)
  scope: host::blobs::deadLetters
  properties: {
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: role(roles.storageBlobDataContributor)
  }
}

resource operatorSenderRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperator) {
  name: guid(namespace::hub.id, operatorPrincipalId, roles.eventHubsDataSender)
  scope: namespace::hub
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: role(roles.eventHubsDataSender)
  }
}

resource operatorStateRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (hasOperator) {
  name: guid(host::tables::state.id, operatorPrincipalId, roles.storageTableDataReader)
  scope: host::tables::state
  properties: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    roleDefinitionId: role(roles.storageTableDataReader)
  }
}

resource readerLakeRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for read in reads: {
    name: guid(lake::blobs::containers[read.container].id, read.id, roles.storageBlobDataReader)
    scope: lake::blobs::containers[read.container]
    properties: {
      principalId: read.id
      principalType: readerPrincipalType
      roleDefinitionId: role(roles.storageBlobDataReader)
    }
  }
]

resource readerStateRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  // The operator has it already, by the same name.
  for id in filter(readerPrincipalIds, id => id != operatorPrincipalId): {
    name: guid(host::tables::state.id, id, roles.storageTableDataReader)
    scope: host::tables::state
    properties: {
      principalId: id
      principalType: readerPrincipalType
      roleDefinitionId: role(roles.storageTableDataReader)
    }
  }
]

resource readerHubRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for id in readerPrincipalIds: {
    name: guid(namespace::hub.id, id, roles.eventHubsDataReceiver)
    scope: namespace::hub
    properties: {
      principalId: id
      principalType: readerPrincipalType
      roleDefinitionId: role(roles.eventHubsDataReceiver)
    }
  }
]
