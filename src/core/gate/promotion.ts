import type { PromotionFlow } from '../promotion/promotion.ts'
import type { Standing } from '../rollout/standing.ts'
import { liveState, type Verdict } from './gate.ts'
import { earliest, type Liveness } from './live.ts'
import { restrain, type Restraints } from './restraint.ts'

/** What is known about a promotion pull request, besides its files. */
export interface PromotionFacts {
  readonly flow: PromotionFlow
  /** The environment that must come before the target, according to the config. */
  readonly after: string | undefined
  /** Whether the source runs what the base branch contains for it. */
  readonly liveness: Liveness
  /** A rollout in progress in the target. */
  readonly running: Pick<Standing, 'share' | 'target'> | undefined
  readonly restraints: Pick<Restraints, 'stops' | 'windows' | 'freezesAt' | 'approvals'>
}

/** A promotion, as its gates see it. */
export interface ReviewedPromotion {
  /** `staging → production`. */
  readonly name: string
  readonly verdicts: readonly Verdict[]
  /** When time alone closes a gate that is open now, epoch milliseconds. */
  readonly freezesAt?: number | undefined
}

/** The gates of a promotion: the gates of a raise in its target, and that the source must be live. */
export function judgePromotionFacts(facts: PromotionFacts, now: number): ReviewedPromotion {
  const { flow, restraints } = facts
  const target = flow.service === undefined ? flow.to : `${flow.to}/${flow.service}`
  const held = restrain(
    { from: 0, to: 0, promotes: false, canary: undefined },
    { ...restraints, orders: [], conflict: undefined },
    now,
  )
  return {
    name: `${flow.from} → ${flow.to}`,
    verdicts: [
      orderOf(facts, target),
      ...runningOf(facts, target),
      ...held.map((one): Verdict => ({ ...one, target })),
    ],
    freezesAt: restraints.freezesAt,
  }
}

/** Combines several promotions that merge together; undefined if there are none. */
export function mergedPromotions(all: readonly ReviewedPromotion[]): ReviewedPromotion | undefined {
  if (all.length === 0) return undefined
  return {
    name: all.map(({ name }) => name).join(', '),
    verdicts: all.flatMap(({ verdicts }) => verdicts),
    freezesAt: earliest(all.flatMap(({ freezesAt }) => freezesAt ?? [])),
  }
}

/** For a promotion whose environments are not on the base branch: its effect is unknown. */
export function unknownPromotion(branch: string): ReviewedPromotion {
  return { name: branch, verdicts: [{ gate: 'order', target: branch, state: 'block', reason: { code: 'no-flow' } }] }
}

function orderOf({ flow, after, liveness }: PromotionFacts, target: string): Verdict {
  const { from } = flow
  const verdict = { gate: 'order', target } as const
  if (after !== undefined && after !== from)
    return { ...verdict, state: 'block', reason: { code: 'skips', environment: after, from } }
  return { ...verdict, ...liveState(liveness), reason: { code: 'source-live', environment: from, liveness } }
}

function runningOf({ running }: PromotionFacts, target: string): readonly Verdict[] {
  if (running === undefined) return []
  const { share, target: route } = running
  return [{ gate: 'conflict', target, state: 'wait', reason: { code: 'rolling', service: route.service, share } }]
}
