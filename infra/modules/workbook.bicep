metadata description = 'What the pipeline is doing, from its own log lines.'

param displayName string
param location string
param tags object
param componentId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(componentId, 'pipeline')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    // Its queries ask this component, whatever the viewer has open.
    serializedData: string({ ...loadJsonContent('../workbook.json'), fallbackResourceIds: [componentId] })
    sourceId: componentId
    version: 'Notebook/1.0'
  }
}
