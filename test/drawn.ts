/** What a run takes of that which would take long altogether. */
import type { TestContext } from 'node:test'
import { randomFrom, shuffled } from './stories/random.ts'

/** `test/run.ts` gives one to all processes of a run; a file that is run alone draws its own. */
export const SEED = Number(process.env['PERCH_TEST_SEED'] ?? Math.floor(Math.random() * 1e9))

/** `npm test -- --full` takes all. */
const IS_FULL = process.env['PERCH_TEST_FULL'] === '1'

/** So many, by the seed; `name` keeps one draw from following another. */
export function drawn<T>(name: string, all: readonly T[], count: number): readonly T[] {
  if (IS_FULL) return all
  const salt = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) | 0, SEED)
  return shuffled(all, randomFrom(salt)).slice(0, count)
}

/** A number that is smaller unless everything is wanted. */
export function drawnCount(count: number, full: number): number {
  return IS_FULL ? full : count
}

/** Says how to have the same again. */
export function tellSeed(t: TestContext): void {
  t.diagnostic(`PERCH_TEST_SEED=${SEED}`)
}
