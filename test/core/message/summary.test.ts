/** What the comment at the top of a pull request shows at first sight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { type EnvironmentDiff, NO_CHANGE, type Review } from '../../../src/core/gate/review.ts'
import { nextStepWords } from '../../../src/core/message/comment/next-step-words.ts'
import { summaryPages } from '../../../src/core/message/comment/summary.ts'
import { conflictProblem } from '../../../src/core/problem/merge.ts'
import { renderProblem } from '../../../src/core/problem/files.ts'
import { dryRunGap } from '../../../src/core/problem/tools.ts'
import type { Problem, RenderFailure } from '../../../src/core/problem/problem.ts'
import { review } from '../pages/word-outcomes.ts'

function diffOf(environment: string, patch = '@@\n-a\n+b'): EnvironmentDiff {
  const [first] = review().diffs.flatMap(({ resources }) => resources)
  assert.ok(first)
  const traffic = first.traffic.map((row) => ({ ...row, environment }))
  const resource = { ...first, traffic, change: 'changed', patch } as const
  return { environment, state: 'changed', unknownBefore: undefined, hidden: 0, resources: [resource] }
}

function withStates(...states: readonly ('pass' | 'wait' | 'block')[]): Pick<Review, 'changes' | 'problems'> {
  const { changes } = review()
  const verdict = changes.flatMap(({ verdicts }) => verdicts)[0]
  const [change] = changes
  assert.ok(verdict && change)
  return { problems: [], changes: [{ ...change, from: 5, verdicts: states.map((state) => ({ ...verdict, state })) }] }
}

test('the first line names the rollout and what its merge waits for', () => {
  const lineOf = (found: Pick<Review, 'changes' | 'problems'>): string | undefined =>
    summaryPages({ ...NO_CHANGE, ...found }).comment.split('\n')[2]
  assert.match(lineOf(withStates('pass')) ?? '', /^\*\*`default\/api-service 5% → \d+%`\*\* · ✅ ready to merge$/)
  assert.match(lineOf(withStates('pass', 'wait')) ?? '', / · ⏳ waiting for bake$/)
  assert.match(lineOf(withStates('block')) ?? '', / · ⛔ blocked by bake$/)
  const { changes, problems } = withStates('wait')
  const reason = { code: 'approvals', wanted: 1, has: 0 } as const
  const approvals = changes.map((change) => ({
    ...change,
    verdicts: change.verdicts.map((verdict) => ({ ...verdict, gate: 'approvals', reason }) as const),
  }))
  assert.match(lineOf({ changes: approvals, problems }) ?? '', / · ⏳ waiting for approvals \(0 of 1\)$/)
  assert.equal(lineOf(NO_CHANGE), '**No canary traffic changes**')
})

test('a share that could not be read is called unknown, and then no step of the plan is shown', () => {
  const [change] = withStates('block').changes
  assert.ok(change)
  const commentOf = (unknown: readonly ('before' | 'after')[]): string =>
    summaryPages({ ...NO_CHANGE, changes: [{ ...change, unknown }] }).comment
  assert.match(commentOf([]), /`default\/api-service 5% → 25%`[^]*```mermaid/)
  assert.match(commentOf(['before']), /`default\/api-service unknown → 25%`/)
  assert.match(commentOf(['after']), /`default\/api-service 5% → unknown`/)
  assert.doesNotMatch(commentOf(['after']), /```mermaid/)
})

test('only a problem of reading, rendering or merging may hide a change of traffic', () => {
  const hides = /The problems below may hide such a change/
  const commentOf = (problem: Problem): string => summaryPages({ ...NO_CHANGE, problems: [problem] }).comment
  assert.match(commentOf(conflictProblem(['x'])), hides)
  assert.match(commentOf(conflictProblem(['x'])), /^\*\*Unknown whether canary traffic changes\*\* · ⛔ 1 problem$/m)
  const fault = { kind: 'tool-fault', tool: 'opa', fault: 'no-rules', text: 'x', side: 'base' } as const
  const comment = commentOf({ code: 'opa', file: undefined, line: 1, cause: fault })
  assert.doesNotMatch(comment, hides)
  assert.match(comment, /This pull request changes no canary traffic\./)
  assert.match(comment, /^\*\*No canary traffic changes\*\* · ⛔ 1 problem$/m)
})

test('there is one picture, and no table is wider than three columns', () => {
  const { comment } = summaryPages(review())
  assert.equal(comment.match(/```mermaid/g)?.length, 1)
  for (const row of comment.match(/^\|.*\|$/gm) ?? []) assert.ok(row.split(' | ').length <= 3, row)
})

test('what several environments change alike is shown once', () => {
  const { comment } = summaryPages({
    ...review(),
    diffs: [diffOf('eu'), diffOf('us'), diffOf('staging', '@@\n-a\n+c')],
  })
  assert.deepEqual(comment.match(/<summary>.*<\/summary>/g), [
    '<summary><b>eu, us</b>: 1 resource changes</summary>',
    '<summary><b>staging</b>: 1 resource changes</summary>',
  ])
})

test('the next step says what to do, and its commands are commands', () => {
  assert.match(nextStepWords(withStates('pass')), /^\*\*Next:\*\* merge/)
  assert.match(nextStepWords(withStates('wait')), /^\*\*Next:\*\* wait until/)
  assert.match(nextStepWords(withStates('block', 'wait')), /^\*\*Next:\*\* do what the gates with ⛔ ask for/)
  assert.equal(nextStepWords(NO_CHANGE), '')
  const problems = [conflictProblem(['x'])]
  assert.match(nextStepWords({ changes: [], problems }), /^\*\*Next:\*\* fix/)
  for (const state of ['pass', 'wait', 'block'] as const) {
    const blocks = [...nextStepWords(withStates(state)).matchAll(/```text\n(.*)\n```/g)].map(([, line = '']) => line)
    assert.ok(blocks.length > 0)
    for (const line of blocks) assert.ok(parseCommands(line)[0]?.result.ok, line)
  }
})

test('a rollback is offered only where the canary has traffic and keeps some', () => {
  const { changes, problems } = withStates('wait')
  const started = changes.map((change) => ({ ...change, from: 0 }))
  const rolledBack = changes.map((change) => ({ ...change, to: 0 }))
  assert.doesNotMatch(nextStepWords({ changes: rolledBack, problems }), /\/canary abort/)
  assert.match(nextStepWords({ changes, problems }), /\/canary abort/)
  assert.doesNotMatch(nextStepWords({ changes: started, problems }), /\/canary abort/)
})

test('the next step is to correct mistakes, and only without any to wait, to ask the operator, or to ask again', () => {
  const problem = (code: RenderFailure['code']): Problem =>
    renderProblem({ environment: 'eu', file: undefined, rendered: { code, detail: '' } })
  const [busy, missing, broken] = [problem('tool-busy'), problem('tool-missing'), problem('build-failed')]
  const gap = dryRunGap(
    { code: 'not-answered', text: '' },
    { environment: 'eu', title: 'Service default/web', place: undefined },
  )
  const next = (...problems: readonly Problem[]): string | undefined =>
    /(?<=^\*\*Next:\*\* )\w+/.exec(nextStepWords({ changes: [], problems }))?.[0]
  assert.deepEqual([next(busy), next(missing), next(broken), next(gap)], ['wait', 'have', 'fix', 'do'])
  for (const other of [busy, missing, gap]) assert.equal(next(broken, other) ?? '', 'fix')
  for (const other of [busy, missing, gap]) assert.equal(next(other, broken) ?? '', 'fix')
  assert.deepEqual([next(busy, busy), next(busy, missing), next(missing, busy)], ['wait', 'have', 'have'])
  assert.deepEqual([next(busy, gap), next(gap, busy), next(gap, missing)], ['do', 'do', 'do'])
})
