/** All repositories that Perch is installed on, and their last changes. */
import type { Logger } from 'pino'
import type { ApiClient } from '../../adapters/github/client/client.ts'
import { installationIds, type ListedRepository, repositoriesOf } from '../../adapters/github/installations.ts'
import { pulsesOf } from '../../adapters/github/pulses.ts'
import type { RepositoryRef } from '../../flows/tasks/tasks.ts'

export type ListedPlace = RepositoryRef & ListedRepository

interface Parts {
  readonly asApp: () => Promise<ApiClient>
  readonly clientFor: (installation: number) => Promise<ApiClient>
  readonly log: Logger
}

/** Every repository of the App, except those of installations that do not answer. */
export async function everyRepository({ asApp, clientFor, log }: Parts): Promise<readonly ListedPlace[]> {
  const found: ListedPlace[] = []
  for (const installation of await installationIds(await asApp())) {
    try {
      for (const one of await repositoriesOf(await clientFor(installation))) found.push({ installation, ...one })
    } catch (error) {
      // A rate limit or an error of one installation must not stop the sweep of the others.
      log.warn({ installation, err: error }, 'the repositories of an installation could not be listed')
    }
  }
  return found
}

/** The last changes in each of these repositories, by its number. Without those of installations that do not answer. */
export async function pulsesIn(
  places: readonly ListedPlace[],
  { clientFor, log }: Omit<Parts, 'asApp'>,
): Promise<ReadonlyMap<number, string>> {
  const found: (readonly [number, string])[] = []
  for (const [installation, own] of Map.groupBy(places, (one) => one.installation)) {
    try {
      const ids = own.map(({ nodeId }) => nodeId)
      found.push(...(await pulsesOf(await clientFor(installation), ids)))
    } catch (error) {
      log.warn(
        { installation, err: error },
        'GitHub does not say what happened last in the repositories of an installation',
      )
    }
  }
  return new Map(found)
}
