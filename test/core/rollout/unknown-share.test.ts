/** Perch's sentences if a weight cannot be read: none of them says that the canary has no traffic. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome } from '../../../src/core/command/outcome.ts'
import { answer } from '../../../src/core/message/comment/answer.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { vanishedProblem } from '../../../src/core/problem/merge.ts'
import { mayHaveTraffic, standingOf } from '../../../src/core/rollout/standing.ts'
import { planOf } from '../../../src/core/rollout/target.ts'
import { destinationRule, sample, targetOf, virtualService } from '../samples.ts'

const unreadable = standingOf(
  targetOf({
    'app/vs.yaml': virtualService(95, 5)
      .replace('weight: 5 ', 'weight: a lot ')
      .replace('weight: 5\n', 'weight: a lot\n'),
    'app/dr.yaml': destinationRule('v1', 'v2'),
  }),
)
const name = 'default/api-service'
const plan = planOf(unreadable.target)

function said(outcome: Outcome): string {
  return answer(1, 'alice', [{ command: '/canary', outcome }])
}

test('no answer takes an unreadable share for none', () => {
  assert.equal(unreadable.share, 'unknown')
  const table: readonly (readonly [Outcome, RegExp])[] = [
    [
      { code: 'status', standings: [{ standing: unreadable, open: [] }], proposed: [] },
      /\| \? \|.*unknown: its weights are not whole numbers\. Correct that in a pull request/,
    ],
    [{ code: 'plan', name, plan, share: 'unknown', proposed: undefined }, /it is at a share that Perch cannot read\.$/],
    [
      { code: 'plan', name, plan, share: 'unknown', proposed: 25 },
      /at a share that Perch cannot read\. This pull request sets 25%, and has not merged yet\.$/,
    ],
    [
      { code: 'refused', refusal: { code: 'no-next-step', name, share: 'unknown' } },
      /Perch cannot read the canary's share of `default\/api-service` from its files\. .* in a pull request, then comment again\.$/,
    ],
  ]
  for (const [outcome, words] of table) {
    assert.match(said(outcome), words)
    assert.doesNotMatch(said(outcome), /no canary traffic|not begun|mermaid|\b0%/)
  }
})

test('the message about a removed route has its share, or says that it is unreadable', () => {
  const table = [
    [unreadable, true, /cannot be read|cannot read|unknown|nobody can/i],
    [standingOf(sample(95, 5)), true, /5%/],
    [standingOf(sample(100, 0)), false, undefined],
  ] as const
  for (const [standing, isTold, words] of table) {
    assert.equal(mayHaveTraffic(standing), isTold)
    const { what, next } = explainProblem(vanishedProblem(standing))
    if (words !== undefined) assert.match(`${what} ${next}`, words)
  }
})
