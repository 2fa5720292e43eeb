import { CONFIG_FILE, type ConfigResult } from '../../core/config/read.ts'
import { ok } from '../../core/result.ts'
import type { Config } from '../../core/config/schema.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type FileSource, loadConfig } from './load.ts'
import type { RepositoryContext } from './repository-context.ts'

type Needs = Pick<RepositoryContext, 'mirror'> & Pick<FileSource, 'known'>

/** How many earlier versions of the config are read. */
const MAX_VERSIONS = 20

/**
 * The last valid config on a branch, for what must work although somebody broke the config: to take traffic away from a canary.
 * Undefined if no recent version was valid.
 */
export async function lastValidConfig(context: Needs, head: Sha): Promise<Config | undefined> {
  for (const { sha } of await context.mirror.landings(head, [CONFIG_FILE], MAX_VERSIONS)) {
    const config = await loadConfig(context, sha)
    if (config.ok) return config.value
  }
  return undefined
}

/** The config of a branch, or the last valid one if it is broken. The problems are those of the broken one. */
export async function configDespiteMistakes(context: Needs, head: Sha): Promise<ConfigResult> {
  const config = await loadConfig(context, head)
  const last = config.ok ? undefined : await lastValidConfig(context, head)
  return last === undefined ? config : ok(last)
}
