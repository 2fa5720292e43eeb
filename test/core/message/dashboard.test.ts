/** The issue that lists all rollouts: its words, its size and its check boxes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type Dashboard, LISTED_STATES, type ListedRollout, pullState } from '../../../src/core/dashboard/dashboard.ts'
import { isDashboard, lookMarker, ticksIn } from '../../../src/core/marker/dashboard.ts'
import { dashboardBody, dashboardOffBody, dashboardTwiceBody } from '../../../src/core/message/dashboard/dashboard.ts'
import { sizeOf } from '../../../src/core/text/limits.ts'

const LISTED: ListedRollout = { name: 'production/web', state: 'stepping', share: 5, version: 'v2', pulls: [] }

function dashboard(rollouts: readonly ListedRollout[], pulls: Dashboard['pulls'] = new Map()): Dashboard {
  return { defaultBranch: 'main', listings: [['main', { code: 'listed', rollouts, owned: 0 }]], pulls }
}

test('ten thousand rollouts on several branches fit, and the table and the boxes tell what they leave out', () => {
  const rollouts = Array.from({ length: 5_000 }, (_, index) => ({
    ...LISTED,
    name: `production-${index}/service-${'x'.repeat(40)}`,
    stuck: `⚠️ It cannot go on: ${'y'.repeat(300)}`,
    pulls: [index + 1],
  }))
  const others = new Map(Array.from({ length: 9_000 }, (_, index) => [index + 1, { code: 'red' } as const]))
  const listing = { code: 'listed', rollouts, owned: 3 } as const
  const listings = [['main', listing] as const, ['release', listing] as const]
  for (const one of [dashboard(rollouts, others), { ...dashboard([], others), listings }]) {
    const body = dashboardBody(one)
    assert.ok(sizeOf(body) <= 65_000, `${sizeOf(body)} bytes`)
    assert.match(body, /^\| … and \d+ more/m)
    assert.match(body, /^- … and \d+ more: tick the first box\.$/m)
    assert.ok(body.trimEnd().endsWith('says `dashboard: true`.'), 'the end is there')
    assert.ok(body.includes(lookMarker('all')))
  }
})

test('ticked boxes with any names are recognized, and other people’s boxes are not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (base, name) => {
      const body = dashboardBody({
        ...dashboard([]),
        listings: [[base, { code: 'listed', rollouts: [{ ...LISTED, name }], owned: 0 }]],
      })
      assert.ok(isDashboard(body))
      assert.deepEqual(ticksIn(body), [])
      const ticked = body.replaceAll('- [ ] ', '- [x] ').replaceAll('\n', '\r\n')
      assert.deepEqual(ticksIn(ticked), ['all', { base: base.toWellFormed(), name: name.toWellFormed() }])
    }),
  )
  const boxes = [
    '- [x] <!-- perch:look:a:b:c -->',
    '- [x] <!-- perch:look:%E0:b -->',
    '> - [x] <!-- perch:look:all -->',
  ]
  assert.deepEqual(ticksIn([...boxes, 'x - [x] <!-- perch:look:all -->', '- [X] all'].join('\n')), [])
  assert.deepEqual(ticksIn('* [X] <!-- perch:look:all --> everything'), ['all'])
})

test('every state of a rollout without a pull request says what it waits for', () => {
  for (const state of LISTED_STATES)
    for (const origin of [undefined, 7]) {
      const body = dashboardBody(dashboard([{ ...LISTED, state, origin }]))
      const [, cell = ''] = /^\| `production\/web`<br>`v2` \| .*? \| (.+) \|$/m.exec(body) ?? []
      assert.match(cell, /^(?:⏳|⏸|⚠️) \S/, state)
    }
})

test('only a pull request that is known to be green is ready to merge', () => {
  const seen = { head: 'a', draft: false, green: false }
  assert.deepEqual(pullState(undefined, []), { code: 'not-reviewed' })
  assert.deepEqual(pullState({ ...seen, head: '', green: true }, []), { code: 'not-reviewed' })
  assert.deepEqual(pullState(seen, []), { code: 'red' })
  assert.deepEqual(pullState(seen, [['bake', 'pass']]), { code: 'red' })
  assert.deepEqual(pullState({ ...seen, green: true }, [['bake', 'wait']]), { code: 'ready' })
  assert.deepEqual(pullState({ ...seen, green: true, draft: true }, []), { code: 'draft' })
  const gated = { code: 'gated', blocking: ['order'], waiting: ['bake'] }
  const gates = [
    ['live', 'pass'],
    ['bake', 'wait'],
    ['order', 'block'],
  ] as const
  assert.deepEqual(pullState(seen, gates), gated)
})

test('the headline counts what people can merge and what needs them', () => {
  const first = (rollouts: readonly ListedRollout[], pulls?: Dashboard['pulls']): string =>
    dashboardBody(dashboard(rollouts, pulls)).split('\n\n')[1] ?? ''
  const two = [
    { ...LISTED, pulls: [3] },
    { ...LISTED, name: 'staging/web', pulls: [4] },
  ]
  const waiting = { code: 'gated', blocking: [], waiting: ['bake'] } as const
  const held = { code: 'gated', blocking: [], waiting: ['bake', 'hold'] } as const
  const states = (...all: readonly (typeof waiting | typeof held | { readonly code: 'ready' | 'red' })[]) =>
    new Map(all.map((state, index) => [3 + index, state]))
  assert.equal(first(two, states(waiting, waiting)), '**2 rollouts**')
  assert.equal(first(two, states({ code: 'ready' }, held)), '**2 rollouts**: 1 ready to merge, 1 needs a person')
  assert.equal(first(two, states({ code: 'red' }, held)), '**2 rollouts**: 2 need a person')
  assert.equal(first([{ ...LISTED, state: 'stopped' }]), '**1 rollout**: 1 needs a person')
  // Somebody opened a separate pull request for it.
  assert.equal(first([{ ...LISTED, state: 'stopped', pulls: [3] }], states(waiting)), '**1 rollout**')
})

test('unknown rollouts are not reported as none', () => {
  for (const listing of [{ code: 'config' }, { code: 'not-looked-at' }] as const) {
    const body = dashboardBody({ ...dashboard([]), listings: [['main', listing]] })
    assert.doesNotMatch(body, /No rollouts/)
  }
})

test('issues that Perch has abandoned are recognized', () => {
  for (const body of [dashboardOffBody('main'), dashboardTwiceBody(3)]) assert.ok(isDashboard(body))
  assert.ok(!isDashboard('x <!-- perch:dashboard -->'))
})
