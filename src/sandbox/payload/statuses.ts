/** Commit statuses, deployments and their statuses. */
import type { Deployment, DeploymentStatus, Repository, Status } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { accountPayload, viaApp } from './accounts.ts'
import { commitPayload } from './commits.ts'
import { html, nodeId, repoApi, time } from './links.ts'

export function simpleStatus(world: World, repo: Repository, status: Status): Json {
  return {
    url: repoApi(world, repo, `/statuses/${status.sha}`),
    avatar_url: html(world, `/avatars/u/${String(status.creator.id)}`),
    id: status.id,
    node_id: nodeId('SC', status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: time(status.at),
    updated_at: time(status.at),
  }
}

export function statusPayload(world: World, repo: Repository, status: Status): Json {
  return { ...simpleStatus(world, repo, status), creator: accountPayload(world, status.creator) }
}

/** The status event. It is flat, and lists the branches whose head is the commit. */
export function statusEvent(world: World, repo: Repository, status: Status): Json {
  const branches = [...repo.refs].filter(([ref, sha]) => sha === status.sha && ref.startsWith('refs/heads/'))
  return {
    id: status.id,
    sha: status.sha,
    name: `${repo.owner.login}/${repo.name}`,
    target_url: status.targetUrl,
    avatar_url: html(world, `/avatars/u/${String(status.creator.id)}`),
    context: status.context,
    description: status.description,
    state: status.state,
    commit: commitPayload(world, repo, status.sha),
    branches: branches.map(([ref, sha]) => {
      const name = ref.slice('refs/heads/'.length)
      const commit = { sha, url: repoApi(world, repo, `/commits/${sha}`) }
      return { name, commit, protected: repo.protection.has(name) }
    }),
    created_at: time(status.at),
    updated_at: time(status.at),
  }
}

export function deploymentPayload(world: World, repo: Repository, deployment: Deployment): Json {
  const url = repoApi(world, repo, `/deployments/${String(deployment.id)}`)
  return {
    url,
    id: deployment.id,
    node_id: nodeId('DE', deployment.id),
    task: deployment.task,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    created_at: time(deployment.at),
    updated_at: time(deployment.statuses.at(-1)?.at ?? deployment.at),
    statuses_url: `${url}/statuses`,
    repository_url: repoApi(world, repo),
    creator: accountPayload(world, deployment.creator.account),
    sha: deployment.sha,
    ref: deployment.ref,
    payload: deployment.payload,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
    performed_via_github_app: viaApp(world, deployment.creator),
  }
}

export function deploymentStatusPayload(
  world: World,
  repo: Repository,
  of: { deployment: Deployment; status: DeploymentStatus },
): Json {
  const { deployment, status } = of
  const url = repoApi(world, repo, `/deployments/${String(deployment.id)}`)
  return {
    url: `${url}/statuses/${String(status.id)}`,
    id: status.id,
    node_id: nodeId('DES', status.id),
    state: status.state,
    creator: accountPayload(world, status.creator.account),
    description: status.description,
    environment: status.environment,
    target_url: status.targetUrl,
    created_at: time(status.at),
    updated_at: time(status.at),
    deployment_url: url,
    repository_url: repoApi(world, repo),
    environment_url: status.environmentUrl,
    log_url: status.targetUrl,
    performed_via_github_app: viaApp(world, status.creator),
  }
}
