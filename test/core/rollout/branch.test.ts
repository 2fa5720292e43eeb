import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { branchOf, branchPart, isBranchFor, isStepOf, moveOf } from '../../../src/core/rollout/branch.ts'
import type { Move } from '../../../src/core/rollout/move.ts'
import { standingOf } from '../../../src/core/rollout/standing.ts'
import { pullRequest, sample } from '../samples.ts'

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
