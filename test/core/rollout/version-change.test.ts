/** Versions that change behind the destinations of a split, and which change of the weights ends a rollout. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFinish, versionChange } from '../../../src/core/gate/version-change.ts'
import { standingOf, type Standing } from '../../../src/core/rollout/standing.ts'
import { sample } from '../samples.ts'

type Versions = readonly [string, string]

function at(share: number, versions: Versions): Standing {
  return standingOf(sample(100 - share, share, versions))
}

test('only the switch to the measured version ends a rollout', () => {
  const table: readonly (readonly [
    what: string,
    Standing,
    Standing,
    finishes: boolean,
    version: string | undefined,
  ])[] = [
    ['the plan', at(100, ['v2', 'v2']), at(0, ['v2', 'v2']), true, undefined],
    ['another stable version', at(100, ['v2', 'v2']), at(0, ['v3', 'v2']), false, 'stable v2 → v3'],
    ['back to the old stable version', at(100, ['v2', 'v2']), at(0, ['v1', 'v2']), false, 'stable v2 → v1'],
    ['before the versions are one', at(100, ['v1', 'v2']), at(0, ['v1', 'v2']), false, undefined],
    ['both steps at once', at(100, ['v1', 'v2']), at(0, ['v2', 'v2']), false, 'stable v1 → v2'],
    ['the next canary with it: it has no traffic yet', at(100, ['v2', 'v2']), at(0, ['v2', 'v3']), true, undefined],
    ['a share that stays', at(100, ['v2', 'v2']), at(50, ['v2', 'v2']), false, undefined],
    ['another canary under traffic', at(5, ['v1', 'v2']), at(5, ['v1', 'v3']), false, 'canary v2 → v3'],
  ]
  for (const [what, from, to, finishes, words] of table) {
    const version = versionChange(from, to)
    assert.equal(version && `${version.role} ${version.from} → ${version.to}`, words, what)
    assert.equal(isFinish({ from, to, version }), finishes, what)
  }
  assert.equal(isFinish({ from: undefined, to: at(0, ['v2', 'v2']), version: undefined }), false)
})
