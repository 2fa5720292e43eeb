import * as fc from 'fast-check'
import { type Plan, plans } from './events.ts'
import { play } from './play.ts'

/** The play of a seed. */
export function seedPlan(seed: number, hasFaults: boolean): Plan {
  let found: Plan | undefined
  // The same play that `shrunk` finds. `fc.sample` would give another one.
  fc.check(
    fc.property(plans({ hasFaults }), (plan) => void (found ??= plan)),
    { seed, numRuns: 1 },
  )
  if (found === undefined) throw new Error('There is no plan.')
  return found
}

/** The shortest play that breaks the same law as the play of this seed. Undefined if that breaks none. */
export async function shrunk(seed: number, hasFaults: boolean): Promise<Plan | undefined> {
  const isFine = fc.asyncProperty(plans({ hasFaults }), async (plan) => (await play(plan)).violations.length === 0)
  const details = await fc.check(isFine, { seed, numRuns: 1 })
  return details.counterexample?.[0]
}
