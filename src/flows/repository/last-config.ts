import { CONFIG_FILE } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type FileSource, loadConfig } from './load.ts'
import type { RepositoryContext } from './repository-context.ts'

/** How many earlier versions of the config are read. */
const MAX_VERSIONS = 20

/**
 * The last valid config on a branch, for what must work although somebody broke the config: to take traffic away from a canary.
 * Undefined if no recent version was valid.
 */
export async function lastValidConfig(
  context: Pick<RepositoryContext, 'mirror'> & Pick<FileSource, 'known'>,
  head: Sha,
): Promise<Config | undefined> {
  for (const { sha } of await context.mirror.landings(head, [CONFIG_FILE], MAX_VERSIONS)) {
    const config = await loadConfig(context, sha)
    if (config.ok) return config.value
  }
  return undefined
}
