/** A rollout's steps as GitHub Deployments: each merged step is a deployment of its environment. */
import type { Sha } from '../rollout/facts.ts'

export const DEPLOYMENT_STATES = ['in_progress', 'success', 'failure', 'inactive'] as const
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number]

/** The last step of a rollout that Perch showed on GitHub. */
export interface ShownStep {
  /** The commit that brought the step. */
  readonly commit: Sha
  readonly share: number
  readonly state: DeploymentState
}

export interface StepNow {
  /** Undefined if the history does not show the commit that brought it. */
  readonly commit: Sha | undefined
  readonly share: number | 'unknown'
  /** A pull request that takes all traffic from the canary is open. */
  readonly isRollingBack: boolean
  /** The stable version is the same as the canary's. */
  readonly hasOneVersion: boolean
}

interface ShownChange {
  readonly states: readonly ShownStep[]
  /** What is shown next. Undefined if the rollout is over. */
  readonly next: ShownStep | undefined
}

/** What to show, from the state of a rollout. Whether a step is live is decided elsewhere. */
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

/** Whether the version of the last step is the one that runs now. */
function isFinished({ share, state }: ShownStep, { hasOneVersion }: StepNow): boolean {
  return share === 100 && state !== 'failure' && hasOneVersion
}

/** Whether a deployment may change from one state to another. It never goes back, because a late change is outdated. */
export function isFurther(from: DeploymentState | undefined, to: DeploymentState): boolean {
  return from === undefined || DEPLOYMENT_STATES.indexOf(to) > DEPLOYMENT_STATES.indexOf(from)
}

const TASK_PREFIX = 'canary:'

/** The task name, which distinguishes the deployments of the services in an environment. */
export function deploymentTask(service: string): string {
  return `${TASK_PREFIX}${service}`
}

/** GitHub shows each environment separately. For a route that more environments share, one deployment with their common name is enough. */
const MAX_ENVIRONMENTS = 10

export function deployedEnvironments(target: {
  readonly environment: string
  readonly environments: readonly string[]
}): readonly string[] {
  return target.environments.length > MAX_ENVIRONMENTS ? [target.environment] : target.environments
}
