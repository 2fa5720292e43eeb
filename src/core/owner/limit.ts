/** The highest share that a controller gives a canary before the promotion, and the edits that change it. */
import { isRecord, listOf, type Path, recordOf } from '../manifest/data.ts'
import type { Edit } from '../manifest/edit/edit.ts'
import { err, ok, type Result } from '../result.ts'
import type { WeightOwner } from './weight-owner.ts'

/**
 * Why a limit cannot be set. `no-steps`: the object has no weights to change · `no-number`: one of its weights is not a whole
 * number · `not-whole`: the requested limit is not a whole percentage above 0 · `two-plans`: the object has both `stepWeight` and
 * `stepWeights`, and Flagger uses `stepWeight` up to the last of `stepWeights` · `other-scale`: the weights are not percentages ·
 * `uneven`: Flagger's steps do not stop at the limit but at `reaches`; they do stop at `near`.
 */
export type LimitProblem =
  | { readonly code: 'no-steps' | 'no-number' | 'not-whole' | 'two-plans' | 'other-scale' }
  | { readonly code: 'uneven'; readonly step: number; readonly reaches: number; readonly near: readonly number[] }

export interface Limit {
  /** The current limit. */
  readonly from: number
  /** Paths begin at the top of the document. */
  readonly edits: readonly Edit[]
}

/** A value of the object, and its new value. */
type Change = readonly [path: Path, value: number]

interface Wanted {
  readonly from: number
  readonly changes: readonly Change[]
}

/** The edits that make a share the controller's limit for the canary, until all traffic moves. In percent. */
export function limitTo({ writer, object }: WeightOwner, percent: number): Result<Limit, LimitProblem> {
  if (!Number.isInteger(percent) || percent < 1) return err({ code: 'not-whole' })
  const wanted = writer === 'flagger' ? ofFlagger(object.data, percent) : ofRollouts(object.data, percent)
  if (!wanted.ok) return wanted
  const { document, at } = object
  const edits = wanted.value.changes.map(([path, value]): Edit => ({
    kind: 'set',
    document,
    path: [...at, ...path],
    value,
  }))
  return ok({ from: wanted.value.from, edits })
}

type Data = Readonly<Record<string, unknown>>

/**
 * Flagger raises the weight in steps until it reaches the maximum or more. Then it promotes (`runCanary` in its
 * pkg/controller/scheduler.go).
 */
function ofFlagger(data: Data, percent: number): Result<Wanted, LimitProblem> {
  const spec = recordOf(data['spec'])
  const field = isRecord(spec['analysis']) ? 'analysis' : 'canaryAnalysis'
  const [at, analysis] = [['spec', field], recordOf(spec[field])]
  const [iterations, max, step] = ['iterations', 'maxWeight', 'stepWeight'].map((name) => wholeOf(analysis[name]))
  if (iterations === undefined || max === undefined || step === undefined) return err({ code: 'no-number' })
  if (spec['skipAnalysis'] === true || iterations > 0) return err({ code: 'no-steps' })
  const list = listOf(analysis['stepWeights'])
  if (step > 0) return list.length > 0 ? err({ code: 'two-plans' }) : byStep({ at, max, step }, percent)
  return byList(
    list.map((value, index) => [[...at, 'stepWeights', index], value]),
    percent,
  )
}

/** 0 if the field is missing, as in Flagger. Undefined if it is not a whole number. */
function wholeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return 0
  return isWhole(value) ? value : undefined
}

function isWhole(value: unknown): value is number {
  return Number.isInteger(value)
}

interface StepSettings {
  readonly at: Path
  /** 0 or less means that it is not set. Then Flagger goes up to 100. */
  readonly max: number
  readonly step: number
}

function byStep({ at, max, step: own }: StepSettings, percent: number): Result<Wanted, LimitProblem> {
  const step = Math.min(own, percent)
  const smaller = [...Array(step).keys()].map((less) => step - less)
  const even = Math.max(...smaller.filter((one) => percent % one === 0))
  // Many more steps than people chose would be a different rollout.
  if (even * 2 < step) {
    const [below, above] = [Math.floor(percent / step) * step, Math.ceil(percent / step) * step]
    const near = [below, above].filter((one) => one > 0 && one <= 100)
    return err({ code: 'uneven', step, reaches: Math.min(100, above), near })
  }
  const maxes: readonly Change[] = max === percent ? [] : [[[...at, 'maxWeight'], percent]]
  const steps: readonly Change[] = even === own ? [] : [[[...at, 'stepWeight'], even]]
  const from = max > 0 ? Math.min(100, Math.ceil(max / own) * own) : 100
  return ok({ from, changes: [...maxes, ...steps] })
}

function ofRollouts(data: Data, percent: number): Result<Wanted, LimitProblem> {
  const canary = recordOf(recordOf(recordOf(data['spec'])['strategy'])['canary'])
  const { maxTrafficWeight = 100 } = recordOf(canary['trafficRouting'])
  if (maxTrafficWeight !== 100 && maxTrafficWeight !== null) return err({ code: 'other-scale' })
  const steps = listOf(canary['steps']).flatMap((step, index): [Path, unknown][] => {
    const { setWeight } = recordOf(step)
    return setWeight === undefined ? [] : [[['spec', 'strategy', 'canary', 'steps', index, 'setWeight'], setWeight]]
  })
  return byList(steps, percent)
}

/** Steps above the limit are lowered to it. If all are below the limit, the last step is raised to it. */
function byList(steps: readonly (readonly [Path, unknown])[], percent: number): Result<Wanted, LimitProblem> {
  const known = steps.flatMap(([path, value]): Change[] => (isWhole(value) ? [[path, value]] : []))
  const last = known.at(-1)
  if (steps.length === 0) return err({ code: 'no-steps' })
  if (last === undefined || known.length < steps.length) return err({ code: 'no-number' })
  const from = Math.max(...known.map(([, value]) => value))
  const changed = from < percent ? [last] : known.filter(([, value]) => value > percent)
  return ok({ from, changes: changed.map(([path]): Change => [path, percent]) })
}
