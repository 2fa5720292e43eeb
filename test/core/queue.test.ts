import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GroupPart, moversOf, raisersOf } from '../../src/core/gate/queue.ts'

const ROUTE = 'production VirtualService default/api'

function part(pull: number, share: number, over: Partial<GroupPart> & { readonly stable?: string } = {}): GroupPart {
  const { stable = 'v1', ...rest } = over
  const routes = new Map([[ROUTE, { share, stable, key: `${share} ${stable}` }]])
  return { name: `#${pull}`, pull, routes, touches: new Set(), ...rest }
}

const base = part(0, 5).routes

function moves(parts: readonly GroupPart[], isHidden = false): readonly string[] {
  const change = { routes: [ROUTE], environments: ['production'], isHidden }
  return moversOf(change, base, parts).map(({ name }) => name)
}

test('who raises a route is told by what each part of a group does after the one before it', () => {
  assert.deepEqual(raisersOf(ROUTE, base, [part(1, 5), part(2, 25), part(3, 25)]), ['#2'])
  assert.deepEqual(raisersOf(ROUTE, base, [part(1, 25), part(2, 10), part(3, 25)]), ['#1', '#3'])
  assert.deepEqual(raisersOf(ROUTE, base, [part(1, 5, { stable: 'v2' }), part(2, 5, { stable: 'v2' })]), ['#1'])
  assert.deepEqual(raisersOf('staging VirtualService default/api', base, [part(1, 25)]), [])
})

test('a change is of those that move the route, also downwards', () => {
  assert.deepEqual(moves([part(1, 5), part(2, 25), part(3, 25)]), ['#2'])
  assert.deepEqual(moves([part(1, 50), part(2, 25)]), ['#1', '#2'])
  assert.deepEqual(moves([part(1, 5)]), [])
})

test('what weights do not show may be of everybody who touches the environment', () => {
  const touching = { touches: new Set(['production']) }
  assert.deepEqual(moves([part(1, 5, touching), part(2, 25), part(3, 25, { touches: new Set(['staging']) })], true), [
    '#1',
    '#2',
  ])
  assert.deepEqual(moves([part(1, 5, touching), part(2, 25)]), ['#2'])
})
