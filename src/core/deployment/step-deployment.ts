/** What GitHub's own pages show of a rollout's steps: each that merged is a deployment of its environment. */
import type { Sha } from '../rollout/facts.ts'

export const DEPLOYMENT_STATES = ['in_progress', 'success', 'failure', 'inactive'] as const
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number]

/** What GitHub was asked to show of a rollout last. */
export interface ShownStep {
  /** The commit that brought the step. */
  readonly commit: Sha
  readonly share: number
  readonly state: DeploymentState
}

export interface StepNow {
  /** Undefined where the history does not show which commit brought it. */
  readonly commit: Sha | undefined
  readonly share: number | 'unknown'
  /** A pull request that takes all traffic from the canary is open. */
  readonly isRollingBack: boolean
  /** The stable version is what the canary is. */
  readonly hasOneVersion: boolean
}

interface ShownChange {
  readonly states: readonly ShownStep[]
  /** What is shown then; undefined where the rollout is over. */
  readonly next: ShownStep | undefined
}

/** What follows from where a rollout stands. That a step is live is found out elsewhere. */
export function shownAfter(shown: ShownStep | undefined, now: StepNow): ShownChange {
  const { commit, share } = now
  if (share === 'unknown') return { states: [], next: shown }
  if (share === 0) return shown === undefined ? NOTHING_SHOWN : { states: lastOf(shown, now), next: undefined }
  if (commit === undefined || commit === shown?.commit) return shown === undefined ? NOTHING_SHOWN : inStep(shown, now)
  const begun: ShownStep = { commit, share, state: 'in_progress' }
  const { states, next } = inStep(begun, now)
  return { states: [begun, ...states], next }
}

const NOTHING_SHOWN: ShownChange = { states: [], next: undefined }

function inStep(shown: ShownStep, { isRollingBack }: StepNow): ShownChange {
  if (!isRollingBack || shown.state === 'failure') return { states: [], next: shown }
  const failed: ShownStep = { ...shown, state: 'failure' }
  return { states: [failed], next: failed }
}

function lastOf(shown: ShownStep, now: StepNow): readonly ShownStep[] {
  return isFinished(shown, now) ? [] : [{ ...shown, state: 'inactive' }]
}

/** What the last step brought is what runs now. */
function isFinished({ share, state }: ShownStep, { hasOneVersion }: StepNow): boolean {
  return share === 100 && state !== 'failure' && hasOneVersion
}

/** Whether a deployment goes on from one state to another. It never goes back: what comes late is old. */
export function isFurther(from: DeploymentState | undefined, to: DeploymentState): boolean {
  return from === undefined || DEPLOYMENT_STATES.indexOf(to) > DEPLOYMENT_STATES.indexOf(from)
}

const TASK_PREFIX = 'canary:'

/** What tells the deployments of one service in an environment from those of another. */
export function deploymentTask(service: string): string {
  return `${TASK_PREFIX}${service}`
}

/** GitHub shows each environment by itself. Of a route that more of them share, one deployment under its common name is enough. */
const MAX_ENVIRONMENTS = 10

export function deployedEnvironments(target: {
  readonly environment: string
  readonly environments: readonly string[]
}): readonly string[] {
  return target.environments.length > MAX_ENVIRONMENTS ? [target.environment] : target.environments
}
