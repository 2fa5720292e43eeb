import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mayContinue } from '../../../src/core/flagger/answer.ts'
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
