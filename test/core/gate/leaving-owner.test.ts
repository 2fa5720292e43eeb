/**
 * The canary's share after a change removes the controller of its route: the share in Git, in the rules that the controller
 * replaced.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leavesUnseen, leavingOwner } from '../../../src/core/gate/leaving-owner.ts'
import { type Standing, standingOf } from '../../../src/core/rollout/standing.ts'
import { argoRollout, flaggerCanary } from '../../owners.ts'
import { targetOf, targetsOf, virtualService } from '../samples.ts'

function standing(canary: number | string, owner = ''): Standing {
  const stable = typeof canary === 'number' ? 100 - canary : 100
  const text = virtualService(stable, 0, {}).replace('weight: 0\n', `weight: ${canary}\n`)
  return standingOf(targetOf({ 'app/all.yaml': `${text.replaceAll('api-service', 'web')}---\n${owner}` }))
}

/** The share that counts after a change, for a route with a rule that sends testers to the canary. */
function left(canary: number | string, before: string, after?: string): number | 'unknown' | undefined {
  return leavingOwner(standing(canary, before), standing(canary, after))?.share
}

test('the weights in Git count if a controller is removed, and nothing changes if it stays or never existed', () => {
  assert.equal(left(30, argoRollout()), 30)
  assert.equal(left(0, argoRollout()), undefined)
  assert.equal(left(30, argoRollout(), argoRollout()), undefined)
  assert.equal(left(30, ''), undefined)
  assert.equal(left(30, '', argoRollout()), undefined)
  assert.equal(leavingOwner(undefined, standing(30)), undefined)
})

test('an unreadable weight may be any', () => {
  assert.equal(left('many', argoRollout()), 'unknown')
})

test('Flagger replaces every rule, so a rule for testers reaches the cluster with the others', () => {
  assert.equal(left(0, flaggerCanary()), 100)
  assert.equal(left(30, flaggerCanary()), 100)
})

const STABLE = '{ destination: { host: web, subset: stable } }'
const CANARY = '{ destination: { host: web, subset: canary } }'
const NEXT = '{ destination: { host: web, subset: next } }'
const split = (share: number): string =>
  [`{ weight: ${100 - share}, ${STABLE.slice(2)}`, `{ weight: ${share}, ${CANARY.slice(2)}`].join(', ')

/** A route whose rules have these lists of destinations. A rule with a match is for testers. */
function routeTo(rules: readonly (readonly [routes: string, match?: string])[], name = 'web'): string {
  const items = rules.map(([routes, match = '']) => `    - { ${match}route: [${routes}] }\n`)
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name} }
spec:
  hosts: [${name}]
  http:
${items.join('')}---
`
}

/** What is in another environment, so that the folders have names. */
const MORE = routeTo([[STABLE]], 'more')

interface Folders {
  readonly app: string
  readonly more?: string
}

/** A pull request leaves these texts in two environments. Before, Argo Rollouts wrote the route `web` of `app`. */
function isUnseen(after: Folders, before: Partial<Folders> = {}): boolean {
  const read = ({ app, more = MORE }: Folders) => targetsOf({ 'app/all.yaml': app, 'more/all.yaml': more })
  const base = read({ app: routeTo([[split(0)]]) + argoRollout(), ...before })
  const known = base.find(({ environment, route }) => environment === 'app' && route.name === 'web')
  assert.ok(known !== undefined)
  return leavesUnseen(known, base, read(after))
}

test('a pull request that removes a controller may not send everybody to destinations that its route did not have', () => {
  const testers = 'match: [{ headers: { x-tester: { exact: "1" } } }], '
  assert.deepEqual(
    [
      routeTo([[STABLE]]),
      routeTo([[CANARY]]),
      routeTo([[NEXT]]),
      routeTo([[NEXT, testers], [STABLE]]),
      routeTo([[STABLE, testers], [NEXT]]),
      routeTo([[STABLE]]).replace(
        'http:\n',
        'http:\n    - { match: [{ uri: { exact: / } }], redirect: { uri: /home } }\n',
      ),
      // Gates see a split, and a controller goes on by itself.
      routeTo([[split(50)]]),
      routeTo([[CANARY]]) + argoRollout(),
    ].map((app) => isUnseen({ app })),
    [false, true, true, false, true, false, false, false],
  )
})

test('without a controller before, a pull request moves the traffic where gates see it', () => {
  assert.equal(isUnseen({ app: routeTo([[CANARY]]) }, { app: routeTo([[split(50)]]) }), false)
  assert.equal(isUnseen({ app: routeTo([[CANARY]]) }, { app: routeTo([[STABLE]]) + argoRollout() }), false)
})

test('a new route of the same hosts in the same environment takes over the requests of a route that goes with its controller', () => {
  const heir = routeTo([[split(50)]], 'heir')
  const rolled = argoRollout({ routing: 'istio: { virtualService: { name: heir } }' })
  assert.equal(isUnseen({ app: heir }), true)
  assert.equal(isUnseen({ app: '' }), false)
  assert.equal(isUnseen({ app: heir.replaceAll('host: web', 'host: foreign') }), false)
  assert.equal(isUnseen({ app: routeTo([[split(0)]], 'heir') }), false)
  assert.equal(isUnseen({ app: '', more: heir }), false)
  assert.equal(isUnseen({ app: heir + rolled }), false)
})

test('a route with the name of one in another environment is new too, and one that was there before is not', () => {
  const heir = routeTo([[split(50)]], 'heir')
  assert.equal(isUnseen({ app: heir, more: heir }, { more: heir }), true)
  assert.equal(isUnseen({ app: heir }, { app: routeTo([[split(0)]]) + heir + argoRollout() }), false)
})
