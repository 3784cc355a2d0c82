metadata description = 'What no type can say about the parameters: combinations that Azure would refuse late, or take and not do.'

import { alwaysReadyType, bronzeLifecycleType } from 'types.bicep'

@export()
@description('The parameters that are looked at.')
type checkedType = {
  environmentName: string
  throughputUnits: int
  maximumThroughputUnits: int
  alwaysReady: alwaysReadyType[]
  maxBatchWait: string
  goldSchedule: string
  maintainSchedule: string
  zoneRedundant: bool
  bronzeLifecycle: bronzeLifecycleType
  lakeRedundancy: string
  networkAddresses: string
}

func characters(text string) string[] => map(range(0, length(text)), i => substring(text, i, 1))

func isOf(text string, allowed string) bool =>
  empty(filter(characters(text), character => !contains(allowed, character)))

// hh:mm:ss
func isTime(text string) bool =>
  length(text) == 8 && isOf(text, '0123456789:') && join(map(split(text, ':'), part => string(length(part))), '') == '222'

// 0 is never; equal ages are refused too.
func isRising(p bronzeLifecycleType) bool =>
  (p.archiveAfterDays == 0 || p.archiveAfterDays > p.coolAfterDays) && (p.deleteAfterDays == 0 || p.deleteAfterDays > max(
    p.coolAfterDays,
    p.archiveAfterDays
  ))

@export()
@description('What is wrong with the parameters, a sentence each.')
func problems(p checkedType) string[] =>
  filter(
    [
      isOf(p.environmentName, 'abcdefghijklmnopqrstuvwxyz0123456789-')
        ? ''
        : 'environmentName: "${p.environmentName}" becomes part of names, which take a-z, 0-9 and - only'
      p.maximumThroughputUnits >= p.throughputUnits
        ? ''
        : 'maximumThroughputUnits: ${p.maximumThroughputUnits} is less than throughputUnits, ${p.throughputUnits}'
      !p.zoneRedundant || empty(filter(p.alwaysReady, group => group.instanceCount < 2))
        ? ''
        : 'alwaysReady: with zoneRedundant, every function or group that is named has 2 instances at least, one a zone'
      isTime(p.maxBatchWait) ? '' : 'maxBatchWait: "${p.maxBatchWait}" is not hh:mm:ss'
      length(split(p.goldSchedule, ' ')) == 6
        ? ''
        : 'goldSchedule: "${p.goldSchedule}" has not the six fields of NCRONTAB'
      length(split(p.maintainSchedule, ' ')) == 6
        ? ''
        : 'maintainSchedule: "${p.maintainSchedule}" has not the six fields of NCRONTAB'
      p.bronzeLifecycle.archiveAfterDays == 0 || !contains(p.lakeRedundancy, 'ZRS')
        ? ''
        : 'bronzeLifecycle: ${p.lakeRedundancy} has no archive tier; lakeRedundancy takes LRS, GRS or RAGRS for that'
      isRising(p.bronzeLifecycle) ? '' : 'bronzeLifecycle: cool comes before archive, and archive before delete'
      endsWith(p.networkAddresses, '/24') ? '' : 'networkAddresses: "${p.networkAddresses}" is no /24'
    ],
    problem => !empty(problem)
  )
