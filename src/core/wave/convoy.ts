/** Rollouts that one pull request moves: the environments of a wave, as long as they are at the same step. */
import { isOfChart } from '../chart/released-target.ts'
import { isWaveStep } from '../rollout/branch.ts'
import type { PullRequest } from '../rollout/facts.ts'
import type { Standing } from '../rollout/standing.ts'
import { planOf, type Target, targetName } from '../rollout/target.ts'
import {
  abort,
  type CloseReason,
  isLeftAsItIs,
  type OpenStep,
  type RolloutAction,
  type RolloutFacts,
  transition,
} from '../rollout/transition.ts'

/** One rollout, or several that move together. */
export interface Convoy {
  /** The facts from which the steps are decided. For several rollouts, the target has the name and the environments of the wave. */
  readonly rollout: RolloutFacts
  readonly members: readonly RolloutFacts[]
  readonly steps: readonly RolloutAction[]
}

/** Decides what follows for all rollouts of a base branch. */
export function decideAll(rollouts: readonly RolloutFacts[]): readonly Convoy[] {
  return decide(withFailuresOfOthers(rollouts), { next: transition, reason: 'apart' })
}

/** The actions of an abort of some rollouts. */
export function abortAll(rollouts: readonly RolloutFacts[]): readonly Convoy[] {
  // A rollback of one environment alone is not the rollback of all of them, and does no harm.
  const all = rollouts.map(({ openParts = [], ...rollout }) => ({
    ...rollout,
    open: [...rollout.open, ...openParts.filter(({ kind }) => kind !== 'rollback')],
  }))
  return decide(all, { next: abort, reason: 'aborted' })
}

interface Way {
  readonly next: (facts: RolloutFacts) => readonly RolloutAction[]
  /** Why a pull request of a wave is closed if it no longer fits all of its environments. */
  readonly reason: CloseReason
}

function decide(rollouts: readonly RolloutFacts[], way: Way): readonly Convoy[] {
  return wavesIn(rollouts).flatMap((members): readonly Convoy[] => {
    const [first, ...others] = members
    if (first === undefined) return []
    if (others.length === 0) return [{ rollout: first, members, steps: way.next(first) }]
    const rollout = asOne(members)
    return rollout === undefined ? apart(members, way) : [{ rollout, members, steps: way.next(rollout) }]
  })
}

/** Groups the rollouts of each wave, at the position of the first of them. */
function wavesIn(rollouts: readonly RolloutFacts[]): readonly (readonly RolloutFacts[])[] {
  const groups = Map.groupBy(rollouts, ({ standing: { target } }) => {
    const { wave } = target.settings
    return wave === undefined ? target : JSON.stringify([target.service, wave.index])
  })
  return [...groups.values()]
}

/** A wave as one rollout. Undefined if its environments are not at the same step, or if one is missing. */
export function asOne(members: readonly RolloutFacts[]): RolloutFacts | undefined {
  const [first] = members
  const target = first && waveTarget(members.map(({ standing }) => standing))
  if (first === undefined || target === undefined || new Set(members.map(stepOf)).size > 1) return undefined
  const open = openTogether(members)
  if (open === undefined) return undefined
  const failed = members.find(({ failure }) => failure !== undefined)
  return {
    ...first,
    standing: { ...first.standing, target },
    open,
    stoppedByHand: members.some(({ stoppedByHand }) => stoppedByHand),
    rollbackRefused: members.some(({ rollbackRefused }) => rollbackRefused),
    ...(failed?.failure === undefined
      ? {}
      : { failure: failed.failure, failedIn: failed.failedIn ?? targetName(failed.standing.target) }),
  }
}

/** The facts for all environments of a wave. Undefined if these rollouts are not the whole wave, or cannot move together. */
function waveTarget(standings: readonly Standing[]): Target | undefined {
  const targets = standings.map(({ target }) => target)
  const [first] = targets
  const wave = first?.settings.wave
  const own = wave?.all[wave.index]
  if (first === undefined || wave === undefined || own === undefined || targets.length < 2) return undefined
  const environments = targets.flatMap((target) => target.environments)
  const isWhole = own.length === environments.length && own.every((name) => environments.includes(name))
  // Charts are changed by experiment, and files by their layers. One commit cannot combine the two.
  const ofCharts = targets.filter(isOfChart).length
  if (!isWhole || (ofCharts > 0 && ofCharts < targets.length)) return undefined
  const live = new Map(targets.flatMap(({ settings }) => settings.live).map((entry) => [JSON.stringify(entry), entry]))
  return {
    ...first,
    environment: wave.name,
    environments: own,
    settings: { ...first.settings, live: [...live.values()] },
  }
}

/** What must be equal for environments to move together. */
function stepOf(rollout: RolloutFacts): string {
  const { standing, turn, begins } = rollout
  const { phase, share, versions, target } = standing
  const isLeft = isLeftAsItIs(rollout)
  const goal = turn?.kind === 'goes' ? (turn.to ?? null) : null
  return JSON.stringify([phase, isLeft, share, versions, planOf(target), turn?.kind, goal, begins])
}

/** The open pull requests of a wave. Undefined if one of its environments has its own. */
function openTogether(members: readonly RolloutFacts[]): readonly OpenStep[] | undefined {
  const all = members.flatMap(({ standing, open }) => open.map((step) => ({ step, target: standing.target })))
  if (all.some(({ step, target }) => !isWaveStep(target, step.pull))) return undefined
  const pulls = [...Map.groupBy(all, ({ step }) => step.pull.number).values()]
  return pulls.flatMap((same): OpenStep[] => {
    const [first] = same
    const fits = same.length === members.length && same.every(({ step }) => step.fits)
    return first === undefined ? [] : [{ ...first.step, fits }]
  })
}

/**
 * The environments of a wave that are not at the same step, each by itself. A pull request of the wave that no longer fits all of
 * them is closed last. If it was a rollback, each environment has its own rollback by then.
 */
function apart(members: readonly RolloutFacts[], { next, reason }: Way): readonly Convoy[] {
  const unfit = unfitIn(members)
  const isUnfit = ({ pull }: OpenStep): boolean => unfit.some(({ number }) => number === pull.number)
  const goesBack = members.some(({ open }) => open.some((step) => isUnfit(step) && step.kind === 'rollback'))
  const closed = new Set<number>()
  const convoys = members.map((member): Convoy => {
    const rollout = { ...member, open: member.open.filter((step) => !isUnfit(step)) }
    const steps = closedOnce(goesBack ? abort(rollout) : next(rollout), closed)
    return { rollout, members: [member], steps }
  })
  const [last] = convoys.slice(-1)
  const closing = unfit.map((pull): RolloutAction => ({ type: 'close', pull, reason }))
  return last === undefined ? [] : [...convoys.slice(0, -1), { ...last, steps: [...last.steps, ...closing] }]
}

/** The pull requests of a wave that do not fit at least one of its environments. */
function unfitIn(members: readonly RolloutFacts[]): readonly PullRequest[] {
  const found = members.flatMap(({ standing: { target }, open }) =>
    open.flatMap(({ pull, fits }) => (!fits && isWaveStep(target, pull) ? [pull] : [])),
  )
  return [...new Map(found.map((pull) => [pull.number, pull])).values()]
}

/** A pull request of the wave is an open step of each of its environments. The first environment that no longer needs it closes it. */
function closedOnce(steps: readonly RolloutAction[], closed: Set<number>): readonly RolloutAction[] {
  return steps.filter((step) => {
    if (step.type !== 'close') return true
    const isNew = !closed.has(step.pull.number)
    closed.add(step.pull.number)
    return isNew
  })
}

/** A version that fails in one environment gets no more traffic in any environment of the waves. */
function withFailuresOfOthers(rollouts: readonly RolloutFacts[]): readonly RolloutFacts[] {
  const failed = rollouts.filter(
    ({ failure, rollbackRefused, standing: { target } }) =>
      failure !== undefined &&
      !rollbackRefused &&
      target.settings.wave !== undefined &&
      target.settings.onFailure === 'rollback',
  )
  return rollouts.map((rollout) => {
    const { target, versions } = rollout.standing
    const cause = failed.find(
      ({ standing }) => standing.target.service === target.service && standing.versions?.canary === versions?.canary,
    )
    const isOther = rollout.failure === undefined && target.settings.wave !== undefined && isMoved(rollout.standing)
    if (cause?.failure === undefined || !isOther) return rollout
    return { ...rollout, failure: cause.failure, failedIn: targetName(cause.standing.target) }
  })
}

/** Whether Perch moves the rollout, or opens its first step. */
function isMoved({ phase }: Standing): boolean {
  return phase === 'idle' || phase === 'stepping' || phase === 'finishing-version'
}

/** Makes the other environments wait while one is rolled back, or has a share that people set and Perch leaves alone. */
export function withWaitingWaves(rollouts: readonly RolloutFacts[]): readonly RolloutFacts[] {
  const isRollback = ({ kind }: OpenStep): boolean => kind === 'rollback'
  const halting = rollouts.filter(
    (one) => one.standing.target.settings.wave !== undefined && (one.open.some(isRollback) || isLeftAsItIs(one)),
  )
  return rollouts.map((rollout) => {
    const { target } = rollout.standing
    const others = halting.filter(({ standing }) => standing.target.service === target.service)
    if (target.settings.wave === undefined || others.length === 0) return rollout
    const waitsFor = others.flatMap(({ standing }) => standing.target.environments)
    return { ...rollout, turn: { kind: 'waits', waitsFor } }
  })
}
