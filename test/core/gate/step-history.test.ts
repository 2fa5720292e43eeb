import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { LiveEntry } from '../../../src/core/config/schema.ts'
import { livenessBy } from '../../../src/core/gate/live.ts'
import type { Signal } from '../../../src/core/gate/signal.ts'
import { commitsToAsk, type StepHistory, wantsKey, withAnswers } from '../../../src/core/gate/step-history.ts'

const WANTS = [{ source: 'status', pattern: 'kustomization/apps/*' }] as const
const ENTRY: LiveEntry = { status: 'kustomization/apps/*', within: 30 * 60_000 }
const SECOND = 1_000

const EMPTY: StepHistory = {
  step: 'a',
  landing: { sha: 'c0', time: 0 },
  checkedTo: 'c0',
  wants: wantsKey(WANTS),
  scannedTo: undefined,
  reported: [],
}

function signal(state: Signal['state'], at: number, name = 'kustomization/apps/1'): Signal {
  return { source: 'status', name, state, at: at * SECOND, description: '', by: ['flux[bot]'] }
}

/** A base branch whose commits all carry one step, and GitHub's answers about each. Newest commit first. */
class Branch {
  readonly signals = new Map<string, Signal[]>([['c0', []]])
  asked = 0

  get carrying(): readonly string[] {
    return [...this.signals.keys()].toReversed()
  }

  push(): string {
    const sha = `c${this.signals.size}`
    this.signals.set(sha, [])
    return sha
  }

  report(sha: string, one: Signal): void {
    this.signals.get(sha)?.unshift(one)
  }

  look(history: StepHistory, mentioned?: string): StepHistory {
    const { carrying } = this
    const shas = commitsToAsk(history, carrying, mentioned)
    this.asked = shas.length
    const answers = shas.map((sha) => ({ sha, signals: this.signals.get(sha) ?? [] }))
    return withAnswers(history, carrying, { answers, wants: WANTS })
  }
}

function since(history: StepHistory, now: number): number | string {
  const commits = history.reported.map(({ signals }) => signals)
  const found = livenessBy([ENTRY], { commits, landedAt: 0, now: now * SECOND })
  return found.state === 'live' ? found.since / SECOND - 1 : found.state
}

test('the start of a bake stays, however many reported commits follow', () => {
  const branch = new Branch()
  branch.report('c0', signal('success', 5))
  let history = branch.look(EMPTY)
  for (let second = 10; second < 700; second += 5) {
    branch.report(branch.push(), signal('success', second))
    history = branch.look(history)
    assert.equal(since(history, second), 5)
    assert.ok(branch.asked <= 5, `${branch.asked} commits asked about`)
  }
})

test('a lost history is read again from the oldest reports, a bounded part in each look', () => {
  const branch = new Branch()
  for (let second = 1; second < 60; second += 1) branch.report(branch.push(), signal('success', second))
  let history = branch.look(EMPTY)
  assert.equal(since(history, 100), 1)
  assert.ok(branch.asked <= 24, `${branch.asked} commits asked about`)
  history = branch.look(branch.look(history))
  assert.equal(branch.look(history).reported.length, 59)
  assert.equal(branch.asked, 4)
})

test('a failure between two looks restarts the bake, even if its commit is no longer among the latest', () => {
  const branch = new Branch()
  branch.report('c0', signal('success', 5))
  const before = branch.look(EMPTY)
  branch.report(branch.push(), signal('failure', 10))
  branch.report(branch.push(), signal('success', 20))
  for (let count = 0; count < 6; count += 1) branch.push()
  assert.equal(since(branch.look(before), 100), 20)
})

test('a commit that a webhook names is asked about, unless it does not carry the step', () => {
  const branch = new Branch()
  for (let count = 0; count < 10; count += 1) branch.push()
  const history = branch.look(EMPTY)
  assert.equal(since(history, 100), 'not-yet')
  branch.report('c3', signal('success', 50))
  assert.equal(since(branch.look(history), 100), 'not-yet')
  assert.equal(since(branch.look(history, 'c3'), 100), 50)
  assert.deepEqual(branch.look(history, 'elsewhere').reported, [])
})

test('reports that GitHub cuts off, or that a check run had before an update, are not forgotten', () => {
  const branch = new Branch()
  branch.report('c0', signal('success', 5))
  let history = branch.look(EMPTY)
  for (let second = 6; second < 400; second += 1) {
    branch.signals.set('c0', [signal('success', second)])
    history = branch.look(history)
  }
  assert.equal(since(history, 400), 5)
  assert.equal(history.reported[0]?.signals.length, 1)
  branch.signals.set('c0', [signal('failure', 400)])
  history = branch.look(history)
  assert.equal(since(history, 400), 'failed')
  branch.signals.set('c0', [signal('success', 401)])
  assert.equal(since(branch.look(history), 402), 401)
})

type Happening = { readonly what: 'push' | 'look' | 'loss' } | { readonly what: 'report'; readonly ago: number }

test('with any pushes, reports, looks and losses, the start is finally the one from all reports together', () => {
  const happening: fc.Arbitrary<Happening> = fc.oneof(
    fc.record({ what: fc.constantFrom('push' as const, 'look' as const, 'loss' as const) }),
    fc.record({ what: fc.constant('report' as const), ago: fc.nat(3) }),
  )
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 80 }), fc.nat(7), (happenings, failing) => {
      const branch = new Branch()
      let history = EMPTY
      happenings.forEach((one, index) => {
        if (one.what === 'push') branch.push()
        if (one.what === 'look') history = branch.look(history)
        if (one.what === 'loss') history = EMPTY
        if (one.what === 'report')
          branch.report(
            branch.carrying[one.ago] ?? 'c0',
            signal(index % 7 === failing ? 'failure' : 'success', index + 1),
          )
      })
      // Only commits among the newest are reported here, so a few looks see everything.
      for (let count = 0; count < 6; count += 1) history = branch.look(count === 0 ? EMPTY : history)
      const all = branch.carrying.map((sha) => branch.signals.get(sha) ?? []).filter(({ length }) => length > 0)
      const truth = livenessBy([ENTRY], { commits: all, landedAt: 0, now: 1_000 * SECOND })
      const expected = truth.state === 'live' ? truth.since / SECOND - 1 : truth.state
      assert.equal(since(history, 1_000), expected)
    }),
  )
})
