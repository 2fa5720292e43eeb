import type { RenderedObject } from '../../core/diff/objects.ts'
import { environmentNamed, inputsOf } from '../../core/environment/environment.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { buildObjects } from '../build/build-environment.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'

/** What an environment rendered to at a commit or tree, by the config and the files of then; undefined where nobody can tell. */
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
  const texts = await context.mirror.read(treeish, inputsOf(environment))
  const built = await buildObjects(context, { environment, texts, secrets: config.value.secrets, documents: new Map() })
  return built.ok && built.parsed.ok ? built.parsed.objects : undefined
}
