import { TRAFFIC_KINDS } from '../diff/ignore.ts'
import type { Location } from '../manifest/parse.ts'
import type { NewVersion } from '../arrival/new-version.ts'
import type { RolloutRise } from '../exposure/canaries.ts'
import { mayPassByItself, type Problem } from '../problem/problem.ts'
import type { Sha } from '../rollout/facts.ts'
import type { Target } from '../rollout/target.ts'
import type { Verdict } from './gate.ts'
import type { Liveness } from './live.ts'
import type { LeavingOwner } from './leaving-owner.ts'
import type { ReviewedPromotion } from './promotion.ts'

/** One rule of one environment as it is rendered, before and after a pull request. Shares in percent, by destination name. */
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
  /** Where the weight is written, at the head commit; absent where that is not known for sure. Only of what is after. */
  readonly place?: Location | undefined
}

/** One rollout that a pull request moves. */
export interface ReviewedChange {
  readonly target: Target
  readonly from: number
  readonly to: number
  /** Set when one of the versions changes while the canary has traffic. */
  readonly version: { readonly role: 'stable' | 'canary'; readonly from: string; readonly to: string } | undefined
  /** Requests that reach the canary more often, though its own share does not say so. */
  readonly widened?: readonly RolloutRise[]
  /** The controller that moved it, and does not any more. */
  readonly leaving?: LeavingOwner | undefined
  /** It is the last flip: both versions are the same already. */
  readonly finishes: boolean
  readonly verdicts: readonly Verdict[]
  /** The share before somebody lowered it to the current one. Set only if the config has Perch merge raises. */
  readonly loweredFrom?: number | undefined
  /** When time alone closes a gate that is open now, epoch milliseconds. */
  readonly freezesAt?: number | undefined
}

/** What one environment's render gains, loses and changes. */
export interface EnvironmentDiff {
  readonly environment: string
  /** Whether the environment itself comes, goes, or stays and changes. */
  readonly state: 'added' | 'removed' | 'changed'
  /** Why nothing is known of it before; then everything in it counts as new. */
  readonly unknownBefore: Problem | undefined
  /** Those about traffic first, then by kind, namespace and name. */
  readonly resources: readonly ResourceDiff[]
  /** How many resources change only in what the config hides. */
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
  /** Unified hunks, without file header; empty where only values change that are hidden on both sides. */
  readonly patch: string
  readonly added: number
  readonly removed: number
  /** How many of these lines are of schemas, which the patch does not show. */
  readonly unshown: number
}

/** Everything that Perch found out about one head commit. */
export interface Review {
  /** The two commits whose merge was looked at; undefined where nothing was compared. */
  readonly compared: { readonly base: Sha; readonly head: Sha } | undefined
  readonly changes: readonly ReviewedChange[]
  /** What it brings that has no traffic yet, and that a rollout could begin with. */
  readonly newVersions: readonly NewVersion[]
  /** Set where it is a pull request of ours that carries configuration from one environment to another. */
  readonly promotion?: ReviewedPromotion | undefined
  readonly rows: readonly TrafficRow[]
  readonly diffs: readonly EnvironmentDiff[]
  readonly problems: readonly Problem[]
  /** What is worth knowing and does not make this merge wrong: it was so before, or nobody can do it better. */
  readonly notes: readonly Problem[]
  /** `kustomize v5.5.0`; undefined where nothing was rendered. */
  readonly renderer: string | undefined
  /** What else has looked at it: `opa 1.22.2`. */
  readonly validators: readonly string[]
  /** A hash of what the verdicts on its changes rest on in Git (`flows/measure/grounds.ts`); undefined where that cannot be told. */
  readonly grounds?: string | undefined
}

/** The review of what changes nothing. */
export const NO_CHANGE: Review = {
  compared: undefined,
  changes: [],
  newVersions: [],
  rows: [],
  diffs: [],
  problems: [],
  notes: [],
  renderer: undefined,
  validators: [],
}

/** What all gates say. */
export function verdictsOf({ changes, promotion }: Pick<Review, 'changes' | 'promotion'>): readonly Verdict[] {
  return [...changes.flatMap(({ verdicts }) => verdicts), ...(promotion?.verdicts ?? [])]
}

/** The rollouts that must end before the change may merge, because it would replace the canary's version all at once. */
export function awaitedTargets({ changes }: Pick<Review, 'changes'>): readonly Target[] {
  const isBlocked = ({ verdicts }: ReviewedChange): boolean =>
    verdicts.some(({ state, reason }) => reason.code === 'canary-swapped' && state === 'block')
  return changes.filter(isBlocked).map(({ target }) => target)
}

/** Whether a gate has a say: it is judged again whenever that may have changed. */
export function isGated({ changes, promotion }: Pick<Review, 'changes' | 'promotion'>): boolean {
  return changes.length > 0 || promotion !== undefined
}

/** When time alone closes the gates. */
export function closingTimes({ changes, promotion }: Pick<Review, 'changes' | 'promotion'>): readonly number[] {
  return [...changes, ...(promotion === undefined ? [] : [promotion])].flatMap(({ freezesAt }) => freezesAt ?? [])
}

/** Often enough for a server that was restarted, and seldom enough for one that is gone. */
export const RETRY_MINUTES = 15

/** When to look again because a server may answer by then, or a tool may be there. Epoch milliseconds, as `now`. */
export function retryTimes({ problems }: Pick<Review, 'problems'>, now: number): readonly number[] {
  return problems.some(mayPassByItself) ? [now + RETRY_MINUTES * 60_000] : []
}

/** Kinds that say where requests go. */
const REQUEST_KINDS: readonly string[] = [
  ...TRAFFIC_KINDS,
  'ServiceEntry',
  'WorkloadEntry',
  'Gateway',
  'Sidecar',
  'EnvoyFilter',
]

/** What changes that says where requests go, whoever is the canary: `VirtualService default/api-service`. */
export function trafficObjects({ diffs, rows }: Pick<Review, 'diffs' | 'rows'>): readonly string[] {
  const changed = diffs.flatMap(({ resources }) => resources.filter(({ kind }) => REQUEST_KINDS.includes(kind)))
  return changed.length > 0 ? changed.map(({ title }) => title) : rows.map(({ route }) => route)
}

/** Whether a review is worth a comment: a pull request that has nothing to do with a rollout stays quiet. */
export function isWorthComment(review: Review): boolean {
  return concernsTraffic(review) || offeredVersions(review).length > 0
}

/** Whether it changes what gets traffic. */
export function concernsTraffic({ changes, rows }: Pick<Review, 'changes' | 'rows'>): boolean {
  return changes.length > 0 || rows.length > 0
}

/** The new versions that people are asked about: what is wrong comes first, and the config can say that nobody is asked. */
export function offeredVersions({
  newVersions,
  problems,
}: Pick<Review, 'newVersions' | 'problems'>): readonly NewVersion[] {
  return problems.length > 0 ? [] : newVersions.filter(({ target }) => target.settings.start !== 'never')
}

/** Why the base branch's step is not live, where only a person can do something about that: it is overdue, or it failed. */
export function notLive({ verdicts }: ReviewedChange): Liveness | undefined {
  for (const { reason } of verdicts)
    if (reason.code === 'live' && (reason.liveness.state === 'overdue' || reason.liveness.state === 'failed'))
      return reason.liveness
  return undefined
}

/** Whether the config has Perch merge what a step does, once it is green. After somebody lowered the share, a person merges the next raise. */
export function mergesItself(change: ReviewedChange): boolean {
  const { target, from, to, version, widened = [], finishes, loweredFrom } = change
  const { autoMerge } = target.settings
  const isRollback = to < from && version === undefined && widened.length === 0 && !finishes
  if (loweredFrom !== undefined) return false
  return autoMerge === 'always' || (autoMerge === 'rollback' && isRollback)
}
