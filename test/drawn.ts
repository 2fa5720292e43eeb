/** Selects the part of slow tests that a run takes. */
import type { TestContext } from 'node:test'
import { randomFrom, shuffled } from './stories/random.ts'

/** `test/run.ts` gives all processes of a run the same seed. A file that runs alone draws its own. */
export const SEED = Number(process.env['PERCH_TEST_SEED'] ?? Math.floor(Math.random() * 1e9))

/** `npm test -- --full` takes everything. */
const IS_FULL = process.env['PERCH_TEST_FULL'] === '1'

/** A selection of `count` items by the seed. `name` makes the selections of different tests independent. */
export function drawn<T>(name: string, all: readonly T[], count: number): readonly T[] {
  if (IS_FULL) return all
  const salt = Buffer.from(name).reduce((sum, byte) => (sum * 31 + byte) | 0, SEED)
  return shuffled(all, randomFrom(salt)).slice(0, count)
}

/** `count`, or `full` if everything is wanted. */
export function drawnCount(count: number, full: number): number {
  return IS_FULL ? full : count
}

/** Tells how to repeat the same selection. */
export function tellSeed(t: TestContext): void {
  t.diagnostic(`PERCH_TEST_SEED=${SEED}`)
}
