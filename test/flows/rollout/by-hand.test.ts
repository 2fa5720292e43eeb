/** The pull request that brought a share without Perch's annotations. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryMemo } from '../../memory/memo.ts'
import { standingOf, stepKey } from '../../../src/core/rollout/standing.ts'
import { broughtBy } from '../../../src/flows/rollout/by-hand.ts'
import { rememberStep } from '../../../src/flows/memory/rollout-memory.ts'
import { rolloutName } from '../../../src/core/rollout/rollout-name.ts'
import { pullRequest, sample } from '../../core/samples.ts'

test('a pull request that is older than the latest hundred is requested once by the commit that it brought', async () => {
  const standing = standingOf(sample(95, 5, ['v1', 'v2'], {}))
  const context = { memo: memoryMemo(), repo: { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' } }
  const landing = { sha: 'landing', time: 0 }
  const history = { step: stepKey(standing), landing, checkedTo: 'head', wants: '', scannedTo: undefined, reported: [] }
  await rememberStep(context, rolloutName('main', standing.target), history)
  let asked = 0
  const mergedAs = async (): Promise<unknown> => {
    asked += 1
    return { ...pullRequest(3, 'by-hand', 'merged'), mergeCommit: 'landing' }
  }
  const checks = { on: async () => [{ conclusion: 'success' }] }
  const look = (since: number): Promise<number | undefined> => {
    const recent = { pulls: [pullRequest(200, 'other')], since }
    return broughtBy(
      { ...context, checks, pulls: { mergedAs } } as never,
      { base: { ref: 'main', sha: 'head' }, recent },
      standing,
    )
  }
  assert.equal(await look(0), undefined, 'the list holds all that there are')
  assert.deepEqual([await look(1), await look(1), asked], [3, 3, 1])
})
