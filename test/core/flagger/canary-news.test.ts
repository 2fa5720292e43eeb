/** What Perch keeps of Flagger's events. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CanaryNews, canaryEnd, newsAfter, newsKey } from '../../../src/core/flagger/canary-news.ts'
import { EventPayload } from '../../../src/core/flagger/hook.ts'

const NOW = Date.UTC(2026, 10, 20, 12)

function told(phase: string, eventMessage: string, at = NOW): EventPayload {
  const metadata = { key: 'k', eventMessage, eventType: 'Normal', timestamp: String(at) }
  return EventPayload.parse({ name: 'web', namespace: 'shop', phase, checksum: 'x', metadata })
}

function after(...events: readonly EventPayload[]): CanaryNews | undefined {
  return events.reduce<CanaryNews | undefined>((known, event) => newsAfter(known, event, NOW) ?? known, undefined)
}

test('the weight is the last one that Flagger named in this rollout', () => {
  const begin = told('Progressing', 'New revision detected! Scaling up web.shop', NOW - 4_000)
  const advance = told('Progressing', 'Advance web.shop canary weight 20', NOW - 3_000)
  const halt = told('Progressing', 'Halt web.shop advancement success rate 91.00% < 99%', NOW - 2_000)
  assert.deepEqual(after(begin), {
    phase: 'Progressing',
    message: 'New revision detected! Scaling up web.shop',
    began: NOW - 4_000,
    at: NOW - 4_000,
  })
  assert.equal(after(begin, advance)?.weight, 20)
  assert.deepEqual(
    [after(begin, advance, halt)?.weight, after(begin, advance, halt)?.message],
    [20, halt.metadata.eventMessage],
  )
  for (const phase of ['Succeeded', 'Failed', 'Promoting', 'Finalising'])
    assert.equal(after(advance, told(phase, 'x'))?.weight, undefined, phase)
  assert.equal(after(advance, told('Progressing', begin.metadata.eventMessage ?? ''))?.weight, undefined)
  assert.equal(after(told('Failed', 'x', NOW - 5_000), halt)?.weight, undefined)
})

test('older events change nothing, and a clock that is ahead does not block later events', () => {
  const late = told('Progressing', 'Advance web.shop canary weight 10', NOW - 60_000)
  assert.equal(after(told('Succeeded', 'Promotion completed!'), late)?.phase, 'Succeeded')
  const ahead = told('Progressing', 'x', NOW + 3_600_000)
  assert.equal(after(ahead)?.at, NOW)
  assert.equal(after(ahead, told('Succeeded', 'y'))?.phase, 'Succeeded')
})

test('a weight that is not a percentage is ignored, and so is one in other words', () => {
  for (const message of [
    'Advance web.shop canary weight 101',
    'canary weight 20',
    'Advance web.shop primary weight 20',
    '',
  ])
    assert.equal(after(told('Progressing', message))?.weight, undefined, message)
})

test('long messages are cut, and invalid events are ignored', () => {
  assert.equal(after(told('Progressing', 'x'.repeat(5_000)))?.message.length, 300)
  const whole = { name: 'web', namespace: 'shop', phase: 'Progressing', metadata: { key: 'k' } }
  assert.ok(EventPayload.safeParse(whole).success)
  for (const bad of [
    { ...whole, phase: undefined },
    { ...whole, metadata: {} },
    { ...whole, metadata: { key: 'k', timestamp: 'soon' } },
  ])
    assert.ok(!EventPayload.safeParse(bad).success)
})

test('a rollout begins with a new revision, and with the first event after one that has ended', () => {
  const begin = told('Progressing', 'New revision detected! Scaling up web.shop', NOW - 9_000)
  const advance = told('Progressing', 'Advance web.shop canary weight 20', NOW - 8_000)
  const again = told('Progressing', 'New revision detected! Restarting analysis for web.shop', NOW - 7_000)
  const promoting = told('Promoting', 'Copying web.shop template spec to web-primary.shop', NOW - 6_000)
  const done = told('Finalising', 'Promotion completed! Scaling down web.shop', NOW - 5_000)
  const next = told('Progressing', 'Halt web.shop advancement', NOW - 4_000)
  const began = (...events: readonly EventPayload[]) => after(...events)?.began
  assert.equal(began(begin, advance), NOW - 9_000)
  assert.equal(began(begin, advance, again, promoting, done), NOW - 7_000)
  assert.equal(began(begin, done, told('Succeeded', 'x', NOW - 4_500)), NOW - 9_000)
  assert.equal(began(begin, done, next), NOW - 4_000)
  assert.equal(began(advance, told('Failed', 'Canary failed!', NOW - 7_500), next), NOW - 4_000)
})

test('the last event tells how a rollout ended: Flagger sends the end of a promotion with the previous phase', () => {
  const end = (phase: string, message = 'x') => canaryEnd({ phase, message })
  assert.equal(end('Finalising', 'Promotion completed! Scaling down web.shop'), 'promoted')
  assert.equal(end('Succeeded'), 'promoted')
  assert.equal(end('Progressing', 'Canary failed! Scaling down web.shop'), 'taken-back')
  assert.equal(end('Failed'), 'taken-back')
  for (const phase of ['Progressing', 'Promoting', 'Finalising', 'Initialized', 'failed?'])
    assert.equal(end(phase), undefined, phase)
})

test('the same message a minute later is no news, and the same message of another rollout is', () => {
  const halt = (at: number) => told('Progressing', 'Halt web.shop advancement', at)
  const [first, later, other] = [after(halt(NOW - 60_000)), after(halt(NOW - 60_000), halt(NOW)), after(halt(NOW))]
  assert.ok(first !== undefined && later !== undefined && other !== undefined)
  assert.equal(newsKey(first), newsKey(later))
  assert.notEqual(newsKey(first), newsKey(other))
})
