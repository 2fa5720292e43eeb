import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readConfig } from '../../../src/core/config/read.ts'
import { DEFAULT_SERVICE, type LiveEntry } from '../../../src/core/config/schema.ts'
import { type Liveness, livenessBy } from '../../../src/core/gate/live.ts'
import { isBy, type Signal, stateOf } from '../../../src/core/gate/signal.ts'
import { matcher } from '../../../src/core/text/matcher.ts'
import { liveSentence } from '../../../src/core/message/gate/live.ts'
import { settingsOf } from '../../../src/core/rollout/target.ts'

const MINUTE = 60_000
const LANDED = Date.UTC(2026, 10, 20, 12)
const NOW = LANDED + 5 * MINUTE

const STATUS: LiveEntry = { status: 'kustomization/apps/*', within: 30 * MINUTE }
const CHECK: LiveEntry = { check: 'argocd/*', within: 10 * MINUTE }

/** `at`: minutes after the landing. */
function signal(state: Signal['state'], at: number, over: Partial<Signal> = {}): Signal {
  const name = 'kustomization/apps/0c9c2e41'
  return { source: 'status', name, state, at: LANDED + at * MINUTE, description: 'why', by: ['flux[bot]'], ...over }
}

const ok = (at: number, over?: Partial<Signal>): Signal => signal('success', at, over)
const bad = (at: number, over?: Partial<Signal>): Signal => signal('failure', at, over)

function look(commits: readonly (readonly Signal[])[], over: { entries?: LiveEntry[]; now?: number } = {}): Liveness {
  return livenessBy(over.entries ?? [STATUS], { commits, landedAt: LANDED, now: over.now ?? NOW })
}

/** `live 1`: since one minute (and GitHub's second) after the landing. */
function say(found: Liveness): string {
  return found.state === 'live' ? `live ${(found.since - 1000 - LANDED) / MINUTE}` : found.state
}

test('a step is live by the latest report on the latest commit with one, since the run of successes began', () => {
  const other = { name: 'kustomization/apps/77777777' }
  const table: [string, Signal[][], string][] = [
    ['nobody said anything', [[]], 'not-yet'],
    ['not even about which commit', [], 'not-yet'],
    ['success on the commit', [[ok(1)]], 'live 1'],
    ['said again and again: since the first', [[ok(3), ok(2)], [ok(1)]], 'live 1'],
    ['only on a descendant', [[ok(3)], []], 'live 3'],
    ['only on the commit, a descendant is silent', [[], [ok(1)]], 'live 1'],
    ['a later failure voids it', [[bad(4), ok(1)]], 'failed'],
    ['a failure on a newer commit voids it', [[bad(4)], [ok(1)]], 'failed'],
    ['a failure on an older commit does not, and the bake starts anew', [[ok(4)], [bad(3), ok(1)]], 'live 4'],
    ['success after a failure counts from then', [[ok(4), bad(3), ok(1)]], 'live 4'],
    ['and from the first success after it', [[ok(5), ok(4), bad(3), ok(1)]], 'live 4'],
    ['what says nothing says nothing', [[signal('silent', 5), ok(1)]], 'live 1'],
    ['and is no success', [[signal('silent', 1)]], 'not-yet'],
    ['another name says nothing', [[ok(1, { name: 'ci/build' })]], 'not-yet'],
    ['nor does another source of that name', [[ok(1, { source: 'check' })]], 'not-yet'],
    ['of two that fit the pattern, the second failing', [[ok(4), bad(3, other), ok(1)]], 'failed'],
    ['until it is well again', [[ok(5, other), ok(4), bad(3, other), ok(1)]], 'live 5'],
    ['the one that failed is well again later than the other', [[ok(5), ok(4, other), bad(3), ok(1)]], 'live 5'],
    ['one that is gone does not hold the others up', [[ok(4, other)], [bad(3)]], 'live 4'],
  ]
  for (const [why, commits, expected] of table) assert.equal(say(look(commits)), expected, why)
})

test('all configured signals are required, and the last one decides since when', () => {
  const entries = [STATUS, CHECK]
  const check = (state: Signal['state'], at: number): Signal =>
    signal(state, at, { source: 'check', name: 'argocd/web', by: ['argo[bot]'] })
  const table: [string, Signal[], string][] = [
    ['both', [ok(1), check('success', 3)], 'live 3'],
    ['both, the other way round', [ok(3), check('success', 1)], 'live 3'],
    ['one is missing', [ok(1)], 'not-yet'],
    ['one fails later', [check('failure', 4), ok(1), check('success', 3)], 'failed'],
    ['one fails, the other is missing', [bad(2)], 'failed'],
    ['the second is well again', [check('success', 4), check('failure', 3), check('success', 2), ok(1)], 'live 4'],
  ]
  for (const [why, signals, expected] of table) assert.equal(say(look([signals], { entries })), expected, why)
  const withTimer = [STATUS, { after: 4 * MINUTE }]
  assert.equal(say(look([[ok(1)]], { entries: withTimer })), 'live 4')
  const waits = look([[ok(1)]], { entries: withTimer, now: LANDED + 2 * MINUTE })
  assert.deepEqual([waits.state, 'until' in waits && waits.until], ['not-yet', LANDED + 4 * MINUTE + 1000])
})

test('a time before the landing is clamped to the landing, and a time in the future makes the step wait', () => {
  assert.equal(say(look([[ok(-60)]])), 'live 0')
  assert.equal(say(look([[ok(5)]])), 'live 5')
  // Synchronized clocks differ by a moment. The bake begins at that time, and nothing else changes.
  assert.equal(say(look([[ok(5.5)]])), 'live 5.5')
  const ahead = look([[ok(20)]])
  assert.deepEqual([ahead.state, 'until' in ahead && ahead.until], ['not-yet', LANDED + 20 * MINUTE])
  assert.match(
    liveSentence(ahead),
    /the commit status `kustomization\/apps\/\*` says that it is live from 2026-11-20 12:20:00 UTC, which is in the future, so the sender's clock is wrong/,
  )
  assert.equal(say(look([[ok(20)]], { now: LANDED + 21 * MINUTE })), 'live 20')
  // A later report from a correct clock counts. A later report from a slow clock does not move the time back.
  assert.equal(say(look([[ok(4), ok(20)]])), 'live 4')
  assert.equal(say(look([[ok(-60), ok(4)]])), 'live 4')
  assert.equal(look([[ok(20), bad(3), ok(1)]]).state, 'not-yet')
  assert.equal(look([[bad(20), ok(1)]]).state, 'failed')
})

test('silence is normal for a while, then the gate reports it, and it never turns green', () => {
  const due = LANDED + 30 * MINUTE + 1000
  const before = look([[]], { now: due - 1 })
  assert.deepEqual([before.state, 'until' in before && before.until], ['not-yet', due])
  const after = look([[]], { now: due })
  assert.deepEqual([after.state, 'until' in after], ['overdue', false])
  assert.match(
    liveSentence(after),
    /^overdue: no commit status `kustomization\/apps\/\*` has come for more than 30 min since the step was merged at 2026-11-20 12:00:00 UTC\. Look at the log of the notification controller/,
  )
  assert.equal(look([[]], { now: due + 365 * 24 * 60 * MINUTE }).state, 'overdue')
  assert.equal(say(look([[ok(45)]], { now: LANDED + 50 * MINUTE })), 'live 45')
  const two = look([[]], { entries: [STATUS, CHECK], now: LANDED + 20 * MINUTE })
  assert.deepEqual([two.state, 'until' in two && two.until], ['overdue', due])
})

test('the gate links to the page of the signal that made a step live, or failed', () => {
  const page = { url: 'https://flux.example/1' }
  const live = liveSentence(look([[ok(2), ok(1, page)]]))
  assert.match(live, /according to the commit status \[`[^`]+`\]\(https:\/\/flux\.example\/1\)\.$/)
  assert.match(liveSentence(look([[bad(4, page), ok(1)]])), /status \[`[^`]+`\]\(https:\/\/flux\.example\/1\) failed/)
})

test('reports of other authors do not count, good or bad, and the gate names them', () => {
  const entries: LiveEntry[] = [{ ...STATUS, by: 'flux' }]
  const mallory = { by: ['mallory'] }
  const only = look([[ok(1, mallory), ok(1, { by: [] })]], { entries })
  assert.equal(only.state, 'not-yet')
  assert.match(
    liveSentence(only),
    /Reports by `mallory`, `somebody unknown` do not count, because the config asks for reports by `flux`/,
  )
  assert.equal(say(look([[bad(4, mallory), ok(1)]], { entries })), 'live 1')
  assert.equal(look([[ok(4, mallory), bad(1)]], { entries }).state, 'failed')
  assert.equal(look([[signal('silent', 4, mallory)]], { entries }).state, 'not-yet')
  const overdue = look([[ok(1, mallory)]], { entries, now: LANDED + 60 * MINUTE })
  assert.match(liveSentence(overdue), /^overdue: .*Reports by `mallory` do not count/)
})

test('a writer is named by login or by the slug of its App, in any case', () => {
  const table: [string[], string, boolean][] = [
    [['flux[bot]'], 'flux', true],
    [['Flux[bot]'], 'flux', true],
    [['flux'], 'Flux', true],
    [['flux[bot]'], 'flux[bot]', true],
    [['flux'], 'flux[bot]', false],
    [['influx[bot]'], 'flux', false],
    [['flux-x'], 'flux', false],
    [['alice', 'deployer[bot]'], 'deployer', true],
    [[], 'flux', false],
  ]
  for (const [by, wanted, expected] of table) assert.equal(isBy(by, wanted), expected, `${by.join('+')} ${wanted}`)
})

test('only success is success, failures are failures, and other states are ignored', () => {
  const words = ['success', 'failure', 'error', 'timed_out', 'startup_failure']
  assert.deepEqual(words.map(stateOf), ['success', 'failure', 'failure', 'failure', 'failure'])
  const silent = ['pending', 'queued', 'in_progress', 'inactive', 'neutral', 'skipped', 'cancelled', 'stale']
  for (const word of [...silent, 'action_required', '', 'SUCCESS', 'constructor', '__proto__', null, undefined])
    assert.equal(stateOf(word), 'silent', String(word))
})

test('a pattern’s star stands for anything, and nothing else in it is special', () => {
  assert.ok(matcher('a/*')('a/b/c'))
  assert.ok(matcher('a.b')('a.b'))
  assert.ok(!matcher('a.b')('axb'))
  assert.ok(!matcher('a/*')('b/a/c'))
  assert.ok(matcher('*b*c*')('abbc\nd'))
  assert.ok(!matcher('*c*b*')('abc'))
  // Characters that the neighbours of a star match are used up.
  assert.ok(!matcher('aa*a')('aa'))
  assert.ok(matcher('aa*a')('aaa'))
})

test('no signals, in any order, make a step live that is not, or from before it landed', () => {
  const anySignal = fc.record({
    source: fc.constantFrom<Signal['source'][]>('status', 'check', 'report'),
    name: fc.constantFrom('kustomization/apps/a', 'kustomization/apps/b', 'x'),
    state: fc.constantFrom<Signal['state'][]>('success', 'failure', 'silent'),
    at: fc.integer({ min: LANDED - 100 * MINUTE, max: NOW + 100 * MINUTE }),
    description: fc.string(),
    by: fc.constantFrom(['flux[bot]'], ['mallory'], []),
  })
  const entries: LiveEntry[] = [{ ...STATUS, by: 'flux' }]
  fc.assert(
    fc.property(fc.array(fc.array(anySignal)), (commits) => {
      const found = look(commits, { entries })
      const counting = commits.flat().filter(({ source, name, by, state }) => {
        return source === 'status' && name !== 'x' && by[0] === 'flux[bot]' && state === 'success'
      })
      if (found.state !== 'live') return liveSentence(found).length > 0
      return counting.length > 0 && found.since > LANDED && liveSentence(found).startsWith('live since')
    }),
    { numRuns: 500 },
  )
})

test('the sentence of a gate names every signal, and says that a timer is weak', () => {
  const entries = [STATUS, CHECK, { after: MINUTE }]
  const check = ok(3, { source: 'check', name: 'argocd/web' })
  assert.equal(
    liveSentence(look([[ok(1), check]], { entries })),
    'live since 2026-11-20 12:03:01 UTC, according to the commit status `kustomization/apps/0c9c2e41` and the check run `argocd/web`, and a timer has run out.',
  )
  assert.match(
    liveSentence(look([[ok(1)]], { entries })),
    /^2 of 3 conditions for live are met\. Waits for a successful check run `argocd\/\*`/,
  )
  assert.match(liveSentence(look([], { entries: [{ after: MINUTE }] })), /counted as live since .* \(weak\)\.$/)
  const failed = look([[bad(1, { description: 'no `@ops` here' })]])
  assert.match(liveSentence(failed), /failed: no \\`@\u200Bops\\` here\. Fix it, or comment `\/canary abort`/)
})

/** The `live` of the only environment. */
function readLive(yaml: string): unknown {
  const config = readConfig(`environments:\n  p: { path: p, live: ${yaml} }\n`)
  return config.ok ? config.value.environments?.['p']?.live : config.error[0]?.message
}

test('the config takes one entry or several, of one kind each', () => {
  const within = 30 * MINUTE
  assert.deepEqual(readLive('{ status: "a/*" }'), [{ status: 'a/*', within }])
  assert.deepEqual(readLive('{ deployment: production }'), [{ deployment: 'production', within }])
  assert.deepEqual(readLive('{ after: 3m }'), [{ after: 3 * MINUTE }])
  assert.deepEqual(readLive('[{ check: a, by: argo, within: 1h }, { report: argocd/web }]'), [
    { check: 'a', by: 'argo', within: 60 * MINUTE },
    { report: 'argocd/web', within },
  ])
  for (const wrong of [
    '[]',
    '{}',
    '{ status: a, check: b }',
    '{ after: 3m, by: x }',
    '{ status: "" }',
    '{ other: x }',
    'x',
  ])
    assert.equal(typeof readLive(wrong), 'string', wrong)
  assert.match(String(readLive('{ status: a, check: b }')), /each with exactly one of status, check, deployment/)
})

const UNNAMED = { stable: undefined, canary: undefined }

test('if one file moves several environments, the signals of all of them are required, once each', () => {
  const config = readConfig(`environments:
  eu: { path: eu, live: [{ status: a, by: flux }, { check: b }] }
  us: { path: us, live: { check: b } }
  asia: { path: asia }
`)
  assert.ok(config.ok)
  const liveIn = (...environments: string[]): readonly LiveEntry[] =>
    settingsOf(config.value, { name: 'web', config: DEFAULT_SERVICE, names: UNNAMED }, environments).live
  const within = 30 * MINUTE
  const [a, b, timer] = [{ status: 'a', by: 'flux', within }, { check: 'b', within }, { after: 3 * MINUTE }]
  assert.deepEqual(liveIn('eu', 'us'), [a, b])
  assert.deepEqual(liveIn('us'), [b])
  // An environment without `live` has the timer, and the others' entries do not apply to it.
  assert.deepEqual(liveIn('us', 'asia'), [b, timer])
  assert.deepEqual(liveIn('unknown'), [timer])
  assert.deepEqual(liveIn(), [timer])
})

test('authors whose reports do not count are named, once each, and no others', () => {
  const entries: LiveEntry[] = [{ status: 'kustomization/apps/*', by: 'flux[bot]', within: 30 * MINUTE }]
  const by = (...names: string[]): Partial<Signal> => ({ by: names })
  const strangers = (...signals: Signal[]): unknown => {
    const found = look([signals], { entries })
    return 'parts' in found
      ? found.parts.map(({ found: part }) => ('strangers' in part ? part.strangers : part.state))
      : found
  }
  assert.deepEqual(strangers(ok(3, by('mallory')), ok(2, by('mallory')), ok(1, by())), [
    ['mallory', 'somebody unknown'],
  ])
  assert.deepEqual(strangers(ok(3, by('mallory')), signal('silent', 1)), [['mallory']])
  assert.equal(say(look([[bad(3, by('mallory')), ok(1)]], { entries })), 'live 1')
})
