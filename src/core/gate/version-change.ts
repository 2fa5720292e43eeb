import { mayHaveTraffic, type Standing } from '../rollout/standing.ts'
import { versionLabels } from '../traffic/version.ts'
import type { ReviewedChange } from './review.ts'

/** A destination's version changes while the canary has traffic. That moves traffic without changing any weight. */
export function versionChange(from: Standing | undefined, to: Standing): ReviewedChange['version'] {
  const [old, now] = [from?.versions, to.versions]
  if (from === undefined || !isWithTraffic(from)) return undefined
  if (old !== undefined && now !== undefined && old.stable !== now.stable)
    return { role: 'stable', from: old.stable, to: now.stable }
  // The labels stay the same, but the pods behind them become the canary's.
  if (old?.same === false && now?.same === true) return { role: 'stable', from: old.stable, to: now.canary }
  return to.share === 0 ? undefined : canaryChange(from, to)
}

/** A controller gives new versions traffic step by step, whatever Git says. */
function isWithTraffic(standing: Standing): boolean {
  return standing.phase !== 'owned' && mayHaveTraffic(standing)
}

/**
 * The canary is the same version if its pods keep all of their labels. If the labels were unknown before, they may stay unknown.
 */
function canaryChange(from: Standing, to: Standing): ReviewedChange['version'] {
  const [old, now] = [from, to].map(({ target }) => versionLabels(target.route, 'canary', target.neighbours))
  const isSame =
    old === undefined || now === undefined
      ? old === now
      : Object.entries(old).every(([key, value]) => now[key] === value)
  if (isSame) return undefined
  return { role: 'canary', from: from.versions?.canary ?? 'unknown', to: to.versions?.canary ?? 'unknown' }
}

interface FinishFacts extends Pick<ReviewedChange, 'version'> {
  readonly from: Standing | undefined
  readonly to: Standing
}

/** Only the weights change. If a version changes too, the new version was never measured. */
export function isFinish({ from, to, version }: FinishFacts): boolean {
  return from?.phase === 'finishing-weights' && to.share === 0 && version === undefined
}
