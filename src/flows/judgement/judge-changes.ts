import type { ImageChange } from '../../core/arrival/image-changes.ts'
import { isOrderedByImages } from '../../core/arrival/order-version.ts'
import type { RolloutRise } from '../../core/exposure/canaries.ts'
import { isHeldBack, judge, overrule, type TrafficChange, type UnknownBase } from '../../core/gate/gate.ts'
import type { RolloutDifference } from '../../core/gate/rollout-difference.ts'
import { leavingOwner } from '../../core/gate/leaving-owner.ts'
import { isFinish, versionChange } from '../../core/gate/version-change.ts'
import { UNRESTRAINED } from '../../core/gate/restraint.ts'
import type { LeftToPeople, ReviewedChange } from '../../core/gate/review.ts'
import { targetAsBase } from '../../core/rollout/as-base.ts'
import { isOfChart } from '../../core/chart/released-target.ts'
import { narrowed } from '../../core/rollout/read-target.ts'
import { isHiddenIn } from '../../core/rollout/snapshot/hidden-in.ts'
import { standingOf, type Standing, stepKey, sureShare } from '../../core/rollout/standing.ts'
import { isBlueGreen, sameRollouts, targetName } from '../../core/rollout/target.ts'
import { goesBack } from '../measure/switch-back.ts'
import { measureIfLive } from '../measure/measure-step.ts'
import { historyOf, lastReadable, lastReadableShare, standingBefore } from '../measure/landing.ts'
import { livenessOf } from '../measure/liveness.ts'
import type { SnapshotPair } from './comparison/render.ts'
import { raisedVersion } from './order-versions.ts'
import { type JudgementNeeds, restraintsOf, type RestraintQuestion } from './restraints.ts'

type Needs = JudgementNeeds

/** The rollouts that a change moves, with the verdicts of their gates. */
export async function judgeChanges(
  context: Needs,
  differences: readonly RolloutDifference[],
  question: RestraintQuestion,
): Promise<readonly ReviewedChange[]> {
  const changes: ReviewedChange[] = []
  for (const difference of differences)
    changes.push(
      await judgeChange(
        context,
        { difference, alongside: environmentsWithSameMove(difference, differences) },
        question,
      ),
    )
  return changes
}

interface JudgedDifference {
  readonly difference: RolloutDifference
  /** Other environments in which the change moves the service in the same way. */
  readonly alongside: readonly string[]
}

/** Two environments move in the same way if the service, its canary version and the shares are equal. */
function moveKey({ to, sure, reach }: RolloutDifference): string {
  return JSON.stringify([to.target.service, to.versions?.canary ?? null, sure, reach])
}

function environmentsWithSameMove(one: RolloutDifference, all: readonly RolloutDifference[]): readonly string[] {
  const own = moveKey(one)
  return all.flatMap((other) => (other !== one && moveKey(other) === own ? other.to.target.environments : []))
}

/** Changes that move rollouts and are visible only in renders. */
interface RenderedMoves {
  readonly rises: readonly RolloutRise[]
  readonly imageChanges: readonly ImageChange[]
}

/** How a change moves rollouts, before gates judge it. */
export function differencesIn({
  before,
  after,
  rises,
  imageChanges,
}: SnapshotPair & RenderedMoves): readonly RolloutDifference[] {
  const differences: RolloutDifference[] = []
  for (const target of after.snapshot.targets) {
    // Environments may move together before the change and separately after it, or the other way round. Each is judged by its own
    // pace.
    const old = sameRollouts(before.snapshot.targets, target).map((known) =>
      standingOf(narrowed(before.snapshot.config, known, target.environments)),
    )
    for (const from of old.length === 0 ? [undefined] : old) {
      const to = standingOf(from === undefined ? target : targetAsBase([from.target], target))
      const isOwn = (one: RolloutRise | ImageChange): boolean => one.target === target && isIn(one, from)
      const own = { rises: rises.filter(isOwn), imageChanges: imageChanges.filter(isOwn) }
      const difference = differenceOf(own, from, to)
      if (!isNone(difference)) differences.push({ ...difference, base: before.snapshot })
    }
  }
  return differences
}

function differenceOf(
  { rises, imageChanges }: RenderedMoves,
  from: Standing | undefined,
  to: Standing,
): Omit<RolloutDifference, 'base'> {
  const leaving = leavingOwner(from, to)
  const sure = from === undefined || leaving !== undefined ? 0 : sureShare(from)
  const reached = reachOf(rises, { sure, share: leaving?.share ?? to.share })
  const versions = [versionChange(from, to), ...imageChanges.map((one) => one.version)].filter(
    (one) => one !== undefined,
  )
  // A new canary version is blocked, while a promotion only waits. So the new canary version counts first.
  const version = versions.find(({ role }) => role === 'canary') ?? versions[0]
  return { from, to, version, leaving, sure, ...reached }
}

function isNone({ version, leaving, sure, reach, widened }: Omit<RolloutDifference, 'base'>): boolean {
  return sure === reach && version === undefined && widened.length === 0 && leaving === undefined
}

function isIn({ environment }: Pick<RolloutRise, 'environment'>, from: Standing | undefined): boolean {
  return from === undefined || from.target.environments.includes(environment)
}

/**
 * The largest share of requests for everybody after the change, and the requests that reach the canary more often although its
 * share does not rise: because of an earlier rule, another route, or labels that select its pods.
 */
function reachOf(
  rises: readonly RolloutRise[],
  { sure, share: to }: Pick<RolloutDifference, 'sure'> & Pick<Standing, 'share'>,
): { readonly reach: number; readonly widened: readonly RolloutRise[] } {
  const share = sureShare({ share: to })
  const isRaise = share > sure
  const widened = rises.filter((rise) => rise.isForSome || !isRaise || rise.to > share)
  return { reach: Math.max(share, ...rises.flatMap((rise) => (rise.isForSome ? [] : rise.to))), widened }
}

async function judgeChange(
  context: Needs,
  judged: JudgedDifference,
  question: RestraintQuestion,
): Promise<ReviewedChange> {
  const { difference } = judged
  const { from, to, version, reach, widened, sure, leaving } = difference
  const { target } = to
  const unknown = [
    ...(from?.share === 'unknown' && sure === 0 ? (['before'] as const) : []),
    ...(to.share === 'unknown' && reach === 0 ? (['after'] as const) : []),
  ]
  const change = await trafficChange(context, judged, question)
  const found = judge(change, context.clock.now())
  const isOpen = found.some(({ state }) => state !== 'pass')
  const verdicts = isOpen ? overrule(found, await question.around.overrides()) : found
  const finishes = isFinish(difference)
  const { freezesAt } = change.restraints
  const leftToPeople = await leftToPeopleBy(context, question, difference)
  return {
    target,
    from: sure,
    to: reach,
    unknown,
    version,
    widened,
    leaving,
    finishes,
    verdicts,
    freezesAt,
    leftToPeople,
  }
}

/** Whether people lowered the share before: they reverted a step, asked for a lower share, or moved the base branch back. */
async function leftToPeopleBy(
  context: Needs,
  { base }: RestraintQuestion,
  { from, sure, reach }: RolloutDifference,
): Promise<LeftToPeople | undefined> {
  if (from === undefined || sure === 0 || reach <= sure || isBlueGreen(from.target)) return undefined
  if (from.target.settings.autoMerge !== 'always') return undefined
  const history = await historyOf(context, base, from)
  if (history?.landedAt?.isReset === true) return { code: 'reset' }
  const before = history && (await standingBefore(context, history.landing, from.target))
  return before !== undefined && sureShare(before) > sure ? { code: 'lowered', from: sureShare(before) } : undefined
}

/** The input of the gates. The pace and limits of the rollout come from the base branch, not from the pull request. */
async function trafficChange(
  context: Needs,
  { difference, alongside }: JudgedDifference,
  question: RestraintQuestion,
): Promise<TrafficChange> {
  const { from, to, version, reach, base, sure, leaving } = difference
  const widens = difference.widened.length > 0
  const promotes = version?.role === 'stable'
  const { target } = from ?? to
  const isHeld = isHeldBack({ from: sure, to: reach, widens, promotes })
  const isBaseUndated = isHeld && sure > 0 && isUndated(from)
  const step = isBaseUndated ? NOT_LOOKED_AT : await stepBefore(context, question, { difference, isHeldBack: isHeld })
  const byImages = isHeld && isOrderedByImages(to.target, base.config)
  const raised = await raisedVersion(context, { base: question.base.sha, head: question.head, byImages }, difference)
  return {
    ...step,
    target: targetName(to.target),
    from: sure,
    to: reach,
    widens,
    promotes,
    swaps: version?.role === 'canary',
    finishes: isFinish(difference),
    goesBack: isHeld && from !== undefined && leaving === undefined && (await goesBack(context, question, from)),
    unknownBase: await unknownBase(context, question, difference),
    isBaseUndated,
    bakeMs: target.settings.bakeMs,
    unchecked: target.settings.unchecked,
    isAnalysed: target.settings.analysis !== undefined,
    canary: raised.name,
    restraints: isHeld ? await restraintsOf(context, question, { target, base, alongside, raised }) : UNRESTRAINED,
  }
}

/** Whether only a render of the current commit shows the share. For a chart, older commits are rendered too. */
function isUndated(standing: Standing | undefined): boolean {
  return standing?.target.isRendered === true && !isOfChart(standing.target)
}

/**
 * Why the state before a change is unknown: a controller moved the route until now, the share cannot be read, or the route itself
 * may be in an unreadable file. Returning to the last readable share, or below it, with the same versions is not a raise.
 */
async function unknownBase(
  context: Needs,
  question: RestraintQuestion,
  difference: RolloutDifference,
): Promise<UnknownBase | undefined> {
  const { leaving } = difference
  if (leaving !== undefined) return { code: 'base-owned', writer: leaving.owner.writer, share: leaving.share }
  return (await isBaseHidden(context, question, difference)) ? { code: 'base-unreadable' } : undefined
}

async function isBaseHidden(
  context: Needs,
  question: RestraintQuestion,
  { from, to, version, base, reach }: RolloutDifference,
): Promise<boolean> {
  if (from !== undefined) {
    if (from.share !== 'unknown') return false
    const last = await lastReadableShare(context, question.base.sha, from)
    // From 0, or if the share was never readable, it is a start like any other.
    const most = last === 0 ? 100 : (last ?? 0)
    return version !== undefined || reach > most
  }
  if (!isHiddenIn(base, to.target)) return false
  const last = await lastReadable(context, question.base.sha, to.target)
  // A repair brings back what was there.
  return last === undefined || last === 'never' || stepKey(last) !== stepKey(to)
}

const NOT_LOOKED_AT = { liveness: undefined, analysis: undefined }

/** The state of the current step of the base branch. */
async function stepBefore(
  context: Needs,
  question: RestraintQuestion,
  { difference, isHeldBack }: { readonly difference: RolloutDifference; readonly isHeldBack: boolean },
): Promise<Pick<TrafficChange, 'liveness' | 'analysis'>> {
  const { from, sure } = difference
  if (from === undefined || sure === 0) return NOT_LOOKED_AT
  if (isHeldBack) return measureIfLive(context, question, from)
  return { liveness: await livenessOf(context, question, from), analysis: undefined }
}
