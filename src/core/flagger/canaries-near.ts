/** Which of Flagger's rollouts a pull request is about. Git does not record it, because Canaries start by themselves. */
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import { parentOf } from '../environment/tree.ts'
import { ROLLBACK_HOOK } from './hook.ts'
import { isTouched } from '../rollout/resolve.ts'
import type { Target } from '../rollout/target.ts'

/**
 * Flagger's rollouts in environments of which a pull request changes a file. If it changes files in the folder of a Canary, only
 * the Canaries in such folders count. `changed`: the paths that it changes.
 */
export function canariesNear(targets: readonly Target[], changed: readonly string[]): readonly Target[] {
  const paths = new Set(changed)
  const near = targets.filter((target) => target.owner?.writer === 'flagger' && isTouched(target, paths))
  const folders = new Set(changed.map(parentOf))
  const beside = near.filter(({ owner }) => owner !== undefined && folders.has(parentOf(owner.place.file)))
  return beside.length > 0 ? beside : near
}

/**
 * Whether a Canary has a webhook of one of these types that leads to Perch. Without one, Flagger never asks, and Perch can stop
 * nothing.
 */
export function asksPerch({ owner }: Pick<Target, 'owner'>, about: 'confirm-' | typeof ROLLBACK_HOOK): boolean {
  const spec = recordOf(owner?.object.data['spec'])
  const hooks = ['analysis', 'canaryAnalysis'].flatMap((field) => listOf(recordOf(spec[field])['webhooks']))
  return hooks.some((hook) => {
    const { type, url } = recordOf(hook)
    return textOf(type)?.startsWith(about) === true && textOf(url)?.includes('/api/flagger/') === true
  })
}
