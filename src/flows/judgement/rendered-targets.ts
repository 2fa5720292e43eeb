import { environmentNamed } from '../../core/environment/environment.ts'
import { finderIn } from '../../core/diff/rendered-route.ts'
import { placeKey } from '../../core/layer/layered.ts'
import type { ObjectData } from '../../core/layer/step.ts'
import { type Snapshot, withRendered } from '../../core/rollout/snapshot.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { readEnvironmentTexts } from './environment-texts.ts'
import { renderEnvironment, type TreeSnapshot } from './render.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/**
 * A snapshot in which routes are as their environments render them, where the files do not say it for sure. What cannot be
 * rendered stays as it is.
 */
export async function withRenderedTargets(
  context: Needs,
  side: TreeSnapshot,
  isWanted: (target: Target) => boolean = ({ unclear }) => unclear !== undefined,
): Promise<Snapshot> {
  const { snapshot } = side
  const rendered = new Map<string, ObjectData>()
  const groups = Map.groupBy(snapshot.targets.filter(isWanted), ({ environments: [first = ''] }) => first)
  for (const [name, targets] of groups) {
    const found = environmentNamed(snapshot.environments, name)
    if (found === undefined || found.refusals.length > 0) continue
    const { environment, texts } = await readEnvironmentTexts(context, side.treeish, found)
    const { secrets } = snapshot.config
    const now = await renderEnvironment(context, { environment, texts, secrets, documents: new Map() })
    if (!now.ok || !now.parsed.ok) continue
    const find = finderIn(name, now.parsed.objects)
    for (const target of targets) {
      const object = find(target)
      if (object !== undefined) rendered.set(placeKey(name, target.object), object.data)
    }
  }
  return rendered.size === 0 ? snapshot : withRendered(snapshot, rendered)
}
