import type { ApiClient } from '../../adapters/github/client/client.ts'
import { installationIds, type ListedRepository, repositoriesOf } from '../../adapters/github/installations.ts'
import { pulsesOf } from '../../adapters/github/pulses.ts'
import type { RepositoryRef } from '../../flows/tasks/tasks.ts'
import type { Logger } from 'pino'
import type { GitHubAccess } from '../github.ts'

type Listed = RepositoryRef & ListedRepository

interface Parts {
  readonly asApp: () => Promise<ApiClient>
  readonly clientFor: (installation: number) => Promise<ApiClient>
  readonly log: Logger
}

/** All repositories that Perch is installed on, and what has happened in them. */
export function listedRepositories(parts: Parts): Pick<GitHubAccess, 'everyRepository' | 'pulses'> {
  const { asApp, clientFor, log } = parts
  let listed: readonly Listed[] = []
  return {
    async everyRepository() {
      listed = await listRepositories({ asApp: await asApp(), log }, clientFor)
      return listed.map(({ installation, repo }) => ({ installation, repo }))
    },
    pulses: () => pulsesOfAll(listed, { clientFor, log }),
  }
}

async function listRepositories(
  { asApp, log }: { readonly asApp: ApiClient; readonly log: Logger },
  clientFor: (installation: number) => Promise<ApiClient>,
): Promise<readonly Listed[]> {
  const found: Listed[] = []
  for (const installation of await installationIds(asApp)) {
    try {
      for (const one of await repositoriesOf(await clientFor(installation))) found.push({ installation, ...one })
    } catch (error) {
      // One installation that is limited or broken must not keep the others from being swept.
      log.warn({ installation, err: error }, 'the repositories of an installation could not be listed')
    }
  }
  return found
}

/** Those of an installation that does not answer are left out. */
async function pulsesOfAll(
  listed: readonly Listed[],
  { clientFor, log }: { readonly clientFor: (installation: number) => Promise<ApiClient>; readonly log: Logger },
): Promise<ReadonlyMap<number, string>> {
  const found: (readonly [number, string])[] = []
  for (const [installation, own] of Map.groupBy(listed, (one) => one.installation)) {
    try {
      const ids = own.map(({ nodeId }) => nodeId)
      found.push(...(await pulsesOf(await clientFor(installation), ids)))
    } catch (error) {
      log.warn(
        { installation, err: error },
        'what happened last in the repositories of an installation could not be read',
      )
    }
  }
  return new Map(found)
}
