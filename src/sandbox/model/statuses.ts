/** Commit statuses and deployments, with which Flux, Argo CD and others report. */
import { deploymentPayload, deploymentStatusPayload, statusEvent } from '../payload/statuses.ts'
import { Refusal, validationFailed } from '../state/refusal.ts'
import type { Deployment, DeploymentStatus, Repository, Status } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'

/** https://docs.github.com/rest/commits/statuses: "there is a limit of 1000 statuses per sha and context" */
const MAX_STATUSES = 1000

export function addStatus(world: World, repo: Repository, draft: Omit<Status, 'id' | 'at'>): Status {
  const same = repo.statuses.filter(({ sha, context }) => sha === draft.sha && context === draft.context)
  if (same.length >= MAX_STATUSES) {
    const message = 'This SHA and context has reached the maximum number of statuses.'
    throw validationFailed({ resource: 'Status', code: 'custom', message })
  }
  const status: Status = { ...draft, id: world.nextId(), at: world.now() }
  repo.statuses.push(status)
  world.happened({ event: 'status', repo, sender: status.creator, payload: () => statusEvent(world, repo, status) })
  return status
}

export function addDeployment(
  world: World,
  repo: Repository,
  draft: Omit<Deployment, 'id' | 'at' | 'statuses'>,
): Deployment {
  const deployment: Deployment = { ...draft, id: world.nextId(), at: world.now(), statuses: [] }
  repo.deployments.set(deployment.id, deployment)
  const payload = (): Json => ({
    deployment: deploymentPayload(world, repo, deployment),
    workflow: null,
    workflow_run: null,
  })
  world.happened({ event: 'deployment', action: 'created', repo, sender: draft.creator.account, payload })
  return deployment
}

interface DeploymentStatusDraft {
  readonly deployment: Deployment
  /** `environment` is undefined to keep that of the previous status, or else of the deployment. */
  readonly status: Omit<DeploymentStatus, 'id' | 'at' | 'environment'> & { readonly environment: string | undefined }
  /** False: deployments that it replaces keep their state. */
  readonly autoInactive: boolean
}

export function addDeploymentStatus(world: World, repo: Repository, draft: DeploymentStatusDraft): DeploymentStatus {
  const { deployment } = draft
  if (!repo.deployments.has(deployment.id)) throw new Refusal(404, 'Not Found')
  const environment = draft.status.environment ?? environmentOf(deployment)
  const status: DeploymentStatus = { ...draft.status, environment, id: world.nextId(), at: world.now() }
  append(world, repo, { deployment, status })
  if (status.state !== 'success' || !draft.autoInactive) return status
  for (const other of replacedBy(repo, deployment)) {
    const inactive = { ...status, state: 'inactive', description: '', id: world.nextId() }
    append(world, repo, { deployment: other, status: inactive })
  }
  return status
}

function environmentOf({ statuses, environment }: Deployment): string {
  return statuses.at(-1)?.environment ?? environment
}

/** "all prior non-transient, non-production environment deployments with the same … environment name" that had a success. */
function replacedBy(repo: Repository, deployment: Deployment): readonly Deployment[] {
  return [...repo.deployments.values()].filter(
    (other) =>
      other.id < deployment.id &&
      !other.transient &&
      !other.production &&
      other.environment === deployment.environment &&
      other.statuses.at(-1)?.state === 'success',
  )
}

function append(world: World, repo: Repository, draft: { deployment: Deployment; status: DeploymentStatus }): void {
  const { deployment, status } = draft
  deployment.statuses.push(status)
  const payload = (): Json => ({
    deployment_status: deploymentStatusPayload(world, repo, { deployment, status }),
    deployment: deploymentPayload(world, repo, deployment),
    check_run: null,
    workflow: null,
    workflow_run: null,
  })
  const sender = status.creator.account
  world.happened({ event: 'deployment_status', action: 'created', repo, sender, payload })
}
