import type { RepositoryName } from '../../core/rollout/facts.ts'
import { list, type Octokit, request } from './client.ts'
import { AppAnswer, type AppIdentity, InstallationAnswer, RepositoryAnswer } from './schema.ts'

/** Who Perch is on this GitHub. */
export async function identify(asApp: Octokit, appId: number): Promise<AppIdentity> {
  const { data } = await request({ octokit: asApp }, 'GET /app')
  return { appId, login: `${AppAnswer.parse(data).slug}[bot]` }
}

/** The installations that are not suspended. */
export async function installationIds(asApp: Octokit): Promise<readonly number[]> {
  const answers = await list({ octokit: asApp }, 'GET /app/installations', { params: {} })
  return answers
    .map((answer) => InstallationAnswer.parse(answer))
    .filter(({ suspended_at }) => suspended_at === undefined || suspended_at === null)
    .map(({ id }) => id)
}

export interface InstalledRepository extends RepositoryName {
  readonly defaultBranch: string
}

/** The repositories of one installation that can be written to. */
export async function repositoriesOf(asInstallation: Octokit): Promise<readonly InstalledRepository[]> {
  const answers = await list({ octokit: asInstallation }, 'GET /installation/repositories', {
    params: {},
    key: 'repositories',
  })
  return answers
    .map((answer) => RepositoryAnswer.parse(answer))
    .filter(({ archived }) => !archived)
    .map(({ id, name, owner, default_branch }) => ({ id, name, owner: owner.login, defaultBranch: default_branch }))
}
