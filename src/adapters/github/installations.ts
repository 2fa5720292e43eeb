import type * as z from 'zod'
import type { RepositoryName } from '../../core/rollout/facts.ts'
import { type ApiClient, listAll, request } from './client/client.ts'
import { AppAnswer, type AppIdentity, InstallationAnswer, RepositoryAnswer } from './schema.ts'

/** The identity of the App on this GitHub server. */
export async function identify(asApp: ApiClient, appId: number): Promise<AppIdentity> {
  const { data } = await request(asApp, 'GET /app')
  return { appId, login: `${AppAnswer.parse(data).slug}[bot]` }
}

/** The installations that are not suspended. */
export async function installationIds(asApp: ApiClient): Promise<readonly number[]> {
  const answers = await listAll(asApp, 'GET /app/installations', { params: {} })
  return answers
    .map((answer) => InstallationAnswer.parse(answer))
    .filter(({ suspended_at }) => suspended_at === undefined || suspended_at === null)
    .map(({ id }) => id)
}

/** A repository's location and ids. */
export interface NamedPlace {
  readonly installation: number
  readonly repo: RepositoryName
  readonly isArchived: boolean
  readonly isFork: boolean
}

/** Finds a repository by its name alone; undefined if the App is not installed on it, or if its installation is suspended. */
export async function placeNamed(
  asApp: ApiClient,
  clientFor: (installation: number) => Promise<ApiClient>,
  params: { readonly owner: string; readonly repo: string },
): Promise<NamedPlace | undefined> {
  const expected = [404]
  const found = await request(asApp, 'GET /repos/{owner}/{repo}/installation', { params, expected })
  if (found.status === 404) return undefined
  const { id: installation, suspended_at } = InstallationAnswer.parse(found.data)
  if (suspended_at !== undefined && suspended_at !== null) return undefined
  const asInstallation = await clientFor(installation)
  const { status, data } = await request(asInstallation, 'GET /repos/{owner}/{repo}', { params, expected })
  if (status === 404) return undefined
  const answer = RepositoryAnswer.parse(data)
  return { installation, repo: repositoryOf(answer), isArchived: answer.archived, isFork: answer.fork }
}

/** A repository with its GraphQL id. */
export interface ListedRepository {
  readonly repo: RepositoryName
  readonly nodeId: string
}

/** The repositories of an installation that Perch can write to. */
export async function repositoriesOf(asInstallation: ApiClient): Promise<readonly ListedRepository[]> {
  const answers = await listAll(asInstallation, 'GET /installation/repositories', {
    params: {},
    key: 'repositories',
  })
  return answers
    .map((answer) => RepositoryAnswer.parse(answer))
    .filter(({ archived }) => !archived)
    .map((answer) => ({ repo: repositoryOf(answer), nodeId: answer.node_id }))
}

function repositoryOf({ id, name, owner, default_branch }: z.infer<typeof RepositoryAnswer>): RepositoryName {
  return { id, name, owner: owner.login, defaultBranch: default_branch }
}
