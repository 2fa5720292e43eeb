import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { protectionGaps } from '../../../src/core/gate/protection.ts'
import { commitReports, type MergeReports } from '../../../src/core/message/check/commit-checks.ts'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { protectionNote } from '../../../src/core/problem/merge.ts'
import type { Conclusion } from '../../../src/core/rollout/facts.ts'

const CONCLUSIONS = ['success', 'action_required', 'failure'] as const satisfies Conclusion[]

function merge(pull: number | undefined, base: string, conclusion: Conclusion, judgedFor = base): MergeReports {
  const said = { conclusion, title: `${conclusion} of ${pull ?? 'queue'}`, summary: 'Words.' }
  const validate = { name: 'canary/validate', ...said } as const
  return { pull, base, judgedFor, validate, gate: { ...validate, name: 'canary/gate' } }
}

function gateOf(merges: readonly MergeReports[]): {
  conclusion: Conclusion | undefined
  title: string
  summary: string
} {
  const report = commitReports(merges).find(({ name }) => name === 'canary/gate')
  assert.ok(report)
  assert.equal(report.subjects?.length, merges.length)
  return report
}

test('a commit is as good as the worst of its merges, which it names', () => {
  const one = gateOf([merge(7, 'main', 'success')])
  assert.deepEqual([one.conclusion, one.title], ['success', 'success of 7'])
  assert.match(one.summary, /Judged: #7 into `main`/)
  const two = gateOf([merge(7, 'main', 'success'), merge(9, 'release', 'action_required')])
  assert.deepEqual([two.conclusion, two.title], ['action_required', '#9: action_required of 9'])
  assert.match(two.summary, /2 possible merges contain this commit[\s\S]*✅ #7 into `main`[\s\S]*⏳ #9 into `release`/)
  assert.equal(gateOf([merge(undefined, 'main', 'success'), merge(9, 'main', 'failure')]).conclusion, 'failure')
  assert.equal(gateOf([merge(7, 'main', 'action_required'), merge(9, 'main', 'failure')]).conclusion, 'failure')
})

test('a merge into a branch that nothing deploys counts only where no other one brings the commit there', () => {
  const stacked = merge(9, 'feature', 'action_required', 'main')
  const direct = gateOf([merge(7, 'main', 'success'), stacked])
  assert.deepEqual([direct.conclusion, direct.title], ['success', 'success of 7'])
  assert.match(
    direct.summary,
    /Nothing deploys the base of #9 into `feature`, so that merge itself does not need Perch\./,
  )
  const elsewhere = gateOf([merge(7, 'release', 'success'), stacked])
  assert.equal(elsewhere.conclusion, 'action_required')
  assert.match(gateOf([stacked]).summary, /what a merge of this commit into `main` needs\. Approvals and overrides/)
})

test('whatever merges a commit has, it is green only if each that counts is, and further ones never make it better', () => {
  const any = fc.record({
    pull: fc.integer({ min: 1, max: 9 }),
    base: fc.constantFrom('main', 'release', 'feature'),
    conclusion: fc.constantFrom(...CONCLUSIONS),
  })
  fc.assert(
    fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), (drafts) => {
      const merges = drafts.map(({ pull, base, conclusion }) =>
        merge(pull, base, conclusion, base === 'feature' ? 'main' : base),
      )
      const isGreen = gateOf(merges).conclusion === 'success'
      const deployed = merges.filter(({ base }) => base !== 'feature')
      if (isGreen) assert.ok(deployed.every(({ gate }) => gate.conclusion === 'success'))
      // A decoy. Whatever it is, it must not turn anything green.
      const decoyed = [...merges, merge(99, 'feature', 'success', 'main')]
      if (!isGreen) assert.notEqual(gateOf(decoyed).conclusion, 'success')
    }),
  )
})

test('checks that a branch does not require are reported, unless GitHub does not show them', () => {
  const ours = (['canary/validate', 'canary/gate'] as const).map((name) => ({ name, isOurs: true }))
  const good = { checks: ours, isUpToDate: undefined, hasQueue: false, sparesAdmins: false }
  assert.deepEqual(protectionGaps(good), [])
  assert.equal(protectionNote('main', []), undefined)
  assert.deepEqual(protectionGaps({ ...good, isUpToDate: false, hasQueue: true }), [])
  const bad = {
    checks: [{ name: 'canary/gate', isOurs: false }],
    isUpToDate: false,
    hasQueue: false,
    sparesAdmins: true,
  }
  assert.deepEqual(
    protectionGaps(bad).map(({ code }) => code),
    ['not-required', 'not-ours', 'spares-admins', 'not-up-to-date'],
  )
  const note = protectionNote('main', protectionGaps(bad))
  assert.ok(note)
  assert.equal(
    explainProblem(note).what,
    '`main` does not require `canary/validate`, so people can merge without a green check. `main` accepts `canary/gate` from any App. ' +
      'Administrators may merge into `main` without the checks. ' +
      '`main` does not require branches to be up to date, and has no merge queue.',
  )
  for (const [gap, words] of [
    [{ ...good, sparesAdmins: true }, 'Administrators may merge into `main` without the checks.'],
    [{ ...good, isUpToDate: false }, '`main` does not require branches to be up to date, and has no merge queue.'],
  ] as const) {
    const one = protectionNote('main', protectionGaps(gap))
    assert.equal(one && explainProblem(one).what, words)
  }
})
