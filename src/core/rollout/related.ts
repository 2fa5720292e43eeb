import type { StandingLine } from '../message/status.ts'
import { readNotes } from '../traffic/annotations.ts'
import { isStepOf } from './branch.ts'
import type { PullRequest } from './facts.ts'
import { mayHaveTraffic } from './standing.ts'
import type { RolloutFacts } from './transition.ts'

/** The rollouts that a pull request is about: the one it is a step of, else those that its object's annotation says it drives. */
export function relatedTo(
  pull: PullRequest,
  rollouts: readonly RolloutFacts[],
  botLogin: string,
): readonly RolloutFacts[] {
  const steps = rollouts.filter(({ standing }) => isStepOf(standing.target, pull, botLogin))
  if (steps.length > 0) return steps
  return rollouts.filter(
    ({ standing: { target }, broughtBy }) =>
      broughtBy === pull.number || readNotes(target.route, target.settings.prefix).pr === String(pull.number),
  )
}

/** What `/canary status` shows: the pull request's own rollouts, else every one that has canary traffic. */
export function statusLines(related: readonly RolloutFacts[], all: readonly RolloutFacts[]): readonly StandingLine[] {
  const shown = related.length > 0 ? related : all.filter(({ standing }) => mayHaveTraffic(standing))
  return shown.map(({ standing, open, broughtBy }) => ({
    standing,
    broughtBy,
    open: open.map(({ pull }) => pull.number),
  }))
}
