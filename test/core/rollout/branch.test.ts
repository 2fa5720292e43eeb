import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  branchOf,
  branchPart,
  isBranchFor,
  isMisplaced,
  isStep,
  isStepOf,
  isWaveStep,
  kindOf,
  madeFor,
  mayBeFor,
  moveOf,
} from '../../../src/core/rollout/branch.ts'
import type { Move } from '../../../src/core/rollout/move.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { pullRequest, sample, targetsOf, virtualService } from '../samples.ts'

const MAIN = { ref: 'main', isDefault: true }
const RELEASE = { ref: 'release/1', isDefault: false }
const to25: Move = { kind: 'share', from: 5, to: 25 }

test('a step’s branch names base, environment, service and share', () => {
  const table: readonly [typeof MAIN, string, string, Move, string][] = [
    [MAIN, 'production', 'api-service', to25, 'canary/production/api-service/25'],
    [RELEASE, 'production', 'api-service', to25, 'canary/@release=2F1/production/api-service/25'],
    [{ ref: 'production', isDefault: false }, 'web', 'x', to25, 'canary/@production/web/x/25'],
    [MAIN, 'eu+us', 'web', { kind: 'share', from: 5, to: 12.5 }, 'canary/eu+us/web/12.5'],
    [MAIN, 'a.b', 'web', { kind: 'rollback', from: 5 }, 'canary/a=2Eb/web/0'],
    [MAIN, 'a/b', 'web', { kind: 'finish-version', from: 'v1', to: 'v2' }, 'canary/a=2Fb/web/finish'],
    [MAIN, 'ä', '', { kind: 'finish-weights' }, 'canary/=C3=A4/==/0'],
  ]
  for (const [base, environment, service, move, expected] of table)
    assert.equal(branchOf(base, { environment, service }, move), expected)
})

test('two names never become one, and each is a legal part of a ref', () => {
  const pairs: readonly [string, string][] = [
    ['a.b', 'a/b'],
    ['a.b', 'a-b'],
    ['a=2Eb', 'a.b'],
    ['a b', 'a  b'],
    ['x'.repeat(200), 'x'.repeat(201)],
    [`${'x'.repeat(90)}1`, `${'x'.repeat(90)}2`],
    ['ü'.repeat(40), `${'ü'.repeat(40)}x`],
    ['', '='],
    ['.lock', 'lock'],
  ]
  for (const [one, other] of pairs) assert.notEqual(branchPart(one), branchPart(other), `${one} ${other}`)
  const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), fc.string({ unit: 'grapheme', maxLength: 90 }))
  fc.assert(
    fc.property(name, name, (one, other) => {
      for (const part of [branchPart(one), branchPart(other)]) assert.match(part, /^[A-Za-z0-9+_=-]{1,60}$/)
      if (one.toWellFormed() !== other.toWellFormed()) assert.notEqual(branchPart(one), branchPart(other))
    }),
    { numRuns: 2_000 },
  )
})

test('a pull request is a step of a rollout only if author, branch and base match', () => {
  const target = { environment: 'production', service: 'web' }
  const step = pullRequest(1, 'canary/production/web/25')
  const onRelease = { ...step.base, ...RELEASE }
  const other = { ...step, head: { ...step.head, ref: 'canary/@release=2F1/production/web/25' } }
  const table: readonly [string, typeof step, boolean][] = [
    ['ours', step, true],
    ['a person’s', { ...step, author: { login: 'alice', isBot: false } }, false],
    ['from a fork', { ...step, head: { ...step.head, isFork: true } }, false],
    ['retargeted', { ...step, base: onRelease }, false],
    ['for the other base', { ...other, base: onRelease }, true],
    ['for the other base, retargeted', other, false],
    ['of another service', { ...step, head: { ...step.head, ref: 'canary/production/web2/25' } }, false],
  ]
  for (const [what, pull, expected] of table) assert.equal(isStepOf(target, pull, 'perch[bot]'), expected, what)
})

test('a step’s branch tells which move it proposes from the state of the base branch', () => {
  const table: readonly [string, [number, number], [string, string], Move | undefined][] = [
    ['canary/d/api/25', [95, 5], ['v1', 'v2'], { kind: 'share', from: 5, to: 25 }],
    ['canary/d/api/12.5', [95, 5], ['v1', 'v2'], { kind: 'share', from: 5, to: 12.5 }],
    ['canary/d/api/0', [95, 5], ['v1', 'v2'], { kind: 'rollback', from: 5 }],
    ['canary/d/api/0', [0, 100], ['v2', 'v2'], { kind: 'finish-weights' }],
    ['canary/d/api/finish', [0, 100], ['v1', 'v2'], { kind: 'finish-version', from: 'v1', to: 'v2' }],
    ['canary/d/api/plan', [95, 5], ['v1', 'v2'], undefined],
    ['canary/d/api/101', [95, 5], ['v1', 'v2'], undefined],
  ]
  for (const [branch, weights, versions, expected] of table) {
    const move = moveOf(branch, standingOf(sample(...weights, versions)))
    assert.deepEqual(move, expected, branch)
    if (move !== undefined) assert.ok(isBranchFor(branch, move))
  }
})

test('open steps keep the names of their branches in later versions of Perch', () => {
  assert.equal(branchPart('x'.repeat(60)), 'x'.repeat(60))
  assert.equal(branchPart('x'.repeat(61)), 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx==0c0h4xj1scyitd')
  assert.equal(
    branchPart(`eu-west-1/${'shop'.repeat(20)}`),
    'eu-west-1=2Fshopshopshopshopshopshopshopshop==00tr6ek1rmgiim',
  )
  assert.equal(branchPart('a~b'), 'a=7Eb')
})

test('switches and limits have branches of their own, and a limit is no step', () => {
  const target = { environment: 'a', service: 'web' }
  const change: Move = { kind: 'switch', from: 'blue', to: 'green/2' }
  assert.equal(branchOf(MAIN, target, change), 'switch/a/web/green=2F2')
  const pull = (ref: string) => pullRequest(1, ref)
  assert.equal(isStep(pull('switch/a/web/green'), 'perch[bot]'), true)
  assert.equal(isStep(pull('canary/a/web/5'), 'perch[bot]'), true)
  assert.equal(isStep(pull('perch/limit/a/web/5'), 'perch[bot]'), false)
  assert.equal(isStepOf(target, pull('switch/a/web/green'), 'perch[bot]'), true)
  assert.equal(kindOf('switch/a/web/0', 'idle'), 'switch')
  assert.equal(kindOf('canary/a/web/finish', 'idle'), 'finish-version')
  assert.equal(kindOf('canary/a/web/5', 'finishing-weights'), 'share')
  assert.equal(kindOf('canary/a/web/0', 'finishing-weights'), 'finish-weights')
  assert.equal(kindOf('canary/a/web/0', 'stepping'), 'rollback')
})

test('a step is misplaced if its base is not the branch that it was made for', () => {
  const pull = (ref: string, base: object) => ({
    ...pullRequest(1, ref),
    base: { ...pullRequest(1, ref).base, ...base },
  })
  const [onMain, onRelease] = ['canary/a/web/5', 'canary/@release=2F1/a/web/5']
  assert.equal(isMisplaced(pull(onMain, MAIN)), false)
  assert.equal(isMisplaced(pull(onMain, RELEASE)), true)
  assert.equal(isMisplaced(pull(onRelease, RELEASE)), false)
  assert.equal(isMisplaced(pull(onRelease, MAIN)), true)
  const bases = ['main', 'release/1', 'release/2']
  assert.equal(madeFor(pull(onMain, RELEASE), 'main', bases), 'main')
  assert.equal(madeFor(pull(onRelease, MAIN), 'main', bases), 'release/1')
  assert.equal(madeFor(pull('canary/@gone/a/web/5', MAIN), 'main', bases), undefined)
  // The branch that it was made for is the default branch now, and steps on that have other names.
  assert.equal(madeFor(pull(onRelease, MAIN), 'release/1', bases), undefined)
})

test('a step of a wave has the name of all its environments', () => {
  const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}/vs.yaml`, virtualService(95, 5)]))
  const config = { services: { 'api-service': { waves: [['a', 'b'], ['c']] } } }
  const targets = targetsOf(files, config)
  const waveOf = (ref: string): readonly string[] =>
    targets.filter((target) => isWaveStep(target, pullRequest(1, ref))).map(({ environment }) => environment)
  assert.deepEqual(waveOf('canary/a+b/api-service/25'), ['a', 'b'])
  assert.deepEqual(waveOf('canary/a/api-service/25'), [])
  assert.deepEqual(waveOf('canary/c/api-service/25'), [])
  assert.deepEqual(waveOf('canary/a+b/other/25'), [])
  const meant = (ref: string): readonly string[] =>
    targets.filter((target) => mayBeFor(ref, target)).map(({ environment }) => environment)
  assert.deepEqual(meant('canary/a+b/api-service/25'), ['a', 'b'])
  assert.deepEqual(meant('canary/@release/a/api-service/25'), ['a'])
  assert.deepEqual(meant('canary/all/api-service/25'), ['a', 'b', 'c'])
  assert.deepEqual(meant('canary/c/api-service/25'), ['c'])
  assert.deepEqual(meant('canary/c/other/25'), [])
  assert.deepEqual(meant('api-service/c/25'), [])
})
