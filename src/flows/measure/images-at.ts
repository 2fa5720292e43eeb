import { imagesBehind } from '../../core/arrival/version-behind.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { targetObjectsAt } from './objects-at.ts'

/** The images of both versions of a rollout in one of its environments. Undefined if it cannot be built. */
export async function imagesAt(
  context: Pick<RepositoryContext, 'mirror' | 'renderer'>,
  treeish: Sha,
  at: { readonly target: Target; readonly environment: string },
): Promise<ReturnType<typeof imagesBehind> | undefined> {
  const objects = await targetObjectsAt(context, treeish, at)
  return objects === undefined || objects === 'not-seen' ? undefined : imagesBehind({ ...at, objects })
}
