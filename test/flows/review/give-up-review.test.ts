/** A review that keeps failing: the checks, and what the next try knows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CheckReport } from '../../../src/core/rollout/facts.ts'
import { recallPull } from '../../../src/flows/memory/pull-memory.ts'
import { giveUpReview } from '../../../src/flows/review/check-board.ts'
import { pullRequest } from '../../core/samples.ts'
import { memoryMemo } from '../../memory/memo.ts'

type Needs = Parameters<typeof giveUpReview>[0]

for (const isFinal of [false, true]) {
  test(`a review that ${isFinal ? 'nobody tries any more' : 'is tried on'} turns both checks red${isFinal ? '' : ', and the next try knows that it is not the first'}`, async () => {
    const written: CheckReport[] = []
    const repo = { id: 1, owner: 'acme', name: 'gitops', defaultBranch: 'main' }
    const memo = memoryMemo()
    const context = {
      repo,
      memo,
      pulls: { get: async () => pullRequest(2, 'canary/production/api-service/50') },
      checks: { on: async () => [], create: async (_: string, report: CheckReport) => written.push(report) },
    } as unknown as Needs
    const why = { code: 'opened' as const, labels: ['canary'] }
    await giveUpReview(
      context,
      { type: 'review', installation: 1, repo, pull: 2, why },
      { reason: 'GitHub is down.', isFinal },
    )
    assert.deepEqual(
      written.map(({ name, conclusion }) => [name, conclusion]),
      [
        ['canary/validate', 'failure'],
        ['canary/gate', 'failure'],
      ],
    )
    assert.equal((await recallPull({ memo, repo }, 2))?.head, isFinal ? undefined : '')
  })
}
