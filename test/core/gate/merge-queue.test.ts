import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GroupPart, moversOf, raisersOf } from '../../../src/core/gate/queue.ts'

/** The part of each pull request in a merge group in the change of a rollout. Each part is compared with the previous one. */

const WEB = 'production web'

type Routes = GroupPart['routes']

function at(share: number, stable = 'v1', note = ''): Routes {
  return new Map([[WEB, { share, stable, key: `${share} ${stable} ${note}` }]])
}

function part(name: string, routes: Routes, touches: readonly string[] = []): GroupPart {
  return { name, pull: undefined, routes, touches: new Set(touches) }
}

test('a raise in a merge group belongs to the part that raises the share, or changes the stable version under traffic', () => {
  const table: [string, Routes, readonly GroupPart[], readonly string[]][] = [
    ['nobody', at(5), [part('#1', at(5)), part('#2', at(5))], []],
    ['the first', at(5), [part('#1', at(25)), part('#2', at(25))], ['#1']],
    ['the second', at(5), [part('#1', at(5)), part('#2', at(25))], ['#2']],
    ['both, one after the other', at(5), [part('#1', at(25)), part('#2', at(50))], ['#1', '#2']],
    ['one that lowers and one that raises again', at(50), [part('#1', at(5)), part('#2', at(25))], ['#2']],
    ['a start, where no route was', new Map(), [part('#1', at(5))], ['#1']],
    ['a rollback', at(50), [part('#1', at(0))], []],
    ['another stable version under traffic', at(50), [part('#1', at(50, 'v2'))], ['#1']],
    ['another stable version without any', at(0), [part('#1', at(0, 'v2'))], []],
    ['a route that goes', at(50), [part('#1', new Map())], ['#1']],
  ]
  for (const [why, base, parts, expected] of table)
    assert.deepEqual(
      raisersOf(WEB, base, parts).map(({ name }) => name),
      expected,
      why,
    )
})

test('a part takes part in a change if it moves the route, or touches its environment while something is unreadable', () => {
  const parts = [
    part('#1', at(5), ['production']),
    part('#2', at(5, 'v1', 'another weight'), ['staging']),
    part('#3', at(5, 'v1', 'another weight'), []),
  ]
  const movers = (isHidden: boolean, routes = [WEB]): readonly string[] =>
    moversOf({ routes, environments: ['production', 'preview'], isHidden }, at(5), parts).map(({ name }) => name)
  assert.deepEqual(movers(false), ['#2'])
  assert.deepEqual(movers(true), ['#1', '#2'])
  assert.deepEqual(movers(false, []), [])
  assert.deepEqual(movers(true, []), ['#1'])
  assert.deepEqual(movers(true, ['production other']), ['#1'])
})
