import type { Config } from '../../core/config/schema.ts'
import type { RenderedObject } from '../../core/diff/objects.ts'
import { type Environment, environmentNamed } from '../../core/environment/environment.ts'
import { additionsAt } from '../../core/delivery/additions-at.ts'
import { lacksTool } from '../../core/problem/problem.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { buildObjects } from '../build/build-environment.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { deployedAt, type FileSource, loadConfig, loadSnapshot } from '../repository/load.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

interface ObjectsQuestion {
  /** The names of environments. */
  readonly names: readonly string[]
  /** The config that defines the environments; default: the one at that commit. */
  readonly config?: Config
}

/**
 * The rendered objects of some environments at a commit or tree. An environment that does not exist there is left out. Undefined
 * if one of them cannot be rendered, or if the config is not valid.
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
    const objects = await builtAt(context, treeish, { environment, secrets: own.value.secrets })
    if (objects === undefined || objects === 'not-seen') return undefined
    found.set(name, objects)
  }
  return found
}

/** The same with the files of the target's environment in the target's own layout, and as charts deploy it in that commit. */
export async function targetObjectsAt(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  treeish: Sha,
  { target, environment: name }: { readonly target: Target; readonly environment: string },
): Promise<BuiltObjects> {
  const then = await deployedAt(context, treeish, target)
  const environment = then && environmentNamed(then.layout.environments, name)
  return environment && builtAt(context, treeish, { environment, secrets: [] })
}

/** Undefined if they cannot be built, or if Perch never builds them. `not-seen`: the tool was missing or busy. */
type BuiltObjects = readonly RenderedObject[] | 'not-seen' | undefined

async function builtAt(
  context: Needs,
  treeish: Sha,
  { environment, secrets }: { readonly environment: Environment; readonly secrets: Config['secrets'] },
): Promise<BuiltObjects> {
  const { deployer, refusals } = environment
  if (refusals.length > 0) return undefined
  const read = await readEnvironmentTexts(context, treeish, environment)
  if (deployer !== undefined && additionsAt(deployer, read.texts) === 'unknown') return undefined
  const built = await buildObjects(context, { ...read, secrets })
  if (!built.ok) return lacksTool(built) ? 'not-seen' : undefined
  return built.parsed.ok ? built.parsed.objects : undefined
}
