/** The steps of rollouts whose environments move in waves: together, apart, or back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AnalysisReport } from '../../../src/core/analysis/report.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { targetName } from '../../../src/core/rollout/target.ts'
import type { OpenStep, RolloutFacts } from '../../../src/core/rollout/transition.ts'
import { abortAll, asOne, type Convoy, decideAll } from '../../../src/core/wave/convoy.ts'
import { destinationRule, pullRequest, targetsOf, virtualService } from '../samples.ts'

interface Situation {
  /** The canary's share in each environment. */
  readonly shares: Readonly<Record<string, number>>
  readonly versions?: Readonly<Record<string, string>>
  readonly services?: readonly string[]
  readonly waves?: readonly (readonly string[])[]
  readonly settings?: object
  readonly live?: Readonly<Record<string, string>>
  /** More facts about a rollout, by its name. */
  readonly facts?: Readonly<Record<string, Partial<RolloutFacts>>>
}

function rollouts(situation: Situation): readonly RolloutFacts[] {
  const { shares, versions = {}, services = ['web'], waves = [['a', 'b'], ['c']], settings, facts = {} } = situation
  const files = Object.entries(shares).flatMap(([environment, share]) =>
    services.flatMap((name) => {
      const route = virtualService(100 - share, share, { 'canary-percentage': String(share), pr: '7' })
      const rule = destinationRule('v1', versions[environment] ?? 'v2')
      const named = (text: string): string => text.replaceAll('api-service', name)
      return [
        [`${environment}/${name}.yaml`, named(route)] as const,
        [`${environment}/${name}-rule.yaml`, named(rule)] as const,
      ]
    }),
  )
  const environments = Object.keys(shares).map((name) => [
    name,
    { path: name, live: { status: situation.live?.[name] ?? 'flux' } },
  ])
  const config = {
    environments: Object.fromEntries(environments),
    services: Object.fromEntries(services.map((name) => [name, { waves, steps: [5, 25, 100], ...settings }])),
    annotationPrefix: 'gitops.example.com',
  }
  return targetsOf(Object.fromEntries(files), config).map((target) => ({
    standing: standingOf(target),
    open: [],
    stoppedByHand: false,
    rollbackRefused: false,
    ...facts[targetName(target)],
  }))
}

function open(number: number, branch: string, over: Partial<OpenStep> = {}): OpenStep {
  return { pull: pullRequest(number, branch), kind: 'share', fits: true, ...over }
}

function said(convoys: readonly Convoy[]): readonly string[] {
  return convoys.map(({ rollout, members, steps }) => {
    const words = steps.map((step) => {
      if (step.type === 'close') return `close #${step.pull.number} ${step.reason}`
      if (step.type === 'hold') return 'hold'
      return `${step.type} ${step.move.kind} ${'to' in step.move ? step.move.to : ''}`.trim()
    })
    return `${targetName(rollout.standing.target)} (${members.length}): ${words.join(', ')}`
  })
}

const FAILED: AnalysisReport = {
  outcome: 'fail',
  isFailure: true,
  isComplete: true,
  from: 0,
  until: 1,
  ends: 1,
  next: 2,
  server: 'default',
  failureLimit: 0,
  checks: [],
}

test('environments of a wave at the same step take the next one in one pull request, and others each their own', () => {
  assert.deepEqual(said(decideAll(rollouts({ shares: { a: 5, b: 5, c: 5 } }))), [
    'a+b/web (2): propose share 25',
    'c/web (1): propose share 25',
  ])
  assert.deepEqual(said(decideAll(rollouts({ shares: { a: 5, b: 25, c: 5 } }))), [
    'a/web (1): propose share 25',
    'b/web (1): propose share 100',
    'c/web (1): propose share 25',
  ])
  assert.deepEqual(said(decideAll(rollouts({ shares: { a: 5, b: 5 }, versions: { b: 'v3' }, waves: [['a', 'b']] }))), [
    'a/web (1): propose share 25',
    'b/web (1): propose share 25',
  ])
})

test('a wave without one of its environments does not move as one', () => {
  const [a, b, c] = rollouts({ shares: { a: 5, b: 5, c: 5 }, waves: [['a', 'b', 'c']] })
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  assert.equal(asOne([a, b, c])?.standing.target.environment, 'a+b+c')
  assert.equal(asOne([a, b]), undefined)
  assert.equal(asOne([a]), undefined)
  assert.equal(asOne([]), undefined)
})

test('a wave is live when each of its environments is, and a person who stops one stops all', () => {
  const wave = (facts: Situation['facts'] = {}) =>
    asOne(rollouts({ shares: { a: 5, b: 5 }, waves: [['a', 'b']], live: { b: 'argocd' }, facts }))
  const entries = wave()?.standing.target.settings.live.map((entry) => ('status' in entry ? entry.status : ''))
  assert.deepEqual(entries, ['flux', 'argocd'])
  assert.deepEqual([wave()?.stoppedByHand, wave()?.rollbackRefused, wave()?.failedIn], [false, false, undefined])
  assert.equal(wave({ 'b/web': { stoppedByHand: true } })?.stoppedByHand, true)
  assert.equal(wave({ 'b/web': { rollbackRefused: true } })?.rollbackRefused, true)
  assert.equal(wave({ 'b/web': { failure: FAILED } })?.failedIn, 'b/web')
  assert.equal(wave({ 'b/web': { failure: FAILED, failedIn: 'x/web' } })?.failedIn, 'x/web')
  assert.equal(wave({ 'a/web': { failure: FAILED }, 'b/web': { failure: FAILED } })?.failedIn, 'a/web')
})

test('a pull request of a wave fits if it fits each of its environments, and one of a single environment parts the wave', () => {
  const wave = (one: readonly OpenStep[], other: readonly OpenStep[]) =>
    asOne(
      rollouts({
        shares: { a: 5, b: 5 },
        waves: [['a', 'b']],
        facts: { 'a/web': { open: one }, 'b/web': { open: other } },
      }),
    )?.open.map(({ pull, fits }) => `#${pull.number} ${fits}`)
  const step = open(9, 'canary/a+b/web/25')
  assert.deepEqual(wave([step], [step]), ['#9 true'])
  assert.deepEqual(wave([step], [{ ...step, fits: false }]), ['#9 false'])
  assert.deepEqual(wave([step], []), ['#9 false'])
  assert.equal(wave([step, open(10, 'canary/a/web/25')], [step]), undefined)
})

test('a pull request of a wave whose environments have parted is closed once, after their own steps', () => {
  const unfit = open(9, 'canary/a+b/web/25', { fits: false })
  const parted = { 'a/web': { open: [unfit] }, 'b/web': { open: [unfit] } }
  const waves = [['a', 'b']]
  assert.deepEqual(said(decideAll(rollouts({ shares: { a: 5, b: 25 }, waves, facts: parted }))), [
    'a/web (1): propose share 25',
    'b/web (1): propose share 100, close #9 apart',
  ])
  // A rollback of the wave becomes a rollback of each environment.
  const back = { 'a/web': { open: [{ ...unfit, kind: 'rollback' as const }] } }
  assert.deepEqual(said(decideAll(rollouts({ shares: { a: 5, b: 25 }, waves, facts: back }))), [
    'a/web (1): propose rollback',
    'b/web (1): propose rollback, close #9 apart',
  ])
  // One that still fits an environment is closed by the first that no longer needs it.
  const fitting = { ...unfit, fits: true }
  const both = { 'a/web': { open: [fitting] }, 'b/web': { open: [fitting] } }
  assert.deepEqual(said(abortAll(rollouts({ shares: { a: 5, b: 25 }, waves, facts: both }))), [
    'a/web (1): close #9 aborted, propose rollback',
    'b/web (1): propose rollback',
  ])
})

test('a version that fails in one environment is taken back in all environments of its waves, and nowhere else', () => {
  const decided = (situation: Partial<Situation>, over: Partial<RolloutFacts> = {}) =>
    said(
      decideAll(
        rollouts({
          shares: { a: 5, b: 25, c: 5 },
          waves: [['a'], ['b'], ['c']],
          facts: { 'a/web': { failure: FAILED, ...over } },
          ...situation,
        }),
      ),
    )
  const [a, b, c] = ['a', 'b', 'c'].map((name) => `${name}/web (1): propose rollback`)
  assert.deepEqual(decided({}), [a, b, c])
  assert.deepEqual(decided({ versions: { b: 'v3' } }), [a, 'b/web (1): propose share 100', c])
  assert.deepEqual(
    decided({ services: ['api', 'web'] }).filter((line) => line.includes('api')),
    ['a/api (1): propose share 25', 'b/api (1): propose share 100', 'c/api (1): propose share 25'],
  )
  const on = ['a/web (1): propose share 25', 'b/web (1): propose share 100', 'c/web (1): propose share 25']
  assert.deepEqual(decided({}, { rollbackRefused: true }), on)
  assert.deepEqual(decided({ settings: { onFailure: 'hold' } }), [`${on[0]}, hold`, on[1], on[2]])
})

test('an abort also closes the open steps of single environments, except their rollbacks', () => {
  const openParts = [open(9, 'canary/a/web/25'), open(10, 'canary/b/web/0', { kind: 'rollback' })]
  const facts = { 'a/web': { open: [open(8, 'canary/a/web/5')], openParts } }
  assert.deepEqual(said(abortAll(rollouts({ shares: { a: 0 }, waves: [['a']], facts }))), [
    'a/web (1): close #8 aborted, close #9 aborted',
  ])
})
