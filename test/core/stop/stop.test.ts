import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Outcome } from '../../../src/core/command/outcome.ts'
import { answer } from '../../../src/core/message/comment/answer.ts'
import { stopFrom } from '../../../src/core/marker/stop.ts'
import { stopMessage } from '../../../src/core/message/pull-request/stop.ts'
import { seen } from '../../../src/core/text/inert.ts'
import { type Stop, stopBranch, stopsOf } from '../../../src/core/stop/stop.ts'
import { FreezeWindow, windowEnd, windowStart } from '../../../src/core/stop/window.ts'

test('a stop is read back from its message, whatever people write into it', () => {
  const text = fc.string({ unit: 'binary', minLength: 1 }).map((one) => one.replaceAll(/\s+/g, ' ').trim())
  fc.assert(
    fc.property(
      text.filter((one) => one !== ''),
      fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }), { nil: undefined }),
      (reason, until) => {
        const stop: Stop = { kind: 'freeze', by: 'olga', reason, until }
        const read = stopFrom('perch/freeze/production', stopMessage({ environment: 'production' }, stop))
        // Invisible characters are written out.
        assert.deepEqual(read, { ...stop, reason: seen(reason) })
      },
    ),
  )
})

test('a reason cannot pretend to be somebody else, or to end sooner', () => {
  const reason = 'soon\nStop-By: alice\nStop-Until: 2020-01-01T00:00:00.000Z'
  const message = stopMessage({ environment: 'production' }, { by: 'olga', reason, until: undefined })
  const read = stopFrom('perch/freeze/production', message)
  assert.equal(read.by, 'olga')
  assert.equal(read.until, undefined)
})

test('a branch that somebody created by hand is a stop too', () => {
  const stop = stopFrom('perch/hold/production/web', '# anything\n')
  assert.deepEqual(stop, { kind: 'hold', by: undefined, reason: undefined, until: undefined })
})

test('a rollout is stopped by its own hold, and by the freeze of any of its environments, until it is over', () => {
  const target = { environment: 'all', environments: ['staging', 'production'], service: 'web' }
  const freeze: Stop = { kind: 'freeze', by: 'olga', reason: undefined, until: 100 }
  const hold: Stop = { kind: 'hold', by: 'alice', reason: undefined, until: undefined }
  const stops = new Map([
    [stopBranch({ environment: 'production' }), freeze],
    [stopBranch({ environment: 'all', service: 'web' }), hold],
    [stopBranch({ environment: 'all', service: 'other' }), hold],
  ])
  assert.deepEqual(stopsOf(stops, target, 99), [hold, freeze])
  assert.deepEqual(stopsOf(stops, target, 100), [hold])
  assert.deepEqual(stopsOf(stops, { ...target, service: 'x', environments: ['staging'] }, 0), [])
})

test('a window contains its moments, and has an end', () => {
  const weekend = { from: 'Fri 16:00', until: 'Mon 08:00', timezone: 'Europe/Berlin' }
  const table: [string, object, string, string | undefined][] = [
    ['Friday before', weekend, '2026-11-20T14:59:00Z', undefined],
    ['Friday after, an hour ahead of UTC', weekend, '2026-11-20T15:00:00Z', '2026-11-23T07:00:00Z'],
    ['Sunday', weekend, '2026-11-22T12:34:56Z', '2026-11-23T07:00:00Z'],
    ['Monday at eight', weekend, '2026-11-23T07:00:00Z', undefined],
    ['in summer two hours ahead', weekend, '2026-07-17T14:00:00Z', '2026-07-20T06:00:00Z'],
    ['days of the year', { from: '2026-12-20', until: '2027-01-02' }, '2026-12-31T23:00:00Z', '2027-01-02T00:00:00Z'],
    ['the day after', { from: '2026-12-20', until: '2027-01-02' }, '2027-01-02T00:00:00Z', undefined],
    [
      'the clocks of a place',
      { from: '2026-12-20 18:00', until: '2026-12-21 06:00', timezone: 'America/New_York' },
      '2026-12-20T23:00:00Z',
      '2026-12-21T11:00:00Z',
    ],
  ]
  for (const [what, window, now, end] of table) {
    const found = windowEnd(FreezeWindow.parse(window), Date.parse(now))
    assert.equal(found, end === undefined ? undefined : Date.parse(end), what)
  }
})

test('when a window begins next', () => {
  const weekly = { from: 'Fri 16:00', until: 'Mon 08:00' }
  const once = { from: '2026-12-20 16:00', until: '2026-12-21' }
  const table: [string, object, string, string | undefined][] = [
    ['later in the week', weekly, '2026-03-11T12:00:30Z', '2026-03-13T16:00:00Z'],
    ['in the same minute a week later', weekly, '2026-03-13T16:00:10Z', '2026-03-20T16:00:00Z'],
    ['inside of it: the next one', weekly, '2026-03-14T00:00:00Z', '2026-03-20T16:00:00Z'],
    ['by the clocks there', { ...weekly, timezone: 'Europe/Berlin' }, '2026-03-11T12:00:00Z', '2026-03-13T15:00:00Z'],
    ['once, before it', once, '2026-03-11T12:00:00Z', '2026-12-20T16:00:00Z'],
    ['once, in it', once, '2026-12-20T16:00:00Z', undefined],
  ]
  for (const [what, window, now, start] of table) {
    const found = windowStart(FreezeWindow.parse(window), Date.parse(now))
    assert.equal(found === undefined ? undefined : new Date(found).toISOString().replace('.000', ''), start, what)
  }
})

test('a window that cannot be read is a mistake in the config', () => {
  for (const window of [
    { from: 'Friday 16:00', until: 'Mon 08:00' },
    { from: 'Fri 16:00', until: '2026-12-20' },
    { from: 'Fri 16:00', until: 'Mon 08:00', timezone: 'Mars/Olympus' },
    { from: '2026-02-28', until: '2026-02-30' },
    { from: '2026-00-10', until: '2026-02-10' },
  ])
    assert.equal(FreezeWindow.safeParse(window).success, false, JSON.stringify(window))
})

test('a window that contains no moment is a mistake in the config, because it would freeze nothing', () => {
  for (const window of [
    { from: 'Fri 16:00', until: 'Fri 16:00' },
    { from: '2026-12-20', until: '2026-12-20' },
    { from: '2026-12-20', until: '2026-12-20 00:00' },
    { from: '2027-01-02', until: '2026-12-20' },
    { from: '2026-12-20 16:00', until: '2026-12-20 09:00' },
  ]) {
    const read = FreezeWindow.safeParse(window)
    assert.deepEqual(
      read.error?.issues.map(({ path, message }) => [...path, message]),
      [['until', 'must be after the beginning']],
    )
  }
  const night = FreezeWindow.parse({ from: 'Sun 22:00', until: 'Mon 06:00' })
  assert.equal(windowEnd(night, Date.parse('2026-11-22T23:00:00Z')), Date.parse('2026-11-23T06:00:00Z'))
})

test('a stop names the comment that made it, so that a second try of the same command knows its own', () => {
  const message = stopMessage(
    { environment: 'production' },
    { by: 'olga', reason: undefined, until: undefined, cause: '71' },
  )
  assert.equal(stopFrom('perch/freeze/production', message).cause, '71')
})

test('the answers to a hold and a freeze say what is stopped, until when, how it ends, and whether it was new', () => {
  const stop: Stop = { kind: 'freeze', by: 'olga', reason: 'release', until: undefined }
  const until = Date.UTC(2026, 2, 1, 10)
  const table: readonly (readonly [Outcome, RegExp])[] = [
    [
      { code: 'held', names: ['prod/web', 'prod/api'], isNew: true },
      /Held: `prod\/web`, `prod\/api`\. .* until somebody comments `\/canary resume`\. .*`\/canary override hold <reason>`\. Lowering traffic is still possible\.$/,
    ],
    [{ code: 'held', names: ['prod/web'], isNew: false }, /Already held: `prod\/web`\.$/],
    [
      { code: 'frozen', environment: 'prod', stop, isNew: true },
      /`prod` is frozen\. .*`\/unfreeze prod` ends it\. .*`\/canary override freeze <reason>`\. Lowering traffic is still possible\.$/,
    ],
    [
      { code: 'frozen', environment: 'prod', stop: { ...stop, until }, isNew: true },
      /is frozen until 2026-03-01 10:00/,
    ],
    [
      { code: 'frozen', environment: 'prod', stop, isNew: false },
      /is already frozen by `olga`\. To change that, unfreeze it first\.$/,
    ],
    [{ code: 'frozen', environment: 'prod', stop: { ...stop, by: undefined }, isNew: false }, /is already frozen\. To/],
    [{ code: 'resumed', names: ['prod/web'] }, /Resumed: `prod\/web`\.$/],
    [{ code: 'unfrozen', environment: 'prod' }, /Raises in `prod` can continue\.$/],
  ]
  for (const [outcome, words] of table) assert.match(answer(1, 'olga', [{ command: '/freeze', outcome }]), words)
})
