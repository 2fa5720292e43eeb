/** Commit statuses and deployments: how Flux, Argo CD and others report. */
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

export function addDeploymentStatus(
  world: World,
  repo: Repository,
  draft: { deployment: Deployment; status: Omit<DeploymentStatus, 'id' | 'at'> },
): DeploymentStatus {
  const { deployment } = draft
  if (!repo.deployments.has(deployment.id)) throw new Refusal(404, 'Not Found')
  const status: DeploymentStatus = { ...draft.status, id: world.nextId(), at: world.now() }
  deployment.statuses.push(status)
  const payload = (): Json => ({
    deployment_status: deploymentStatusPayload(world, repo, { deployment, status }),
    deployment: deploymentPayload(world, repo, deployment),
    check_run: null,
    workflow: null,
    workflow_run: null,
  })
  const sender = draft.status.creator.account
  world.happened({ event: 'deployment_status', action: 'created', repo, sender, payload })
  return status
}
