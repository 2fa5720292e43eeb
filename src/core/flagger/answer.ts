/** The answer to Flagger. Unknown never means "continue". */
import type { FrozenWindow } from '../gate/restraint.ts'
import { isInForce } from '../stop/stop.ts'
import { windowEnd } from '../stop/window.ts'
import type { VersionApprovals } from './approvals.ts'
import type { Canaries, KnownCanary, KnownStop } from './canaries.ts'
import type { TargetName } from '../rollout/target.ts'
import type { HookPayload } from './hook.ts'

export type HookAnswer =
  /** Nothing stops it. `approvals`: the number that the version needs first. */
  | { readonly code: 'go'; readonly rollout: TargetName; readonly approvals: number }
  /** The pull request that brought the version has too few approvals. */
  | {
      readonly code: 'unapproved'
      readonly rollout: TargetName
      readonly pull: number
      readonly wanted: number
      readonly has: number
    }
  /** The version needs approvals, and Perch knows no pull request that brought it. */
  | { readonly code: 'no-pull'; readonly rollout: TargetName; readonly wanted: number }
  /** The version needs approvals, and Flagger does not say which one it is about. */
  | { readonly code: 'no-version'; readonly rollout: TargetName; readonly wanted: number }
  /** Perch has stored what Flagger reported. */
  | { readonly code: 'noted'; readonly rollout: TargetName }
  /** People or the config stop it. */
  | {
      readonly code: 'stopped'
      readonly rollout: TargetName
      readonly stops: readonly KnownStop[]
      readonly windows: readonly FrozenWindow[]
    }
  /**
   * Somebody aborted it. `aborted` answers the question whether it may continue, `take-back` the question whether to roll back.
   */
  | ({ readonly code: 'aborted' | 'take-back'; readonly rollout: TargetName } & Pick<Aborted, 'by' | 'reason'>)
  /** Nobody asked to roll it back. `isOther`: there is an abort, but for an earlier version in Git. */
  | { readonly code: 'keep'; readonly rollout: TargetName; readonly isOther: boolean }
  /** Perch has not read Git, or read it too long ago. */
  | { readonly code: 'unread' }
  /** Some deployed branches have a config that is not valid. */
  | { readonly code: 'unreadable'; readonly branches: readonly string[] }
  /** Git has no such Canary. */
  | { readonly code: 'no-canary' }
  /** Git has several such Canaries. */
  | { readonly code: 'several'; readonly rollouts: readonly TargetName[] }

/** Only missing approvals keep Flagger from continuing. */
export type MissingApprovals = Extract<HookAnswer, { code: 'unapproved' | 'no-pull' }>

type Aborted = NonNullable<KnownCanary['aborted']>

type Asked = Pick<HookPayload, 'name' | 'namespace' | 'metadata'>

/** How old the known state of Git may be. GitHub's webhook about a stop may be lost. */
const MAX_AGE_MS = 10 * 60_000
const FRESH_MS = 3 * 60_000

/**
 * Shorter than `MAX_AGE_MS`: a canary that nobody aborted must not be rolled back, and meanwhile another version may have come.
 */
export const MAX_ROLLBACK_AGE_MS = 30_000

/** A fact that was read, and when, in epoch milliseconds. */
export interface KnownAt {
  readonly at: number
}

/** Whether the known state is recent enough for an answer. */
export function isUsable<T extends KnownAt>(
  known: T | undefined,
  now: number,
  maxAgeMs: number = MAX_AGE_MS,
): known is T {
  return known !== undefined && now - known.at < maxAgeMs
}

/** Whether it need not be read again. */
export function isFresh({ at }: KnownAt, now: number): boolean {
  return now - at < FRESH_MS
}

/** Whether a Canary may continue, that is, start, raise its share, or be promoted. */
export function mayContinue(canaries: Canaries | undefined, asked: Asked, now: number): HookAnswer {
  const canary = canaryIn(canaries, asked, now)
  if ('code' in canary) return canary
  const { rollout, aborted, approvals } = canary
  if (aborted !== undefined) return { code: 'aborted', rollout, by: aborted.by, reason: aborted.reason }
  const stops = canary.stops.filter((stop) => isInForce(stop, now))
  const windows = canary.windows.flatMap(({ environment, window }): FrozenWindow[] => {
    const until = windowEnd(window, now)
    return until === undefined ? [] : [{ environment, until, reason: window.reason }]
  })
  return stops.length + windows.length === 0
    ? { code: 'go', rollout, approvals }
    : { code: 'stopped', rollout, stops, windows }
}

/** Whether a version that nothing else stops is approved. `known`: the approvals of the pull request that brought it. */
export function approved(
  { rollout, approvals: wanted }: Pick<Extract<HookAnswer, { code: 'go' }>, 'rollout' | 'approvals'>,
  known: VersionApprovals | undefined,
  now: number,
): HookAnswer {
  if (!isUsable(known, now)) return { code: 'unread' }
  const { pull, has } = known
  if (pull === undefined) return { code: 'no-pull', rollout, wanted }
  return has < wanted ? { code: 'unapproved', rollout, pull, wanted, has } : { code: 'go', rollout, approvals: wanted }
}

/** The Canary that an event of Flagger is about, if Git has exactly one such Canary. */
export function canaryOfEvent(canaries: Canaries | undefined, asked: Asked, now: number): HookAnswer {
  const canary = canaryIn(canaries, asked, now)
  return 'code' in canary ? canary : { code: 'noted', rollout: canary.rollout }
}

/** Whether to roll a Canary back: only if somebody aborted exactly this version. Unknown never rolls back. */
export function mustRollBack(canaries: Canaries | undefined, asked: Asked, now: number): HookAnswer {
  const canary = canaryIn(canaries, asked, now)
  if ('code' in canary) return canary
  const { rollout, aborted } = canary
  if (aborted?.isSame !== true) return { code: 'keep', rollout, isOther: aborted !== undefined }
  if (!isUsable(canaries, now, MAX_ROLLBACK_AGE_MS)) return { code: 'unread' }
  return { code: 'take-back', rollout, by: aborted.by, reason: aborted.reason }
}

function canaryIn(
  canaries: Canaries | undefined,
  asked: Asked,
  now: number,
): KnownCanary | Extract<HookAnswer, { code: 'unread' | 'unreadable' | 'no-canary' | 'several' }> {
  if (!isUsable(canaries, now)) return { code: 'unread' }
  if (canaries.unreadable.length > 0) return { code: 'unreadable', branches: canaries.unreadable }
  const found = canaries.known.filter((one) => isAsked(one, asked))
  const [canary] = found
  if (canary === undefined) return { code: 'no-canary' }
  return found.length > 1 ? { code: 'several', rollouts: found.map(({ rollout }) => rollout) } : canary
}

function isAsked({ name, namespace, environments }: KnownCanary, asked: Asked): boolean {
  const { environment } = asked.metadata
  const isThere = environment === undefined || environments.includes(environment)
  return name === asked.name && (namespace === '' || namespace === asked.namespace) && isThere
}
