metadata description = 'Tells silver of new bronze objects. Deployed after the code: the webhook only answers once the function is there.'

param topicName string
param appName string
param hostStorageName string

@description('How often a delivery is tried. Silver retries by itself; this is for an app that does not answer.')
@minValue(1)
@maxValue(30)
param maxDeliveryAttempts int = 30

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: topicName
}

// The one key of the whole system. The blob extension makes it and accepts nothing else; it opens this webhook only,
// never leaves Azure, and no deployment shows it: Azure does not give the address of a webhook back.
var key = listKeys('${app.id}/host/default', '2023-12-01').systemKeys.blobs_extension
var webhook = 'https://${app.properties.defaultHostName}/runtime/webhooks/blobs'

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: topic
  name: 'bronze-created'
  properties: {
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: '${webhook}?functionName=Host.Functions.silver&code=${key}'
        maxEventsPerBatch: 1
        minimumTlsVersionAllowed: '1.2'
        preferredBatchSizeInKilobytes: 64
      }
    }
    deadLetterWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      deadLetterDestination: {
        endpointType: 'StorageBlob'
        properties: { resourceId: hostStorage.id, blobContainerName: 'event-grid-dead-letters' }
      }
    }
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/bronze/blobs/'
      subjectEndsWith: '.jsonl'
      // Only when the object is whole: the Data Lake interface also tells of empty files that are being made.
      advancedFilters: [
        { operatorType: 'StringIn', key: 'data.api', values: ['PutBlob', 'PutBlockList', 'FlushWithClose', 'CopyBlob'] }
      ]
    }
    retryPolicy: { maxDeliveryAttempts: maxDeliveryAttempts, eventTimeToLiveInMinutes: 1440 }
  }
}
