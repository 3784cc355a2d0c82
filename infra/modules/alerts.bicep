metadata description = 'What somebody has to look at. docs/operations.md says what to do about each.'

param prefix string
param location string
param tags object
param emails string[]
@description('Action groups that are there already.')
param actionGroupIds string[]
param goldLagMinutes int
param eventRetentionHours int
param workspaceId string
param eventHubsName string
param topicName string
param hostStorageName string
param lakeName string
param sqlServerName string

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' existing = {
  name: eventHubsName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource lake 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: lakeName
}

resource server 'Microsoft.Sql/servers@2025-01-01' existing = {
  name: sqlServerName

  resource gold 'databases' existing = {
    name: 'gold'
  }
}

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'ag-${prefix}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'sluice'
    emailReceivers: [
      for (address, i) in emails: { name: 'mail-${i}', emailAddress: address, useCommonAlertSchema: true }
    ]
  }
}

var actionGroups = concat(empty(emails) ? [] : [mail.id], actionGroupIds)
// A tenth of the time that the hub keeps events.
var behindMinutes = eventRetentionHours * 60 / 10

var queries = [
  {
    name: 'function-failures'
    text: 'More than five invocations of a function failed in a quarter of an hour.'
    query: loadTextContent('../alerts/function-failures.kql')
    severity: 2
    threshold: 5
    every: 'PT5M'
    window: 'PT15M'
    dimensions: [{ name: 'OperationName', operator: 'Include', values: ['*'] }]
  }
  {
    name: 'poison-messages'
    text: 'Silver gave up on a bronze object after five tries.'
    query: loadTextContent('../alerts/poison-messages.kql')
    severity: 2
    threshold: 0
    every: 'PT5M'
    window: 'PT15M'
    dimensions: []
  }
  {
    name: 'gold-not-advancing'
    text: 'Gold is more than ${goldLagMinutes} minutes behind silver.'
    query: 'let lag = ${goldLagMinutes}m;\n${loadTextContent('../alerts/gold-not-advancing.kql')}'
    severity: 2
    threshold: 0
    every: 'PT15M'
    window: 'P1D'
    dimensions: []
  }
  {
    name: 'timers-failing'
    text: 'Gold or maintenance failed every time for an hour.'
    query: loadTextContent('../alerts/timers-failing.kql')
    severity: 2
    threshold: 0
    every: 'PT15M'
    window: 'PT1H'
    dimensions: []
  }
  {
    name: 'nothing-ingested'
    text: 'Events arrive and bronze stores none of them.'
    query: loadTextContent('../alerts/nothing-ingested.kql')
    severity: 1
    threshold: 0
    every: 'PT15M'
    window: 'PT30M'
    dimensions: []
  }
  {
    name: 'bronze-behind'
    text: 'A partition of the hub is read more than ${behindMinutes} minutes late: a tenth of the time that events are kept.'
    query: 'let limit = ${behindMinutes}m;\n${loadTextContent('../alerts/bronze-behind.kql')}'
    severity: 1
    threshold: 0
    every: 'PT15M'
    window: 'PT30M'
    dimensions: []
  }
  {
    name: 'bronze-losing-ground'
    text: 'Bronze stores less than four fifths of what arrives.'
    query: loadTextContent('../alerts/bronze-losing-ground.kql')
    severity: 2
    threshold: 0
    every: 'PT15M'
    window: 'PT1H'
    dimensions: []
  }
  {
    name: 'logs-cut-off'
    text: 'The day\'s quota of logs is used up: no alert that reads logs sees anything until tomorrow.'
    query: loadTextContent('../alerts/logs-cut-off.kql')
    severity: 2
    threshold: 0
    every: 'PT1H'
    window: 'PT1H'
    dimensions: []
  }
]

resource queryAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in queries: {
    name: '${prefix}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: '${prefix}: ${alert.name}'
      description: alert.text
      enabled: true
      severity: alert.severity
      scopes: [workspaceId]
      evaluationFrequency: alert.every
      windowSize: alert.window
      autoMitigate: true
      // A table is not there before its first row.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.threshold
            dimensions: alert.dimensions
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: actionGroups }
    }
  }
]

var throttled = [
  {
    name: 'ResponseType'
    operator: 'Include'
    values: [
      'ClientAccountBandwidthThrottlingError'
      'ClientAccountRequestThrottlingError'
      'ClientThrottlingError'
      'ServerBusyError'
    ]
  }
]

var metrics = [
  {
    name: 'event-hubs-throttled'
    text: 'Producers or bronze asked for more than the throughput units allow.'
    scope: namespace.id
    namespace: 'Microsoft.EventHub/namespaces'
    metric: 'ThrottledRequests'
    dimensions: []
    aggregation: 'Total'
    threshold: 0
    severity: 2
  }
  {
    name: 'event-grid-dead-letters'
    text: 'Event Grid gave up telling silver of a bronze object.'
    scope: topic.id
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DeadLetteredCount'
    dimensions: []
    aggregation: 'Total'
    threshold: 0
    severity: 2
  }
  {
    name: 'state-throttled'
    text: 'The account of the state table refused requests because there were too many.'
    scope: host.id
    namespace: 'Microsoft.Storage/storageAccounts'
    metric: 'Transactions'
    dimensions: throttled
    aggregation: 'Total'
    threshold: 0
    severity: 3
  }
  {
    name: 'lake-throttled'
    text: 'The lake refused requests because there were too many.'
    scope: lake.id
    namespace: 'Microsoft.Storage/storageAccounts'
    metric: 'Transactions'
    dimensions: throttled
    aggregation: 'Total'
    threshold: 0
    severity: 3
  }
  {
    name: 'database-nearly-full'
    text: 'The database has four fifths of its largest size.'
    scope: server::gold.id
    namespace: 'Microsoft.Sql/servers/databases'
    metric: 'storage_percent'
    dimensions: []
    aggregation: 'Maximum'
    threshold: 80
    severity: 2
  }
]

resource metricAlerts 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in metrics: {
    name: '${prefix}-${alert.name}'
    location: 'global'
    tags: tags
    properties: {
      description: alert.text
      enabled: true
      severity: alert.severity
      scopes: [alert.scope]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricNamespace: alert.namespace
            metricName: alert.metric
            dimensions: alert.dimensions
            operator: 'GreaterThan'
            threshold: alert.threshold
            timeAggregation: alert.aggregation
          }
        ]
      }
      actions: map(actionGroups, id => { actionGroupId: id })
    }
  }
]
