import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GateReason, Verdict } from '../../../src/core/gate/gate.ts'
import type { GateName, OverridableGate } from '../../../src/core/gate/names.ts'
import { NO_CHANGE, type Review } from '../../../src/core/gate/review.ts'
import { answer } from '../../../src/core/message/comment/answer.ts'
import { gateReport, validateReport } from '../../../src/core/message/check/checks.ts'
import { gateTitle } from '../../../src/core/message/gate/gate-title.ts'
import { deploymentWords } from '../../../src/core/message/notify/deployment-words.ts'
import { newsText } from '../../../src/core/message/notify/news.ts'
import { closingComment } from '../../../src/core/message/pull-request/closing.ts'
import { moveBody, moveCommit } from '../../../src/core/message/pull-request/pull-request.ts'
import { explainRefusal } from '../../../src/core/message/refusal/refusal.ts'
import { summaryPages } from '../../../src/core/message/comment/summary.ts'
import { renderProblem } from '../../../src/core/problem/files.ts'
import type { Move } from '../../../src/core/rollout/move.ts'
import type { CloseReason } from '../../../src/core/rollout/transition.ts'
import { sample } from '../samples.ts'
import type { AbortResult } from '../../../src/core/command/outcome.ts'

/** Perch's sentences follow from what it has read. */

const LIVE: GateReason = { code: 'live', liveness: { state: 'live', since: 0, parts: [] } }
const REASONS: Readonly<Partial<Record<GateName, GateReason>>> = {
  approvals: { code: 'approvals', wanted: 1, has: 0 },
  bake: { code: 'not-live-yet' },
  freeze: { code: 'frozen', stop: { kind: 'freeze', by: 'olga', reason: 'holiday', until: undefined } },
  conflict: { code: 'other-pull', pull: 7 },
}

function verdict(gate: GateName, state: Verdict['state']): Verdict {
  return { gate, state, target: 'production/api', reason: REASONS[gate] ?? LIVE }
}

function overridden(gate: OverridableGate, by: string): Verdict {
  return { ...verdict(gate, 'pass'), override: { gate, by, reason: 'urgent' } }
}

test('the title of the gate names what passed, what somebody overrode, and all that waits', () => {
  const [live, bake] = [verdict('live', 'pass'), verdict('bake', 'pass')]
  const table: readonly (readonly [Verdict[], string | RegExp])[] = [
    [[], 'Nothing to wait for'],
    [[live], 'Live'],
    [[live, bake], 'Live and baked'],
    [[live, bake, verdict('analysis', 'pass')], 'Live, baked and healthy'],
    [[verdict('approvals', 'pass')], 'Approved'],
    [[verdict('order', 'pass'), verdict('approvals', 'pass')], 'In order and approved'],
    [[overridden('live', 'olga'), overridden('bake', 'olga')], 'Live and bake overridden by olga'],
    [
      [live, overridden('bake', 'olga'), overridden('approvals', 'bob')],
      'Live; bake overridden by olga; approvals overridden by bob',
    ],
    // One of the two rollouts passed by itself.
    [[live, overridden('live', 'olga')], 'Live overridden by olga'],
    [[live, verdict('approvals', 'wait')], /^Waiting for approvals: needs 1 more approval of this commit/],
    [[live, verdict('bake', 'wait'), verdict('approvals', 'wait')], /^Waiting for bake and approvals: starts when/],
    [[verdict('bake', 'wait'), verdict('live', 'block')], /^Blocked by live, waiting for bake: /],
    // Of two rollouts, one waits for the gate and the other one is blocked by it.
    [[{ ...verdict('freeze', 'wait'), reason: LIVE }, verdict('freeze', 'block')], /^Blocked by freeze: .*olga/],
    [
      [verdict('freeze', 'wait'), verdict('bake', 'wait'), verdict('conflict', 'wait')],
      /^Waiting for freeze, bake and conflict: /,
    ],
  ]
  for (const [verdicts, expected] of table) {
    const title = gateTitle(verdicts)
    if (typeof expected === 'string') assert.equal(title, expected)
    else assert.match(title, expected)
  }
})

const CHANGE = { target: sample(95, 5), from: 5, to: 25, version: undefined, finishes: false, verdicts: [] }
const SWAP = { ...CHANGE, to: 5, version: { role: 'canary', from: 'v2', to: 'v3' } as const }
const BROKEN = renderProblem({
  environment: 'production',
  file: 'a.yaml',
  rendered: { code: 'build-failed', detail: 'x' },
})
const ROW = {
  environment: 'production',
  route: 'VirtualService default/api',
  rule: 'main',
  before: [{ name: 'a', share: 50 }],
  after: [{ name: 'a', share: 60 }],
}

test('Perch says that no traffic changes only if it has looked at everything and none does', () => {
  const table: readonly (readonly [Partial<Review>, comment: RegExp, title: RegExp])[] = [
    [{}, /This pull request changes no canary traffic\./, /^No canary traffic changes$/],
    [{ problems: [BROKEN] }, /in what it could render\. The problems below may hide/, /does not build/],
    [
      { problems: [BROKEN], changes: [CHANGE] },
      /in what it could render\. The problems below may hide/,
      /does not build/,
    ],
    [
      { changes: [SWAP] },
      /All shares of traffic stay the same\. Only the version that gets the traffic changes/,
      /canary v2 → v3$/,
    ],
    [{ changes: [CHANGE] }, /The files change a share of traffic, but the rendered share stays the same/, /5% → 25%$/],
    [{ rows: [ROW] }, /\| Environment, route, rule \|/, /^No rollout moves; 1 rule of a split changes$/],
  ]
  for (const [fields, comment, title] of table) {
    const review = { ...NO_CHANGE, ...fields }
    assert.match(summaryPages(review).comment, comment)
    assert.match(validateReport(review).title, title)
    if (review.problems.length > 0 || review.changes.length > 0)
      assert.doesNotMatch(
        `${summaryPages(review).comment}${validateReport(review).summary}`,
        /changes no canary traffic/,
      )
  }
  assert.equal(gateReport({ ...NO_CHANGE, changes: [CHANGE] }).title, 'Nothing to wait for')
  assert.match(gateReport({ ...NO_CHANGE, rows: [ROW] }).summary, /^No rollout moves/)
})

test('the reason why nothing holds a pull request back follows from what it moves', () => {
  const why = (review: Review): string =>
    answer(1, 'alice', [{ command: '/canary why', outcome: { code: 'why', review } }])
  assert.match(why(NO_CHANGE), /it moves no rollout\.$/)
  assert.match(why({ ...NO_CHANGE, changes: [{ ...CHANGE, from: 0, to: 5 }] }), /No gate applies to `.*0% → 5%`\.$/)
})

test('the answer to an abort says what sends the traffic back, and says that there is none only if Perch could read it', () => {
  const done = { closed: [3], rollbacks: [], rolledBack: [], unreadable: [], owned: [] }
  const words = (facts: Partial<AbortResult>): string =>
    answer(1, 'alice', [{ command: '/canary abort', outcome: { code: 'aborted', ...done, ...facts } }])
  assert.match(words({}), /🛑 Closed #3\. On the base branch the canary has no traffic\.$/)
  assert.match(words({ rollbacks: [4] }), /Merge #4 to send all traffic back: no gate holds it\.$/)
  assert.match(words({ rollbacks: [4, 5] }), /Merge #4, #5 to send all traffic back: no gate holds them\.$/)
  assert.match(words({ rolledBack: [4] }), /Closed #3\. #4 already sent all traffic back\.$/)
  assert.match(words({ unreadable: ['prod/web'], owned: [] }), /cannot read the canary's share of `prod\/web`.*by hand/)
})

test('the body of a step says what its gate waits for, and which way the traffic goes', () => {
  const table: readonly (readonly [Move, body: RegExp, commit: RegExp])[] = [
    [
      { kind: 'share', from: 5, to: 25 },
      /^Raises the canary[^]*waits until the base branch's state is live/,
      /The next step of the plan\./,
    ],
    [{ kind: 'share', from: 5, to: 40 }, /^Raises/, /not the next step of the plan/],
    [{ kind: 'share', from: 25, to: 5 }, /^Lowers the canary[^]*No gate waits/, /not the next step of the plan/],
    [{ kind: 'share', from: 0, to: 5 }, /^Raises[^]*This starts the canary, so no earlier step/, /The next step/],
    [
      { kind: 'rollback', from: 25 },
      /No gate waits[^]*the rollout stops until somebody comments/,
      /goes back to the stable/,
    ],
    [
      { kind: 'finish-weights' },
      /`canary\/gate` waits until the base branch's state is live \([^)]*\)\./,
      /the rollout is over/,
    ],
  ]
  for (const [move, body, commit] of table) {
    const proposal = { move, target: sample(95, 5), version: 'v2', origin: undefined }
    assert.match(moveBody(proposal), body)
    assert.match(moveCommit(proposal).body, commit)
  }
})

test('Perch says that nothing differs only if everything was rendered', () => {
  const diff = (review: Review): string =>
    answer(1, 'alice', [{ command: '/canary diff', outcome: { code: 'diff', review } }])
  assert.match(diff(NO_CHANGE), /The rendered environments do not change\.$/)
  assert.match(diff({ ...NO_CHANGE, problems: [BROKEN] }), /no difference in what it could render/)
})

test('a pull request is closed with the reason for which it was', () => {
  const table: Readonly<Record<CloseReason, RegExp>> = {
    'rolling-back': /^Closed: #10 rolls this rollout back\.$/,
    aborted: /was aborted/,
    failed: /failed its analysis/,
    replaced: /^Closed: #10 is open for this rollout and replaces this step\.$/,
    superseded: /from the current state of the base branch, this is not the next step/,
    'nothing-to-do': /from the current state of the base branch, this rollout has no next step/,
    'not-deployed': /is not a deployed branch/,
    misplaced: /was made for another base branch/,
    owned: /a controller in the cluster now moves the traffic/,
    apart: /are no longer at the same step\. Until they are, each of them moves in a pull request of its own/,
    split: /no longer has the rollout/,
  }
  for (const [reason, words] of Object.entries(table)) {
    const known = Object.keys(table).find((name): name is CloseReason => name === reason)
    assert.ok(known !== undefined)
    assert.match(closingComment(known, { by: 10 }), words)
    if (known !== 'superseded' && known !== 'nothing-to-do')
      assert.doesNotMatch(closingComment(known, { by: 10 }), /base branch has moved/)
  }
})

test('a rule that covers a branch of Perch is to be changed, and only other branches can be replaced', () => {
  const words = (branch: string): string =>
    explainRefusal({ code: 'github-refused', action: 'create-branch', cause: 'rule', branch, reason: '' })
  for (const branch of ['canary/a/web/25', 'switch/a/web/blue', 'promote/a/b', 'perch/hold/a/web', 'perch/onboarding'])
    assert.match(words(branch), /covers `canary\/\*\*\/\*`.*, or exclude these branches from it\.$/, branch)
  assert.match(words('release'), /covers this branch .*, or use a branch that is not protected\.$/)
})

test('a share in news and in a deployment is rounded as everywhere else', () => {
  const share = 100 / 3
  const news = newsText({ event: 'live', environment: 'production', service: 'web', share })
  assert.equal(news, 'production/web: the step at 33.33% is live.')
  const words = deploymentWords({ service: 'web', share, state: 'success' })
  assert.equal(words, 'web: 33.33% to the canary, live')
})
