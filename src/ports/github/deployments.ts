import type { DeploymentState } from '../../core/deployment/step-deployment.ts'
import type { Sha } from '../../core/rollout/facts.ts'

interface DeploymentDraft {
  readonly commit: Sha
  readonly environment: string
  readonly task: string
  readonly description: string
}

/** Deployments on GitHub's own pages. Only the deployments that Perch created are visible here. */
export interface Deployments {
  /** The newest hundred deployments of a task in an environment, newest first. */
  of(environment: string, task: string): Promise<readonly { readonly id: number; readonly commit: Sha }[]>
  /** Creates a deployment without a state, and returns its id. */
  create(draft: DeploymentDraft): Promise<number>
  /** The deployment's newest state; undefined if it has none, or one that Perch does not use. */
  stateOf(id: number): Promise<DeploymentState | undefined>
  /** Sets the state. Other deployments of the environment keep theirs. */
  setState(id: number, state: DeploymentState, description: string): Promise<void>
}
