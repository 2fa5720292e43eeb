import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isButton } from '../../../src/core/command/buttons.ts'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { leavesNoTrace } from '../../../src/core/command/trace.ts'
import { overrideMarker, overridesIn } from '../../../src/core/marker/override.ts'
import { planStatusWords, statusWords } from '../../../src/core/message/comment/status.ts'
import { relatedTo, statusLines } from '../../../src/core/rollout/related.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import type { RolloutFacts } from '../../../src/core/rollout/transition.ts'
import { pullRequest, sample } from '../samples.ts'

/** Which rollouts a pull request is about, what is shown of them, and which of its comments leave a trace. */

const BOT = 'perch[bot]'

function facts(stable: number, canary: number, notes?: Readonly<Record<string, string>>): RolloutFacts {
  const target = sample(stable, canary, ['v1', 'v2'], notes)
  return { standing: standingOf(target), open: [], stoppedByHand: false, rollbackRefused: false }
}

test('a pull request is about the rollout of which it is a step, else about those that it drives or brought', () => {
  const step = { ...facts(95, 5), open: [{ pull: pullRequest(9, 'x'), kind: 'share' as const, fits: true }] }
  const driven = facts(75, 25, { 'canary-percentage': '25', pr: '12' })
  const brought = { ...facts(50, 50, {}), broughtBy: 13 }
  const shares = (number: number, ref: string, all = [step, driven, brought]): unknown =>
    relatedTo(pullRequest(number, ref), all, BOT).map(({ standing }) => standing.share)
  assert.deepEqual(shares(9, 'canary/default/api-service/25', [step]), [5])
  assert.deepEqual(shares(12, 'topic'), [25])
  assert.deepEqual(shares(13, 'topic'), [50])
  assert.deepEqual(shares(14, 'topic'), [])
})

test('without a rollout of its own a pull request is shown all that have canary traffic', () => {
  const all = [facts(100, 0), facts(95, 5), facts(0, 100)]
  const shares = (related: readonly RolloutFacts[]): unknown =>
    statusLines(related, all).map((line) => line.standing.share)
  assert.deepEqual(shares([]), [5, 100])
  assert.deepEqual(shares(all.slice(0, 1)), [0])
  const open = [{ pull: pullRequest(9, 'x'), kind: 'share' as const, fits: true }]
  const turn = { kind: 'waits', waitsFor: ['eu'] } as const
  const [line, plain] = statusLines([{ ...facts(95, 5), open, broughtBy: 7, turn }, facts(5, 95)], [])
  assert.deepEqual({ ...line, standing: undefined }, { open: [9], broughtBy: 7, turn, standing: undefined })
  assert.deepEqual({ ...plain, standing: undefined }, { open: [], broughtBy: undefined, standing: undefined })
  const stopped = { ...facts(95, 5), stoppedByHand: true }
  assert.deepEqual(
    statusLines([stopped, { ...stopped, open }], []).map(({ isStopped }) => isStopped),
    [true, undefined],
  )
})

test('the status has a row for each rollout, and a picture for each that has traffic', () => {
  const standings = [facts(100, 0), facts(95, 5), facts(75, 25, {})].map(({ standing }, index) => ({
    standing,
    open: index === 1 ? [9, 10] : [],
    broughtBy: index === 2 ? 7 : undefined,
  }))
  const words = statusWords({ standings, proposed: [] })
  const rows = words.split('\n').filter((line) => line.startsWith('| `'))
  assert.equal(rows.length, 3)
  assert.match(rows[0] ?? '', /<br>`v1` → `v2` \| 0% \| no canary traffic \|$/)
  assert.match(rows[1] ?? '', /<br>`v1` → `v2` \| 5% \| .*<br>open: #9, #10 \|$/)
  const stopped = statusWords({
    standings: [{ standing: facts(95, 5).standing, open: [], isStopped: true }],
    proposed: [],
  })
  assert.match(stopped, /rolling out[^|]*\. Stopped: Perch opens no step until somebody comments `\/canary next` \|/)
  assert.match(rows[2] ?? '', /\| 25% \|.*set by hand in #7: Perch opens the next step, and a person merges it/)
  assert.equal(
    statusWords({ standings: [], proposed: [] }),
    'No rollout belongs to this pull request. `/canary help` lists the commands that start one.',
  )
  const { target } = facts(95, 5).standing
  const proposed = (
    from: number,
    to: number,
    version?: { role: 'stable' | 'canary'; from: string; to: string },
  ): string => statusWords({ standings: [], proposed: [{ target, from, to, version }] })
  assert.match(proposed(5, 25), /When it merges:\n\n- `default\/api-service`: 5% → \*\*25%\*\*$/)
  assert.match(proposed(5, 5), /: stays at 5%$/)
  assert.match(
    proposed(5, 5, { role: 'canary', from: 'v2', to: 'v3' }),
    /stays at 5%, and the canary version becomes `v3` instead of `v2`$/,
  )
})

test('a plan says where the base branch is, and what the pull request would set', () => {
  const words = (share: number | 'unknown', proposed?: number): string =>
    planStatusWords({ name: 'production/web', plan: [5, 25, 100], share, proposed }).split('\n')[0] ?? ''
  assert.match(words(5), /on the base branch it is at 5%\.$/)
  assert.match(words(0), /on the base branch it is at 0%\.$/)
  assert.match(words('unknown'), /on the base branch it is at a share that Perch cannot read\.$/)
  assert.match(words(5, 25), /at 5%\. This pull request sets 25%, and has not merged yet\.$/)
  assert.match(words(5, 5), /at 5%\.$/)
})

test('a command leaves a commit only on an open pull request, and only some do', () => {
  const leaves = (body: string, state: 'open' | 'merged'): boolean => leavesNoTrace({ state }, parseCommands(body))
  for (const body of ['/canary 25', '/canary next', '/canary promote', '/canary plan 5,100']) {
    assert.equal(leaves(body, 'open'), false, body)
    assert.equal(leaves(body, 'merged'), true, body)
  }
  for (const body of ['/canary hold', '/canary abort', '/canary resume', '/freeze production'])
    assert.equal(leaves(body, 'open'), true, body)
  for (const body of ['/canary status', '/canary why', '/canary diff', '/canary retry', '/canary help', '/canary 101'])
    assert.equal(leaves(body, 'merged'), false, body)
  assert.equal(leaves('/canary status\n/canary hold', 'open'), true)
  assert.equal(leaves('nothing', 'merged'), false)
})

test('a button is one of four words', () => {
  assert.deepEqual(['retry', 'hold', 'resume', 'abort'].map(isButton), [true, true, true, true])
  assert.deepEqual(['', 'override', 'Retry', 'set'].map(isButton), [false, false, false, false])
})

test('an override counts only in an answer of ours, unedited, for its commit and with its seal', () => {
  const [head, other] = ['a'.repeat(40), 'b'.repeat(40)]
  const sealOf = (text: string): string => `seal${text.length}`
  const override = { gate: 'bake' as const, by: 'ann', reason: 'it: is 5% fine' }
  const text = (sha: string, seal?: string): string => {
    const bare = overrideMarker({ ...override, sha, seal: '' })
    const sealed = bare.slice('<!-- perch:override:'.length, bare.lastIndexOf(': -->'))
    return overrideMarker({ ...override, sha, seal: seal ?? sealOf(sealed) })
  }
  const comment = (body: string, over: { isOurs?: boolean; isEdited?: boolean } = {}) => ({
    id: 1,
    body: `<!-- perch:answer:3 -->\n${body}`,
    author: { login: BOT, isBot: true },
    createdAt: 0,
    isOurs: true,
    isEdited: false,
    ...over,
  })
  const found = (one: ReturnType<typeof comment>): unknown => overridesIn([one], head, sealOf)
  assert.deepEqual(found(comment(text(head))), [override])
  assert.deepEqual(found(comment(text(head), { isOurs: false })), [])
  assert.deepEqual(found(comment(text(head), { isEdited: true })), [])
  assert.deepEqual(found(comment(text(other))), [])
  assert.deepEqual(found(comment(text(head, 'seal0'))), [])
  assert.deepEqual(found({ ...comment(''), body: text(head) }), [])
  assert.deepEqual(found(comment(text(head).replace(':bake:', ':validate:'))), [])
})
