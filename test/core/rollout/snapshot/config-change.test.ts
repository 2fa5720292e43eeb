/** The effect of a pull request's config on the names and shares of rollouts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raisedByConfig, renamedByConfig } from '../../../../src/core/rollout/snapshot/config-change.ts'
import { standingOf } from '../../../../src/core/rollout/standing.ts'
import { targetName } from '../../../../src/core/rollout/target.ts'
import { argoRollout, splitRoute } from '../../../owners.ts'
import { snapshotOf, targetOf, virtualService } from '../../samples.ts'

test('a config must keep the name of a rollout under way, but not of one whose share cannot be read', () => {
  const config = (name: string): object => ({ environments: { [name]: { path: 'apps' } } })
  const renamed = (text: string): readonly string[] => {
    const files = { 'apps/vs.yaml': text }
    const before = snapshotOf(files, config('production'))
    const sides = { before, after: before, next: snapshotOf(files, config('prod')) }
    return renamedByConfig(sides).map(({ target }) => targetName(target))
  }
  const running = virtualService(75, 25)
  assert.deepEqual(renamed(running), ['production/api-service'])
  assert.deepEqual(renamed(virtualService(100, 0)), [])
  const unreadable = running.replace('weight: 25', 'weight: some')
  assert.equal(standingOf(targetOf({ 'vs.yaml': unreadable })).share, 'unknown')
  assert.deepEqual(renamed(unreadable), [])
})

type Files = Readonly<Record<string, string>>

/** A config with an environment for each folder. */
function foldersAs(folders: Readonly<Record<string, string>>, services: object = {}): object {
  const environments = Object.entries(folders).map(([name, path]) => [name, { path }])
  return { environments: Object.fromEntries(environments), services }
}

/** The rollouts that a pull request's config renames or drops, and those to which it gives more traffic. */
function changed(next: object, { files, after = files }: { readonly files: Files; readonly after?: Files }): string {
  const base = foldersAs({ production: 'apps', staging: 'tests' })
  const sides = { before: snapshotOf(files, base), after: snapshotOf(after, base), next: snapshotOf(after, next) }
  const named = (all: ReturnType<typeof renamedByConfig>): string =>
    all.map(({ target }) => targetName(target)).join(' ') || 'none'
  return `renamed ${named(renamedByConfig(sides))}, raised ${named(raisedByConfig(sides))}`
}

const ROUTES = {
  'apps/vs.yaml': virtualService(75, 25),
  'tests/vs.yaml': virtualService(50, 50),
  'more/vs.yaml': virtualService(10, 90),
  'less/vs.yaml': virtualService(99, 1),
  'odd/vs.yaml': virtualService(50, 50).replace('weight: 50 ', 'weight: half '),
}

test('a config renames a rollout whose environment or service it drops, and raises one whose route it takes from another folder', () => {
  const service = { other: { route: { kind: 'VirtualService', name: 'api-service' } } }
  const table: readonly (readonly [string, object, string])[] = [
    ['the same', foldersAs({ production: 'apps', staging: 'tests' }), 'renamed none, raised none'],
    ['dropped', foldersAs({ production: 'apps' }), 'renamed staging/api-service, raised none'],
    [
      'another service',
      foldersAs({ production: 'apps', staging: 'tests' }, service),
      'renamed production/api-service staging/api-service, raised none',
    ],
    [
      'a new environment',
      foldersAs({ production: 'apps', staging: 'tests', more: 'more' }),
      'renamed none, raised none',
    ],
    ['swapped', foldersAs({ production: 'tests', staging: 'apps' }), 'renamed none, raised production/api-service'],
    [
      'a folder with a higher share',
      foldersAs({ production: 'apps', staging: 'more' }),
      'renamed none, raised staging/api-service',
    ],
    ['with a lower share', foldersAs({ production: 'less', staging: 'tests' }), 'renamed none, raised none'],
    [
      'with an unknown share',
      foldersAs({ production: 'odd', staging: 'tests' }),
      'renamed none, raised production/api-service',
    ],
    [
      'another name for the same folder',
      foldersAs({ prod: 'apps', staging: 'tests' }),
      'renamed production/api-service, raised none',
    ],
    [
      'another name and another folder',
      foldersAs({ prod: 'more', staging: 'tests' }),
      'renamed production/api-service, raised prod/api-service',
    ],
  ]
  for (const [what, next, expected] of table) assert.equal(changed(next, { files: ROUTES }), expected, what)
})

test('a config that renames an environment may not raise its route in the same pull request', () => {
  const next = foldersAs({ prod: 'apps', staging: 'tests' })
  const after = (canary: number): Files => ({ ...ROUTES, 'apps/vs.yaml': virtualService(100 - canary, canary) })
  const renamed = 'renamed production/api-service, raised'
  assert.equal(changed(next, { files: ROUTES, after: after(26) }), `${renamed} prod/api-service`)
  assert.equal(changed(next, { files: ROUTES, after: after(24) }), `${renamed} none`)
  assert.equal(changed(next, { files: ROUTES, after: after(0) }), `${renamed} none`)
})

test('a config may rename a rollout whose route goes, or that a controller moves', () => {
  const next = foldersAs({ prod: 'apps', staging: 'tests' })
  const { 'apps/vs.yaml': _, ...others } = ROUTES
  assert.equal(changed(next, { files: ROUTES, after: others }), 'renamed none, raised none')
  const owned = { ...ROUTES, 'apps/vs.yaml': `${splitRoute(20)}---\n${argoRollout()}` }
  assert.equal(changed(next, { files: owned }), 'renamed none, raised none')
})
