/** Why a rollout is not found, if a chart that cannot be rendered may hide it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hiddenBy } from '../../../src/core/refusal/unreadable.ts'

type Parts = Parameters<typeof hiddenBy>
type Known = Parts[1]['problems'][number]

function problem(code: string, environments: readonly string[]): Known {
  return { code, environments, file: 'charts/web', line: 1, cause: { kind: 'manifest' } } as unknown as Known
}

function said(
  environment: string | undefined,
  problems: readonly Known[],
  unrendered: readonly Known[] = [],
  known: readonly string[] = [],
) {
  const refusal = { code: 'no-service', service: 'web', environment, known } as unknown as Parts[0]
  const found = hiddenBy(refusal, { problems, unrendered })
  return found.code === 'unreadable' ? found.problem?.code : found.code
}

test('a chart of the environment that does not render is the reason, and one of another environment is not', () => {
  const broken = problem('build-failed', ['production'])
  assert.equal(said('production', [broken]), 'build-failed')
  assert.equal(said('staging', [broken]), 'no-service')
  assert.equal(said('all', [broken]), 'build-failed')
  assert.equal(said(undefined, [broken]), 'build-failed')
  assert.equal(said('production', [], [broken], ['api']), 'build-failed')
})

test('a problem that hides no rollout is not the reason', () => {
  assert.equal(said(undefined, [problem('weights-all-zero', ['production'])]), 'no-service')
})

test('a template that nothing renders is a hint only if nothing else is known', () => {
  const template = problem('template', [])
  assert.equal(said(undefined, [], [template]), 'template')
  assert.equal(said('production', [], [template]), 'template')
  assert.equal(said(undefined, [], [template], ['api']), 'no-service')
  assert.equal(said(undefined, [], [problem('template', ['production'])]), 'no-service')
})
