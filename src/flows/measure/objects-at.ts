import type { RenderedObject } from '../../core/diff/objects.ts'
import { environmentNamed } from '../../core/environment/environment.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { buildObjects } from '../build/build-environment.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'

/** The rendered objects of an environment at a commit or tree, by its config and files at that commit. Undefined if it cannot be rendered. */
export async function objectsAt(
  context: Pick<RepositoryContext, 'mirror' | 'renderer' | 'repo'>,
  treeish: Sha,
  name: string,
): Promise<readonly RenderedObject[] | undefined> {
  const config = await loadConfig(context, treeish)
  if (!config.ok) return undefined
  const snapshot = await loadSnapshot(context, treeish, { config: config.value, isWanted: () => false })
  const environment = environmentNamed(snapshot.environments, name)
  if (environment === undefined || environment.refusals.length > 0) return undefined
  const read = await readEnvironmentTexts(context, treeish, environment)
  const built = await buildObjects(context, { ...read, secrets: config.value.secrets, documents: new Map() })
  return built.ok && built.parsed.ok ? built.parsed.objects : undefined
}
