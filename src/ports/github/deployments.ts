import type { DeploymentState } from '../../core/deployment/step-deployment.ts'
import type { Sha } from '../../core/rollout/facts.ts'

interface DeploymentDraft {
  readonly commit: Sha
  readonly environment: string
  readonly task: string
  readonly description: string
}

/** What GitHub's own pages show of what runs where. Only Perch's own deployments are seen here. */
export interface Deployments {
  /** Those of a task in an environment, newest first, the newest hundred. */
  of(environment: string, task: string): Promise<readonly { readonly id: number; readonly commit: Sha }[]>
  /** Makes one that has no state yet. */
  create(draft: DeploymentDraft): Promise<number>
  /** What it was said to be last; undefined where nothing was said, or a word that Perch does not use. */
  stateOf(id: number): Promise<DeploymentState | undefined>
  /** Other deployments of the environment stay as they are. */
  setState(id: number, state: DeploymentState, description: string): Promise<void>
}
