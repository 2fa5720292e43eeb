/** Random rollouts, and those that once showed a mistake. `npm run simulate` plays many more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

await import('./keep-yaml.ts')
const { seedPlan } = await import('./explore.ts')
const { KEPT } = await import('./kept.ts')
const { play } = await import('./play.ts')

for (const { shows, plan } of KEPT) {
  test(`never again: ${shows}`, async () => {
    const { violations, told } = await play(plan)
    assert.deepEqual(violations, [], told.join('\n'))
  })
}

/** Less than the budget in `npm test`, because the last play may end later. */
const SECONDS = 10

/** The tests of mutants play fewer. */
const MOST = Number(process.env['PERCH_PLAYS'] ?? Infinity)

/** The same seeds each time, so that an unsolved failure blocks nobody. `npm run simulate` plays new ones. */
const FIRST = { calm: 245_913, faulty: 2000 }

for (const hasFaults of [false, true]) {
  test(`no law is broken by plays ${hasFaults ? 'with' : 'without'} faults`, async (t) => {
    const end = performance.now() + SECONDS * 1000
    const first = hasFaults ? FIRST.faulty : FIRST.calm
    let seed = first
    for (; performance.now() < end && seed < first + MOST; seed += 1) {
      const { violations } = await play(seedPlan(seed, hasFaults))
      assert.deepEqual(violations, [], `npm run simulate -- --seed ${seed}${hasFaults ? '' : ' --calm'}`)
    }
    t.diagnostic(`seeds ${first} to ${seed - 1}`)
  })
}
