/** Whether a version that came to the base branch begins a rollout by itself. */
import { kindOf } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import type { Settings } from '../rollout/target.ts'

/** What is known of how the canary's version came to the base branch. */
export interface Arrival {
  readonly settings: Pick<Settings, 'start' | 'onNewVersion'>
  /** The canary has traffic now. */
  readonly isRunning: boolean
  /** The canary had traffic when the version came. */
  readonly wasRunning: boolean
  /** The config that it came to said so already: what was there before is a person's to begin. */
  readonly wasConfigured: boolean
  readonly isByAutomation: boolean
  /** The pull requests of this rollout that ended after it came. */
  readonly ended: readonly Pick<PullRequest, 'head'>[]
}

/** `start`: the first step. `restart`: the traffic that the version took over from the one before it goes back. */
export type Beginning = 'start' | 'restart'

/** What a person did about the version since, or refused, stays as it is. */
export function beginningOf(arrival: Arrival): Beginning | undefined {
  const { settings, isRunning, wasRunning, wasConfigured, isByAutomation, ended } = arrival
  if (settings.start !== 'first-step' || !wasConfigured || !isByAutomation) return undefined
  const kinds = ended.map(({ head }) => kindOf(head.ref, 'idle'))
  if (kinds.includes('share')) return undefined
  if (isRunning) return wasRunning && settings.onNewVersion === 'restart' && kinds.length === 0 ? 'restart' : undefined
  return wasRunning && settings.onNewVersion === 'ignore' ? undefined : 'start'
}
