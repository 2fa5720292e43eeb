/** What a rollout is called, where it began, and what the config asks of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAtLeast } from '../../../src/core/rollout/facts.ts'
import { movedRoutes, nextStep, originPull, planOf, targetName, together } from '../../../src/core/rollout/target.ts'
import { targetOf, targetsOf, virtualService } from '../samples.ts'

const ANNOTATED = { annotationPrefix: 'gitops.example.com' }

test('a rollout began with the pull request in its annotation, if that is a number', () => {
  const origin = (pr: string) =>
    originPull(targetOf({ 'vs.yaml': virtualService(95, 5, { 'canary-percentage': '5', pr }) }, ANNOTATED))
  assert.equal(origin('7'), 7)
  for (const pr of ['0', '-1', '1.5', 'x', '']) assert.equal(origin(pr), undefined, pr)
  assert.equal(originPull(targetOf({ 'vs.yaml': virtualService(95, 5, {}) }, ANNOTATED)), undefined)
})

test('a plan in the annotation counts if its shares rise and end at most at 100', () => {
  const config = { ...ANNOTATED, services: { 'api-service': { steps: [50, 100] } } }
  const plan = (steps: string): string =>
    planOf(targetOf({ 'vs.yaml': virtualService(95, 5, { 'canary-percentage': '5', steps }) }, config)).join()
  for (const [steps, expected] of [
    ['5,25,100', '5,25,100'],
    ['0.5', '0.5'],
    ['5,5', '50,100'],
    ['25,5', '50,100'],
    ['0,5', '50,100'],
    ['5,101', '50,100'],
    ['5,x', '50,100'],
    ['', '50,100'],
  ] as const)
    assert.equal(plan(steps), expected, steps)
  assert.deepEqual(
    [0, 4, 5, 99, 100].map((share) => nextStep([5, 50], share)),
    [5, 5, 50, 100, undefined],
  )
})

test('several rollouts of one command have the name of their wave, or are all', () => {
  const files = Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}/vs.yaml`, virtualService(95, 5)]))
  const services = { 'api-service': { waves: [['a', 'b'], ['c']] } }
  const [a, b, c] = targetsOf(files, { services })
  assert.ok(a !== undefined && b !== undefined && c !== undefined)
  const named = (...targets: readonly (typeof a)[]): string => {
    const one = together(targets, a)
    return `${targetName(one)} ${one.environments.join()}`
  }
  assert.equal(named(a), 'a/api-service a')
  assert.equal(named(a, b), 'a+b/api-service a,b')
  assert.equal(named(a, b, c), 'all/api-service a,b,c')
  assert.equal(named(a, c), 'all/api-service a,c')
  const [first, second] = targetsOf(files)
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(targetName(together([first, second], first)), 'all/api-service')
})

test('a rollout moves its route in each environment, and each service of a route by itself', () => {
  const route = (name: string, host: string): string =>
    `    - name: ${name}\n      route:\n        - { destination: { host: ${host} }, weight: 90 }\n        - { destination: { host: ${host}-canary }, weight: 10 }\n`
  const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: edge }\nspec:\n  hosts: [edge]\n  http:\n${route('web', 'web')}${route('api', 'api')}`
  const service = (name: string): object => ({
    route: { kind: 'VirtualService', name: 'edge', rules: [name] },
    stable: name,
    canary: `${name}-canary`,
  })
  const base = { 'base/vs.yaml': text, 'base/kustomization.yaml': 'resources: [vs.yaml]\n' }
  const overlays = ['a', 'b'].map((name) => [`${name}/kustomization.yaml`, 'resources: [../base]\n'])
  const files = { ...base, ...Object.fromEntries(overlays) }
  const services = { web: service('web'), api: service('api') }
  assert.deepEqual(targetsOf(files, { services }).map(movedRoutes), [
    ['a VirtualService default/edge web', 'b VirtualService default/edge web'],
    ['a VirtualService default/edge api', 'b VirtualService default/edge api'],
  ])
  assert.deepEqual(targetsOf(files).map(movedRoutes), [
    ['a VirtualService default/edge', 'b VirtualService default/edge'],
  ])
})

test('a permission is at least itself and every weaker one', () => {
  assert.deepEqual(
    (['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const).filter((one) => isAtLeast(one, 'write')),
    ['write', 'maintain', 'admin'],
  )
})
