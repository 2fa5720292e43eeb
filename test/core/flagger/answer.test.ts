import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approved, canaryOfEvent, isFresh, mayContinue, mustRollBack } from '../../../src/core/flagger/answer.ts'
import type { Canaries, KnownCanary } from '../../../src/core/flagger/canaries.ts'
import { hookWords } from '../../../src/core/message/flagger/hook.ts'
import { FreezeWindow } from '../../../src/core/stop/window.ts'

const FRIDAY = Date.UTC(2026, 10, 20, 17)
const WEEKEND = FreezeWindow.parse({ from: 'Fri 16:00', until: 'Mon 08:00', reason: 'weekend' })
const WEB: KnownCanary = {
  namespace: 'shop',
  name: 'web',
  rollout: 'production/web',
  environments: ['production'],
  stops: [],
  windows: [],
  approvals: 0,
}

function heard(known: readonly KnownCanary[], now = FRIDAY, over: Partial<Canaries> = {}): string {
  const asked = { name: 'web', namespace: 'shop', metadata: { key: 'k' } }
  const answer = mayContinue({ at: now, known: [...known], unreadable: [], ...over }, asked, now)
  return `${answer.code}: ${hookWords(answer, { ...asked, repository: 'acme/gitops' })}`
}

test('a window in the config stops a Canary while it lasts', () => {
  const canary = { ...WEB, windows: [{ environment: 'production', window: WEEKEND }] }
  assert.equal(
    heard([canary]),
    'stopped: .github/canary.yml allows no raises in production until 2026-11-23 08:00:00 UTC (weekend).',
  )
  assert.equal(heard([canary], FRIDAY - 2 * 3_600_000), 'go: Nothing stops production/web.')
})

test('a freeze and a window of the same environment both stop a Canary', () => {
  const stops = [{ frozen: 'production', by: 'olga', until: undefined }]
  const canary = { ...WEB, stops, windows: [{ environment: 'production', window: WEEKEND }] }
  assert.match(heard([canary]), /^stopped: production is frozen by olga\..* allows no raises in production until/)
})

test('a freeze that is over does not stop it, and a stop without details does', () => {
  const until = FRIDAY + 60_000
  const canary = { ...WEB, stops: [{ frozen: 'production', by: 'olga', until }] }
  assert.match(heard([canary]), /^stopped: production is frozen by olga until 2026-11-20 17:01:00 UTC\. To let/)
  assert.match(heard([canary], until), /^go/)
  assert.match(heard([{ ...WEB, stops: [{}] }]), /^stopped: production\/web is held\. To let/)
})

test('a Canary of another namespace is another one, and one without a namespace in Git may be in any', () => {
  assert.match(heard([{ ...WEB, namespace: 'other' }]), /^no-canary/)
  assert.match(heard([{ ...WEB, namespace: '' }]), /^go/)
  assert.match(heard([WEB, { ...WEB, namespace: '', rollout: 'qa/web' }]), /^several: .*: production\/web, qa\/web\. /)
})

test('a reason mentions nobody in a chat, and is one line', () => {
  const words = heard([{ ...WEB, stops: [{ by: 'alice', reason: '@here\nlook' }] }])
  assert.ok(!words.includes('@here') && !words.includes('\n'), words)
})

test('what was read of Git is read again after three minutes, and counts for ten, or for half a minute before a rollback', () => {
  const asked = { name: 'web', namespace: 'shop', metadata: { key: 'k' } }
  const aborted = { by: 'olga', reason: undefined, isSame: true }
  const [minute, second] = [60_000, 1000]
  const answers = [0, 30 * second - 1, 30 * second, 3 * minute - 1, 3 * minute, 10 * minute - 1, 10 * minute].map(
    (age) => {
      const known: Canaries = { at: FRIDAY - age, known: [{ ...WEB, aborted }], unreadable: [] }
      const { code: event } = canaryOfEvent(known, asked, FRIDAY)
      return `${age / second} s: ${isFresh(known, FRIDAY)} ${event} ${mayContinue(known, asked, FRIDAY).code} ${mustRollBack(known, asked, FRIDAY).code}`
    },
  )
  assert.deepEqual(answers, [
    '0 s: true noted aborted take-back',
    '29.999 s: true noted aborted take-back',
    '30 s: true noted aborted unread',
    '179.999 s: true noted aborted unread',
    '180 s: false noted aborted unread',
    '599.999 s: false noted aborted unread',
    '600 s: false unread unread unread',
  ])
  assert.equal(mayContinue(undefined, asked, FRIDAY).code, 'unread')
})

test('Flagger rolls back only the version that somebody aborted', () => {
  const asked = { name: 'web', namespace: 'shop', metadata: { key: 'k' } }
  const answer = (over: Partial<KnownCanary>) =>
    mustRollBack({ at: FRIDAY, known: [{ ...WEB, ...over }], unreadable: [] }, asked, FRIDAY)
  assert.deepEqual(answer({}), { code: 'keep', rollout: WEB.rollout, isOther: false })
  const aborted = { by: 'olga', reason: 'slow', isSame: false }
  assert.deepEqual(answer({ aborted }), { code: 'keep', rollout: WEB.rollout, isOther: true })
  assert.equal(answer({ aborted: { ...aborted, isSame: true } }).code, 'take-back')
})

test('a Canary of another environment is another one, and a config that is not valid on some branch stops all', () => {
  const answer = (environment: string | undefined, unreadable: string[] = []) => {
    const asked = { name: 'web', namespace: 'shop', metadata: { key: 'k', environment } }
    return mayContinue({ at: FRIDAY, known: [WEB], unreadable }, asked, FRIDAY)
  }
  assert.equal(answer('production').code, 'go')
  assert.equal(answer('staging').code, 'no-canary')
  assert.deepEqual(answer('production', ['release/1']), { code: 'unreadable', branches: ['release/1'] })
})

test('a version continues when the pull request that brought it has its approvals, as far as they are known', () => {
  const wanted = { rollout: WEB.rollout, approvals: 2 }
  const code = (has: number, age = 0) => approved(wanted, { at: FRIDAY - age, pull: 7, has }, FRIDAY).code
  assert.deepEqual(
    [0, 1, 2, 3].map((has) => code(has)),
    ['unapproved', 'unapproved', 'go', 'go'],
  )
  assert.equal(code(2, 599_999), 'go')
  assert.equal(code(2, 600_000), 'unread')
  assert.equal(approved(wanted, undefined, FRIDAY).code, 'unread')
  assert.equal(approved(wanted, { at: FRIDAY, pull: undefined, has: 0 }, FRIDAY).code, 'no-pull')
})
