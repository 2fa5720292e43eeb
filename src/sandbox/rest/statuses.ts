/** Commit statuses and deployments. https://docs.github.com/rest/commits/statuses, https://docs.github.com/rest/deployments */
import * as z from 'zod'
import { hasObject, resolveCommit } from '../git/objects.ts'
import { addDeployment, addDeploymentStatus, addStatus } from '../model/statuses.ts'
import { repoApi } from '../payload/links.ts'
import { minimalRepository } from '../payload/repositories.ts'
import { deploymentPayload, deploymentStatusPayload, simpleStatus, statusPayload } from '../payload/statuses.ts'
import { notFound, Refusal, validationFailed } from '../state/refusal.ts'
import { combinedState, latestStatuses } from '../state/results.ts'
import type { Deployment, Repository } from '../state/types.ts'
import { authorOf } from '../wire/auth.ts'
import { page } from './paging.ts'
import { bodyOf, find, idOf, repoRoute, type Answer, type Call, type Route } from './route.ts'

const StatusBody = z.object({
  state: z.enum(['error', 'failure', 'pending', 'success']),
  target_url: z.string().nullish(),
  description: z.string().nullish(),
  context: z.string().optional(),
})

const DeploymentBody = z.object({
  ref: z.string(),
  task: z.string().optional(),
  auto_merge: z.boolean().optional(),
  required_contexts: z.array(z.string()).optional(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).optional(),
  environment: z.string().optional(),
  description: z.string().nullish(),
  transient_environment: z.boolean().optional(),
  production_environment: z.boolean().optional(),
})

const DeploymentStatusBody = z.object({
  state: z.enum(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
  target_url: z.string().optional(),
  log_url: z.string().optional(),
  description: z.string().optional(),
  environment: z.string().optional(),
  environment_url: z.string().optional(),
  auto_inactive: z.boolean().optional(),
})

/** "Description is too long (maximum is 140 characters)" */
const MAX_DESCRIPTION = 140

function checkDescription(resource: string, description: string | null | undefined): void {
  if ((description?.length ?? 0) <= MAX_DESCRIPTION) return
  const message = `description is too long (maximum is ${String(MAX_DESCRIPTION)} characters)`
  throw validationFailed({ resource, code: 'custom', field: 'description', message })
}

function createStatus(call: Call, repo: Repository): Answer {
  const sha = call.params['sha'] ?? ''
  const body = bodyOf(call, StatusBody)
  if (!hasObject(repo.bare, sha)) throw new Refusal(422, `No commit found for SHA: ${sha}`)
  checkDescription('Status', body.description)
  const status = addStatus(call.world, repo, {
    sha,
    context: body.context ?? 'default',
    state: body.state,
    description: body.description ?? null,
    targetUrl: body.target_url ?? null,
    creator: authorOf(call.actor).account,
  })
  return { status: 201, body: statusPayload(call.world, repo, status) }
}

function commitOf(call: Call, repo: Repository): string {
  const sha = resolveCommit(repo.bare, (call.params['ref'] ?? '').replace(/^heads\//, 'refs/heads/'))
  if (sha === undefined) throw notFound()
  return sha
}

function listStatuses(call: Call, repo: Repository): Answer {
  const sha = commitOf(call, repo)
  const newestFirst = repo.statuses.filter((status) => status.sha === sha).toReversed()
  return page(call, newestFirst, { render: (status) => statusPayload(call.world, repo, status) })
}

function combined(call: Call, repo: Repository): Answer {
  const sha = commitOf(call, repo)
  const statuses = latestStatuses(repo, sha)
  const url = repoApi(call.world, repo, `/commits/${sha}`)
  return page(call, statuses, {
    render: (status) => simpleStatus(call.world, repo, status),
    wrap: (shown, total_count) => ({
      state: combinedState(statuses),
      statuses: shown,
      sha,
      total_count,
      repository: minimalRepository(call.world, repo),
      commit_url: url,
      url: `${url}/status`,
    }),
  })
}

function createDeployment(call: Call, repo: Repository): Answer {
  const body = bodyOf(call, DeploymentBody)
  const sha = resolveCommit(repo.bare, body.ref)
  if (sha === undefined) throw new Refusal(422, `No ref found for: ${body.ref}`)
  const waits = latestStatuses(repo, sha).filter(({ context }) => body.required_contexts?.includes(context) ?? true)
  if (waits.some(({ state }) => state !== 'success')) {
    const message = `Conflict: Commit status checks failed for ${body.ref}.`
    throw new Refusal(409, message)
  }
  const environment = body.environment ?? 'production'
  const deployment = addDeployment(call.world, repo, {
    sha,
    ref: body.ref,
    task: body.task ?? 'deploy',
    environment,
    description: body.description ?? null,
    payload: body.payload ?? {},
    transient: body.transient_environment ?? false,
    production: body.production_environment ?? environment === 'production',
    creator: authorOf(call.actor),
  })
  return { status: 201, body: deploymentPayload(call.world, repo, deployment) }
}

function listDeployments(call: Call, repo: Repository): Answer {
  const fits = (key: string, value: string): boolean => {
    const wanted = call.query.get(key)
    return wanted === null || wanted === 'none' || wanted === value
  }
  const found = [...repo.deployments.values()].filter(
    ({ sha, ref, task, environment }) =>
      fits('sha', sha) && fits('ref', ref) && fits('task', task) && fits('environment', environment),
  )
  return page(call, found.toReversed(), { render: (one) => deploymentPayload(call.world, repo, one) })
}

function deploymentOf(call: Call, repo: Repository): Deployment {
  return find(repo.deployments, idOf(call, 'deployment_id'))
}

function createDeploymentStatus(call: Call, repo: Repository): Answer {
  const deployment = deploymentOf(call, repo)
  const body = bodyOf(call, DeploymentStatusBody)
  checkDescription('DeploymentStatus', body.description)
  const creator = authorOf(call.actor)
  const draft = {
    state: body.state,
    description: body.description ?? '',
    environment: body.environment,
    targetUrl: body.log_url ?? body.target_url ?? '',
    environmentUrl: body.environment_url ?? '',
    creator,
  }
  const status = addDeploymentStatus(call.world, repo, {
    deployment,
    status: draft,
    autoInactive: body.auto_inactive ?? true,
  })
  return { status: 201, body: deploymentStatusPayload(call.world, repo, { deployment, status }) }
}

const REPO = '/repos/{owner}/{repo}'
const DEPLOYMENTS = `${REPO}/deployments`
const STATUSES = `${DEPLOYMENTS}/{deployment_id}/statuses`
const READ = { needs: ['deployments:read'] } as const
const WRITE = { needs: ['deployments:write'] } as const

export const STATUS_ROUTES: readonly Route[] = [
  repoRoute(`POST ${REPO}/statuses/{sha}`, { needs: ['statuses:write'] }, createStatus),
  repoRoute(`GET ${REPO}/commits/{+ref}/statuses`, { needs: ['statuses:read'] }, listStatuses),
  repoRoute(`GET ${REPO}/commits/{+ref}/status`, { needs: ['statuses:read'] }, combined),
  repoRoute(`GET ${DEPLOYMENTS}`, READ, listDeployments),
  repoRoute(`POST ${DEPLOYMENTS}`, WRITE, createDeployment),
  repoRoute(`GET ${DEPLOYMENTS}/{deployment_id}`, READ, (call, repo) => ({
    status: 200,
    body: deploymentPayload(call.world, repo, deploymentOf(call, repo)),
  })),
  repoRoute(`GET ${STATUSES}`, READ, (call, repo) => {
    const deployment = deploymentOf(call, repo)
    return page(call, deployment.statuses.toReversed(), {
      render: (status) => deploymentStatusPayload(call.world, repo, { deployment, status }),
    })
  }),
  repoRoute(`POST ${STATUSES}`, WRITE, createDeploymentStatus),
]
