/** A small part of the fault sweep (`npm run soak`) on one of its plays. With --full, on both. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { drawn, SEED } from '../drawn.ts'
import { randomFrom, shuffled } from '../stories/random.ts'
import { FAULTS } from './faults.ts'
import { PLAYS } from './plays.ts'
import { pairsOf } from './sweep.ts'
import { playUndisturbed, trial } from './trial.ts'

const SAMPLE = 6
/** Each of these makes the play wait for ten seconds or for a new process, so a run takes one of them. */
const SLOW = ['never answered', 'kill -9', 'kill -9, DATA_DIR deleted']

suite('faults at some requests of a play', { concurrency: 2 }, () => {
  for (const [name, play] of drawn('sweep', Object.entries(PLAYS), 1)) {
    test(
      `${name}: the rollout ends the same, in the same words (PERCH_TEST_SEED=${SEED})`,
      { timeout: 400_000 },
      async (t) => {
        const undisturbed = await playUndisturbed(play)
        const pairs = shuffled(pairsOf(undisturbed.targets, Object.keys(FAULTS)), randomFrom(SEED))
        const isSlow = ({ fault }: { readonly fault: string }): boolean => SLOW.includes(fault)
        const injections = [
          ...pairs.filter(isSlow).slice(0, 1),
          ...pairs.filter((one) => !isSlow(one)).slice(0, SAMPLE - 1),
        ]
        const verdict = await trial(play, undisturbed, { injections })
        const told = injections.map(({ fault, target }) => `${fault}: ${target.name}, number ${target.nth}`)
        t.diagnostic(told.join('\n'))
        assert.deepEqual(verdict.differs, [], `${told.join('\n')}\n${verdict.said.slice(-100).join('\n')}`)
      },
    )
  }
})
