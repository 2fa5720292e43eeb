import type { AnalysisReport } from '../analysis/report.ts'
import { readNotes } from '../traffic/annotations.ts'
import { canaryShare, isSplit, weightedRules } from '../traffic/route.ts'
import { versionsOf, type Versions } from '../traffic/version.ts'
import type { Move } from './move.ts'
import { isBlueGreen, nextStep, planOf, type Target } from './target.ts'

/** The state of a rollout, read from the files of one commit. */
export type Standing = { readonly target: Target; readonly versions: Versions | undefined } & (
  | { readonly phase: 'idle'; readonly share: 0 }
  /** A controller in the cluster moves it, so the share in Git is not the live one. */
  | { readonly phase: 'owned'; readonly share: number | 'unknown' }
  /** A weight cannot be read, or something outside the files sets it. The share is unknown, and Perch moves nothing. */
  | { readonly phase: 'unreadable'; readonly share: 'unknown' }
  /**
   * A share without Perch's annotations: somebody set it by hand, or it is older than Perch. The first step writes the
   * annotations.
   */
  | { readonly phase: 'by-hand'; readonly share: number }
  | { readonly phase: 'stepping'; readonly share: number }
  /** All traffic is on the canary, and the stable version is still the old one. */
  | { readonly phase: 'finishing-version'; readonly share: 100 }
  /** All traffic is on the canary's entry, and both entries have the same version. */
  | { readonly phase: 'finishing-weights'; readonly share: 100 }
)

/** A share for calculations: 0 if unknown. So 0 does not mean that the canary has no traffic; use `mayHaveTraffic` for that. */
export function sureShare({ share }: Pick<Standing, 'share'>): number {
  return share === 'unknown' ? 0 : share
}

/** Whether the canary has traffic according to Git, or may have some because the share is unknown. */
export function mayHaveTraffic({ phase, share }: Pick<Standing, 'phase' | 'share'>): boolean {
  return phase === 'owned' || share !== 0
}

/** Whether Perch moves the rollout, or its state is unknown. A share that somebody set by hand may stay for good. */
export function isUnderWay({ phase }: Pick<Standing, 'phase'>): boolean {
  return phase !== 'idle' && phase !== 'by-hand' && phase !== 'owned'
}

export function standingOf(target: Target): Standing {
  const said = canaryShare(target.route) ?? 0
  const share = target.unclear === undefined || !isSplit(target.route) ? said : 'unknown'
  const versions = versionsOf(target.route, target.neighbours)
  const isDriven = readNotes(target.route, target.settings.prefix).percentage !== undefined
  if (target.owner !== undefined) return { target, versions, phase: 'owned', share }
  if (share === 'unknown') return { target, versions, phase: 'unreadable', share }
  if (share === 0) return { target, versions, phase: 'idle', share: 0 }
  if (!isDriven) return { target, versions, phase: 'by-hand', share }
  if (share < 100) return { target, versions, phase: 'stepping', share }
  return { target, versions, phase: versions?.same === true ? 'finishing-weights' : 'finishing-version', share: 100 }
}

/** The next move from the state of a rollout, unless somebody asks for another. */
export function moveAfter(standing: Standing): Move | undefined {
  if (isBlueGreen(standing.target)) return undefined
  switch (standing.phase) {
    case 'idle':
    case 'owned':
    case 'unreadable':
      return undefined
    case 'by-hand':
    case 'stepping': {
      const to = nextStep(planOf(standing.target), standing.share)
      return to === undefined ? undefined : { kind: 'share', from: standing.share, to }
    }
    case 'finishing-version':
      return {
        kind: 'finish-version',
        from: standing.versions?.stable ?? 'stable',
        to: standing.versions?.canary ?? 'canary',
      }
    case 'finishing-weights':
      return { kind: 'finish-weights' }
  }
}

/** The move of all traffic back to the stable version, from the state of a rollout. */
export function rollbackOf(standing: Pick<Standing, 'share'>): Extract<Move, { kind: 'rollback' }> {
  return { kind: 'rollback', from: sureShare(standing) }
}

/**
 * A commit belongs to the same step as long as this key stays the same: all weights, both versions, whether these are equal, and
 * whether a controller moves the rollout.
 */
export function stepKey(standing: Standing): string {
  const weights = weightedRules(standing.target.route).map(({ destinations }) =>
    destinations.map(({ weight }) => weight ?? null),
  )
  const { stable = null, canary = null, same = false } = standing.versions ?? {}
  // Each rule may have one destination, so the weights do not tell which version it is.
  const one = same ? ['one version'] : []
  const owned = standing.phase === 'owned' ? ['owned'] : []
  return JSON.stringify([
    weights,
    stable,
    canary,
    ...one,
    ...owned,
    ...(isBlueGreen(standing.target) ? [standing.share] : []),
  ])
}

/** Whether a rollout is measured: the config asks for it, Perch drives it, and its canary has traffic. */
export function isWatched(standing: Standing): boolean {
  return standing.target.settings.analysis !== undefined && sendsToCanary(standing)
}

/** Whether Perch drives a rollout, and its canary has traffic. */
export function sendsToCanary({ phase }: Pick<Standing, 'phase'>): boolean {
  return phase === 'stepping' || phase === 'finishing-version'
}

/** The action that the config asks for after a step's measurements. */
export function consequenceOf(standing: Standing, report: AnalysisReport | undefined): 'rollback' | 'hold' | 'nothing' {
  return report?.isFailure === true && isWatched(standing) ? standing.target.settings.onFailure : 'nothing'
}
