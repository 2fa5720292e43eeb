/** Whether a version on the base branch starts a rollout by itself. */
import { kindOf } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import type { Settings } from '../rollout/target.ts'

/** How the canary's version came to the base branch, and what happened to it there. */
export interface Arrival {
  readonly settings: Pick<Settings, 'start' | 'onNewVersion'>
  /** The canary had traffic when the version came. */
  readonly wasRunning: boolean
  /** The config before the version already asked for it. People start versions that were there before. */
  readonly wasConfigured: boolean
  readonly isByAutomation: boolean
  readonly traffic: VersionTraffic
  /** The pull requests that Perch opened for this version, and that people closed without merging. */
  readonly refused: readonly Pick<PullRequest, 'head'>[]
}

/** The traffic of a version: it never had any, it has some now, Perch took it away to start again (`restart`), or people took it away. */
export type VersionTraffic = 'never' | 'now' | 'restarted' | 'taken-back'

/** `start`: the first step. `restart`: the removal of the traffic that the version inherited from the previous one. */
export type Beginning = 'start' | 'restart'

/** Nothing starts if a person has changed or refused the version since. */
export function beginningOf(arrival: Arrival): Beginning | undefined {
  const { settings, wasRunning, wasConfigured, isByAutomation, traffic, refused } = arrival
  if (settings.start !== 'first-step' || !wasConfigured || !isByAutomation) return undefined
  const restarts = settings.onNewVersion === 'restart'
  if (traffic === 'now') return wasRunning && restarts && refused.length === 0 ? 'restart' : undefined
  const isRefused = refused.some(({ head }) => kindOf(head.ref, 'idle') === 'share')
  if (traffic === 'taken-back' || isRefused) return undefined
  return traffic === 'never' || restarts ? 'start' : undefined
}
