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

/**
 * The traffic of a version: it never had any, it has had some since it came, it started after it had none, Perch took its traffic away to
 * start again (`restart`), or people took it away.
 */
export type VersionTraffic = 'never' | 'inherited' | 'started' | 'restarted' | 'taken-back'

/** `start`: the first step. `restart`: the removal of the traffic that the version inherited from the previous one. */
export type Beginning = 'start' | 'restart'

/** Nothing starts if a person has changed or refused the version since. */
export function beginningOf(arrival: Arrival): Beginning | undefined {
  const { settings, wasConfigured, isByAutomation } = arrival
  return settings.start === 'first-step' && wasConfigured && isByAutomation ? followsFrom(arrival) : undefined
}

function followsFrom({ settings, wasRunning, traffic, refused }: Arrival): Beginning | undefined {
  const restarts = settings.onNewVersion === 'restart'
  const isRefused = refused.some(({ head }) => kindOf(head.ref, 'idle') === 'share')
  switch (traffic) {
    case 'inherited':
      return wasRunning && restarts && refused.length === 0 ? 'restart' : undefined
    case 'never':
      return isRefused ? undefined : 'start'
    case 'restarted':
      return isRefused || !restarts ? undefined : 'start'
    // The rollout of the version itself is running. Otherwise Perch would take each first step back, and nothing would ever continue.
    case 'started':
    case 'taken-back':
      return undefined
  }
}
