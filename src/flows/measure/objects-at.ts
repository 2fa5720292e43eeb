import type { Config } from '../../core/config/schema.ts'
import type { RenderedObject } from '../../core/diff/objects.ts'
import { environmentNamed } from '../../core/environment/environment.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { buildObjects } from '../build/build-environment.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { type FileSource, loadConfig, loadSnapshot } from '../repository/load.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

interface ObjectsQuestion {
  /** The names of environments. */
  readonly names: readonly string[]
  /** The config that says which environments there are; the one at that commit by default. */
  readonly config?: Config
}

/**
 * The rendered objects of some environments at a commit or tree, by the files there. An environment that is not there is left out. Undefined if
 * one of them cannot be rendered, or if the config there is not valid.
 */
export async function objectsAt(
  context: Needs,
  treeish: Sha,
  { names, config }: ObjectsQuestion,
): Promise<ReadonlyMap<string, readonly RenderedObject[]> | undefined> {
  const own = config === undefined ? await loadConfig(context, treeish) : ({ ok: true, value: config } as const)
  if (!own.ok) return undefined
  const reading = { config: own.value, isWanted: () => false, chooseRead: () => [] }
  const { environments } = await loadSnapshot(context, treeish, reading)
  const found = new Map<string, readonly RenderedObject[]>()
  for (const name of names) {
    const environment = environmentNamed(environments, name)
    if (environment === undefined) continue
    if (environment.refusals.length > 0) return undefined
    const read = await readEnvironmentTexts(context, treeish, environment)
    const built = await buildObjects(context, { ...read, secrets: own.value.secrets, documents: new Map() })
    if (!built.ok || !built.parsed.ok) return undefined
    found.set(name, built.parsed.objects)
  }
  return found
}
