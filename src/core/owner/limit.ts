/** How much of the traffic a controller gives a canary before it promotes it, and the edits that change that. */
import { listOf, type Path, recordOf } from '../manifest/data.ts'
import type { Edit } from '../manifest/edit/edit.ts'
import { err, ok, type Result } from '../result.ts'
import type { WeightOwner } from './weight-owner.ts'

/**
 * Why a limit cannot be set. `no-steps`: the object has no weights to change · `no-number`: one of them is none · `not-whole`: controllers take whole
 * percents above 0 · `uneven`: Flagger would pass it, because its step does not divide it.
 */
export type LimitProblem =
  | { readonly code: 'no-steps' | 'no-number' | 'not-whole' }
  | { readonly code: 'uneven'; readonly step: number; readonly near: readonly number[] }

export interface Limit {
  /** What it is now. */
  readonly from: number
  /** Paths are those of the document. */
  readonly edits: readonly Edit[]
}

/** A value of the object, and what it is to become. */
type Change = readonly [path: Path, value: number]

interface Wanted {
  readonly from: number
  readonly changes: readonly Change[]
}

/** What makes a share the most that a controller gives the canary before all traffic moves. */
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

/** Flagger goes up in steps until it is at the maximum or above, then it promotes. */
function ofFlagger(data: Data, percent: number): Result<Wanted, LimitProblem> {
  const spec = recordOf(data['spec'])
  const analysis = recordOf(spec['analysis'] ?? spec['canaryAnalysis'])
  const at = ['spec', spec['analysis'] === undefined ? 'canaryAnalysis' : 'analysis']
  const { iterations, maxWeight = 100, stepWeight = 0, stepWeights } = analysis
  const isByWeight = spec['skipAnalysis'] !== true && !(typeof iterations === 'number' && iterations > 0)
  if (!isByWeight) return err({ code: 'no-steps' })
  if (typeof stepWeight === 'number' && stepWeight > 0) {
    if (typeof maxWeight !== 'number') return err({ code: 'no-number' })
    return byStep({ at, maxWeight, stepWeight }, percent)
  }
  return byList(
    listOf(stepWeights).map((value, index) => [[...at, 'stepWeights', index], value]),
    percent,
  )
}

interface StepSettings {
  readonly at: Path
  readonly maxWeight: number
  readonly stepWeight: number
}

function byStep({ at, maxWeight, stepWeight }: StepSettings, percent: number): Result<Wanted, LimitProblem> {
  const step = Math.min(stepWeight, percent)
  const even = [...Array(step).keys()].map((less) => step - less).find((one) => percent % one === 0) ?? 1
  // Many more steps than people chose are another rollout.
  if (even * 2 < step) {
    const near = [Math.floor(percent / step) * step, Math.ceil(percent / step) * step]
    return err({ code: 'uneven', step, near: near.filter((one) => one > 0 && one <= 100) })
  }
  const max: readonly Change[] = maxWeight === percent ? [] : [[[...at, 'maxWeight'], percent]]
  const steps: readonly Change[] = even === stepWeight ? [] : [[[...at, 'stepWeight'], even]]
  return ok({ from: Math.min(100, Math.ceil(maxWeight / stepWeight) * stepWeight), changes: [...max, ...steps] })
}

function ofRollouts(data: Data, percent: number): Result<Wanted, LimitProblem> {
  const canary = recordOf(recordOf(recordOf(data['spec'])['strategy'])['canary'])
  const steps = listOf(canary['steps']).flatMap((step, index): [Path, unknown][] => {
    const { setWeight } = recordOf(step)
    return setWeight === undefined ? [] : [[['spec', 'strategy', 'canary', 'steps', index, 'setWeight'], setWeight]]
  })
  return byList(steps, percent)
}

/** Steps above the limit become the limit; if none is, the last step does. */
function byList(steps: readonly (readonly [Path, unknown])[], percent: number): Result<Wanted, LimitProblem> {
  const known = steps.flatMap(([path, value]): Change[] => (typeof value === 'number' ? [[path, value]] : []))
  const last = known.at(-1)
  if (last === undefined && steps.length === 0) return err({ code: 'no-steps' })
  if (last === undefined || known.length < steps.length) return err({ code: 'no-number' })
  const from = Math.max(...known.map(([, value]) => value))
  const changed = from < percent ? [last] : known.filter(([, value]) => value > percent)
  return ok({ from, changes: changed.map(([path]): Change => [path, percent]) })
}
