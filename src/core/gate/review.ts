import { TRAFFIC_KINDS } from '../diff/ignore.ts'
import type { Location } from '../manifest/parse.ts'
import type { NewVersion } from '../arrival/new-version.ts'
import type { RolloutRise } from '../exposure/canaries.ts'
import { mayPassByItself, type Problem } from '../problem/problem.ts'
import type { Sha } from '../rollout/facts.ts'
import type { Target } from '../rollout/target.ts'
import type { StopScope } from '../stop/stop.ts'
import { nextLook, type Verdict } from './gate.ts'
import type { Liveness } from './live.ts'
import type { LeavingOwner } from './leaving-owner.ts'
import type { ReviewedPromotion } from './promotion.ts'
import { sameData } from '../manifest/data.ts'

/** One rule in an environment's render, before and after a pull request. Shares in percent, by destination name. */
export interface TrafficRow {
  readonly environment: string
  /** `VirtualService default/api-service`. */
  readonly route: string
  readonly rule: string
  readonly before: readonly DestinationShare[] | undefined
  readonly after: readonly DestinationShare[] | undefined
}

export interface DestinationShare {
  readonly name: string
  readonly share: number
  /** The place of the weight after the change, at the head commit; absent if it is not known for certain. */
  readonly place?: Location | undefined
}

/**
 * `lowered`: somebody lowered the share to the current one. `reset`: a force-push removed commits of the base branch, and the current
 * step is there again.
 */
export type LeftToPeople = { readonly code: 'lowered'; readonly from: number } | { readonly code: 'reset' }

/** One rollout that a pull request moves. */
export interface ReviewedChange {
  readonly target: Target
  readonly from: number
  readonly to: number
  /** The side whose share could not be read from Git. It counts as 0 then. */
  readonly unknown?: readonly ('before' | 'after')[]
  /** Set when one of the versions changes while the canary has traffic. */
  readonly version: { readonly role: 'stable' | 'canary'; readonly from: string; readonly to: string } | undefined
  /** Requests that reach the canary more often, although its share is not raised. */
  readonly widened?: readonly RolloutRise[]
  /** The controller that moved the route before the change, and does not after it. */
  readonly leaving?: LeavingOwner | undefined
  /** The last step: both versions are already the same. */
  readonly finishes: boolean
  readonly verdicts: readonly Verdict[]
  /** Why a person must merge it, although the config has Perch merge raises. */
  readonly leftToPeople?: LeftToPeople | undefined
  /** When time alone closes a gate that is open now, epoch milliseconds. */
  readonly freezesAt?: number | undefined
}

/** The objects that one environment's render gains, loses and changes. */
export interface EnvironmentDiff {
  readonly environment: string
  /** Whether the environment itself is added, removed, or changed. */
  readonly state: 'added' | 'removed' | 'changed'
  /** Why the state before the change is unknown. Then everything in the environment counts as new. */
  readonly unknownBefore: Problem | undefined
  /** First the resources about traffic, then by kind, namespace and name. */
  readonly resources: readonly ResourceDiff[]
  /** How many resources have only changes that the config hides. */
  readonly hidden: number
}

export interface ResourceDiff {
  /** `VirtualService default/api-service`. */
  readonly title: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly change: 'added' | 'removed' | 'changed'
  /** The rules of this resource whose shares change. */
  readonly traffic: readonly TrafficRow[]
  /** Unified hunks, without a file header. Empty if the only changes are in values that are hidden on both sides. */
  readonly patch: string
  readonly added: number
  readonly removed: number
  /** How many of these lines belong to schemas, which the patch does not show. */
  readonly unshown: number
}

/** The result of reviewing one head commit. */
export interface Review {
  /** The two commits whose merge was reviewed; undefined if nothing was compared. */
  readonly compared: { readonly base: Sha; readonly head: Sha } | undefined
  readonly changes: readonly ReviewedChange[]
  /** New versions without traffic that a rollout could start with. */
  readonly newVersions: readonly NewVersion[]
  /** Set for a promotion pull request that Perch opened. */
  readonly promotion?: ReviewedPromotion | undefined
  readonly rows: readonly TrafficRow[]
  readonly diffs: readonly EnvironmentDiff[]
  /** The environments and rollouts that the change renames or removes. Their holds and freezes would be lost. */
  readonly lostNames: readonly StopScope[]
  readonly problems: readonly Problem[]
  /** Problems that do not block this merge: they existed before, or nobody can do better. */
  readonly notes: readonly Problem[]
  /** `kustomize v5.5.0`; undefined if nothing was rendered. */
  readonly renderer: string | undefined
  /** The validators that ran: `opa 1.22.2`. */
  readonly validators: readonly string[]
  /** A hash of the facts in Git that the verdicts depend on (`flows/measure/grounds.ts`); undefined if it cannot be computed. */
  readonly grounds?: string | undefined
}

/** The review of a pull request without any changes. */
export const NO_CHANGE: Review = {
  compared: undefined,
  changes: [],
  newVersions: [],
  rows: [],
  diffs: [],
  lostNames: [],
  problems: [],
  notes: [],
  renderer: undefined,
  validators: [],
}

/** The verdicts of all gates. A promotion and a change of traffic in its target have some in common, which count once. */
export function verdictsOf({ changes, promotion }: Pick<Review, 'changes' | 'promotion'>): readonly Verdict[] {
  const own = changes.flatMap(({ verdicts }) => verdicts)
  const others = promotion?.verdicts ?? []
  return [...own, ...others.filter((other) => !own.some((one) => sameData(one, other)))]
}

/** The rollouts that must end before the change may merge, because it would replace the canary's version at once. */
export function awaitedTargets({ changes }: Pick<Review, 'changes'>): readonly Target[] {
  const isBlocked = ({ verdicts }: ReviewedChange): boolean =>
    verdicts.some(({ state, reason }) => reason.code === 'canary-swapped' && state === 'block')
  return changes.filter(isBlocked).map(({ target }) => target)
}

/** Whether any gate applies. */
export function isGated({ changes, promotion }: Pick<Review, 'changes' | 'promotion'>): boolean {
  return changes.length > 0 || promotion !== undefined
}

/** Whether the review must be repeated when a stop is created or removed, or when the base branch moves. */
export function isJudgedAgain(review: Pick<Review, 'changes' | 'promotion' | 'lostNames'>): boolean {
  return isGated(review) || review.lostNames.length > 0
}

/** When time alone closes gates. */
export function closingTimes({ changes, promotion }: Pick<Review, 'changes' | 'promotion'>): readonly number[] {
  return [...changes, ...(promotion === undefined ? [] : [promotion])].flatMap(({ freezesAt }) => freezesAt ?? [])
}

/** Short enough for a server that was restarted, and long enough for one that is gone. */
export const RETRY_MINUTES = 15

/**
 * When to look again: because a gate may pass by then, a server may be reachable, or a tool may be installed. Epoch milliseconds,
 * like `now`.
 */
export function lookTimes(review: Review, now: number): readonly number[] {
  const next = nextLook(verdictsOf(review))
  const retry = review.problems.some(mayPassByItself) ? [now + RETRY_MINUTES * 60_000] : []
  const ends = review.problems.flatMap(({ cause }) => (cause.kind === 'lost-stop' ? (cause.stop.until ?? []) : []))
  return [...retry, ...ends, ...(next === undefined ? [] : [next])]
}

/** Kinds that decide where requests go. */
const REQUEST_KINDS: readonly string[] = [
  ...TRAFFIC_KINDS,
  'ServiceEntry',
  'WorkloadEntry',
  'Gateway',
  'Sidecar',
  'EnvoyFilter',
]

/** The changed objects that decide where requests go, in rollouts or not: `VirtualService default/api-service`. */
export function trafficObjects({ diffs, rows }: Pick<Review, 'diffs' | 'rows'>): readonly string[] {
  const changed = diffs.flatMap(({ resources }) => resources.filter(({ kind }) => REQUEST_KINDS.includes(kind)))
  return changed.length > 0 ? changed.map(({ title }) => title) : rows.map(({ route }) => route)
}

/** Whether a review deserves a comment. Pull requests without any relation to a rollout stay quiet. */
export function isWorthComment(review: Review): boolean {
  return concernsTraffic(review) || offeredVersions(review).length > 0
}

/** Whether the change affects traffic. */
export function concernsTraffic({ changes, rows }: Pick<Review, 'changes' | 'rows'>): boolean {
  return changes.length > 0 || rows.length > 0
}

/**
 * The new versions for which Perch suggests a rollout. It suggests none while there are problems, or if the config switches this
 * off.
 */
export function offeredVersions({
  newVersions,
  problems,
}: Pick<Review, 'newVersions' | 'problems'>): readonly NewVersion[] {
  return problems.length > 0 ? [] : newVersions.filter(({ target }) => target.settings.start !== 'never')
}

/** Why the base branch's step is not live, if only a person can fix it: it is overdue, or it failed. */
export function notLive({ verdicts }: ReviewedChange): Liveness | undefined {
  for (const { reason } of verdicts)
    if (reason.code === 'live' && (reason.liveness.state === 'overdue' || reason.liveness.state === 'failed'))
      return reason.liveness
  return undefined
}

/**
 * Whether the config lets Perch merge the step when it is green. After someone lowered the share or moved the base branch back, a
 * person must merge the next raise.
 */
export function mergesItself(change: ReviewedChange): boolean {
  const { target, from, to, version, widened = [], finishes, leftToPeople } = change
  const { autoMerge } = target.settings
  const isRollback = to < from && version === undefined && widened.length === 0 && !finishes
  if (leftToPeople !== undefined) return false
  return autoMerge === 'always' || (autoMerge === 'rollback' && isRollback)
}
