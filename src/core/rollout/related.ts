import type { Observation } from '../analysis/observed-share.ts'
import type { MissingApprovals } from '../flagger/answer.ts'
import type { CanaryNews } from '../flagger/canary-news.ts'
import { readNotes } from '../traffic/annotations.ts'
import { isStepOf } from './branch.ts'
import type { PullRequest } from './facts.ts'
import { isTouched } from './resolve.ts'
import { mayHaveTraffic, type Standing } from './standing.ts'
import type { RolloutFacts } from './transition.ts'
import type { Turn } from '../wave/turns.ts'

/** One rollout as `/canary status` shows it. */
export interface StandingLine {
  readonly standing: Standing
  /** The open pull requests of this rollout. */
  readonly open: readonly number[]
  /** No pull request is open, and Perch opens none by itself, because a person closed the newest one. */
  readonly isStopped?: boolean
  /** The pull request that set a share without Perch's annotations, if Perch checked it. */
  readonly broughtBy?: number | undefined
  /** Whether it is next, if its service moves in waves. */
  readonly turn?: Turn
  /** Why it does not continue, in Markdown that Perch wrote. */
  readonly stuck?: string | undefined
  /** Flagger's latest report about it. */
  readonly told?: CanaryNews | undefined
  /** The approvals that Flagger waits for. */
  readonly missing?: MissingApprovals | undefined
  /** The observed traffic. Undefined if nobody asked Prometheus. */
  readonly observed?: {
    readonly observation: Observation
    /** The observed share differs from the one in Git. */
    readonly differs: boolean
    /** The config has `live: { traffic }`. */
    readonly isAskedFor: boolean
  }
}

/**
 * The rollouts that a pull request is about: those it is a step of, or else those that it drives according to their annotation or
 * to an open first step, or whose share it set, with the other waves of their services.
 */
export function relatedTo(
  pull: PullRequest,
  rollouts: readonly RolloutFacts[],
  botLogin: string,
): readonly RolloutFacts[] {
  const steps = rollouts.filter(
    ({ standing, openParts = [] }) =>
      isStepOf(standing.target, pull, botLogin) || openParts.some((part) => part.pull.number === pull.number),
  )
  if (steps.length > 0) return steps
  const driven = rollouts.filter(
    ({ standing: { target }, broughtBy, open, openParts = [] }) =>
      broughtBy === pull.number ||
      readNotes(target.route, target.settings.prefix).pr === String(pull.number) ||
      [...open, ...openParts].some(({ origin }) => origin === pull.number),
  )
  return withWaves(driven, rollouts)
}

/** The given rollouts, and those of the same services in other environments of their waves. */
export function withWaves(related: readonly RolloutFacts[], all: readonly RolloutFacts[]): readonly RolloutFacts[] {
  const inWaves = related.filter(({ standing }) => standing.target.settings.wave !== undefined)
  const services = new Set(inWaves.map(({ standing }) => standing.target.service))
  const others = all.filter(
    (one) =>
      !related.includes(one) &&
      one.standing.target.settings.wave !== undefined &&
      services.has(one.standing.target.service),
  )
  return [...related, ...others]
}

/**
 * The rollouts that a controller moves, in environments of which a pull request changes a file. `changed`: the paths that it
 * changes.
 */
export function ownedNear(all: readonly RolloutFacts[], changed: readonly string[]): readonly RolloutFacts[] {
  const paths = new Set(changed)
  return all.filter(({ standing: { phase, target } }) => phase === 'owned' && isTouched(target, paths))
}

/**
 * What `/canary status` shows: the pull request's own rollouts, or else every rollout with canary traffic, and those that a
 * controller moves in environments of which the pull request changes a file. `changed`: the paths that it changes.
 */
export function statusLines(
  related: readonly RolloutFacts[],
  all: readonly RolloutFacts[],
  changed: readonly string[] = [],
): readonly StandingLine[] {
  const near = new Set(ownedNear(all, changed))
  const isWorthALine = (one: RolloutFacts): boolean =>
    one.standing.phase === 'owned' ? near.has(one) : mayHaveTraffic(one.standing)
  const shown = withWaves(related.length > 0 ? related : all.filter(isWorthALine), all)
  return shown.map(({ standing, open, openParts = [], broughtBy, turn, stoppedByHand }) => ({
    standing,
    broughtBy,
    ...(stoppedByHand && open.length === 0 ? { isStopped: true } : {}),
    ...(turn === undefined ? {} : { turn }),
    open: [...open, ...openParts].map(({ pull }) => pull.number),
  }))
}
