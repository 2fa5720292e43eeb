import type { NewTexts } from '../../core/layer/place.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { RepositoryContext } from './repository-context.ts'

/** Whether two commits or trees differ only in these files, and the later one contains exactly these texts. */
export async function changesOnly(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { base, head }: { readonly base: Sha; readonly head: Sha },
  files: NewTexts,
): Promise<boolean> {
  const changed = await mirror.changed(base, head)
  const texts = await mirror.read(head, changed)
  return changed.length === files.size && changed.every((path) => texts.get(path) === files.get(path))
}
