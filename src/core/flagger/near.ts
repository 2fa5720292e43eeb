/** Which rollouts of Flagger a pull request is about: nothing in Git says it, because its Canaries start by themselves. */
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import { ROLLBACK_HOOK } from './hook.ts'
import { isTouched } from '../rollout/resolve.ts'
import type { Target } from '../rollout/target.ts'

/**
 * The rollouts of Flagger in the environments of which a pull request changes a file; where it changes files beside some of their Canaries,
 * those. `changed`: the paths that it changes.
 */
export function canariesNear(targets: readonly Target[], changed: readonly string[]): readonly Target[] {
  const paths = new Set(changed)
  const near = targets.filter((target) => target.owner?.writer === 'flagger' && isTouched(target, paths))
  const folders = new Set(changed.map(folderOf))
  const beside = near.filter(({ owner }) => owner !== undefined && folders.has(folderOf(owner.place.file)))
  return beside.length > 0 ? beside : near
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** Whether a Canary has a webhook by which Flagger asks Perch: before it goes on, or whether to go back. Without one Perch has no say. */
export function asksPerch({ owner }: Pick<Target, 'owner'>, about: 'confirm-' | typeof ROLLBACK_HOOK): boolean {
  const spec = recordOf(owner?.object.data['spec'])
  const hooks = ['analysis', 'canaryAnalysis'].flatMap((field) => listOf(recordOf(spec[field])['webhooks']))
  return hooks.some((hook) => {
    const { type, url } = recordOf(hook)
    return textOf(type)?.startsWith(about) === true && textOf(url)?.includes('/api/flagger/') === true
  })
}
