metadata description = 'Shapes of the parameters that are objects.'

@export()
@description('Instances that are kept running.')
type alwaysReadyType = {
  @description('A function with a scale of its own, or the group blob (silver).')
  name: 'function:bronze' | 'function:gold' | 'function:maintain' | 'blob'
  @minValue(1)
  instanceCount: int
}

@export()
@description('What becomes of bronze as it ages, in days since it was written; 0 is never.')
type bronzeLifecycleType = {
  @minValue(0)
  coolAfterDays: int
  @description('An archived object must be brought back before silver can be rebuilt from it.')
  @minValue(0)
  archiveAfterDays: int
  @description('Deleted bronze cannot be replayed; it is the only copy of an event\'s bytes.')
  @minValue(0)
  deleteAfterDays: int
}

@export()
@description('A principal of Microsoft Entra that administers the database.')
type sqlAdministratorType = {
  @description('Its name, as Entra shows it.')
  @minLength(1)
  login: string
  @description('Its object id.')
  @minLength(36)
  @maxLength(36)
  objectId: string
  principalType: 'Application' | 'Group' | 'User'
}

@export()
@description('The compute of the serverless database.')
type sqlComputeType = {
  @minValue(1)
  @maxValue(80)
  maxVCores: int
  @description('A decimal, such as 0.5; what is allowed depends on maxVCores.')
  minVCores: string
  @description('How large the database may become; an alert tells when it is nearly full.')
  @minValue(1)
  maxSizeGB: int
  @description('Pauses after so many minutes without use; -1 is never.')
  autoPauseDelayMinutes: int
}
