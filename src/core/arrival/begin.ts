/** Whether a version that came to the base branch begins a rollout by itself. */
import { kindOf } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import type { Settings } from '../rollout/target.ts'

/** What is known of how the canary's version came to the base branch, and of what became of it there. */
export interface Arrival {
  readonly settings: Pick<Settings, 'start' | 'onNewVersion'>
  /** The canary had traffic when the version came. */
  readonly wasRunning: boolean
  /** The config that it came to said so already: what was there before is a person's to begin. */
  readonly wasConfigured: boolean
  readonly isByAutomation: boolean
  readonly traffic: VersionTraffic
  /** The pull requests that Perch opened for this version, and that people closed without merging. */
  readonly refused: readonly Pick<PullRequest, 'head'>[]
}

/**
 * What became of the traffic of a version: it never had any, it has some now, Perch took it away to begin anew (`restart`), or people
 * took it away.
 */
export type VersionTraffic = 'never' | 'now' | 'restarted' | 'taken-back'

/** `start`: the first step. `restart`: the traffic that the version took over from the one before it goes back. */
export type Beginning = 'start' | 'restart'

/** What a person did about the version since, or refused, stays as it is. */
export function beginningOf(arrival: Arrival): Beginning | undefined {
  const { settings, wasRunning, wasConfigured, isByAutomation, traffic, refused } = arrival
  if (settings.start !== 'first-step' || !wasConfigured || !isByAutomation) return undefined
  const restarts = settings.onNewVersion === 'restart'
  if (traffic === 'now') return wasRunning && restarts && refused.length === 0 ? 'restart' : undefined
  const isRefused = refused.some(({ head }) => kindOf(head.ref, 'idle') === 'share')
  if (traffic === 'taken-back' || isRefused) return undefined
  return traffic === 'never' || restarts ? 'start' : undefined
}
