/** Where a rule sends requests after a promotion. Backends without a weight get equal shares, so none is added. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carryFile } from '../../../src/core/promotion/carry-file.ts'

const RULES = {
  names: { source: () => false, target: () => false },
  secrets: [],
  service: undefined,
  versions: new Set<string>(),
}

function carried(source: string, target: string) {
  const { text, left } = carryFile(
    { source: { path: 'staging/web.yaml', text: source }, target: { path: 'production/web.yaml', text: target } },
    RULES,
  )
  return { text, left: left.map(({ why }) => why) }
}

function route(...backends: readonly string[]): string {
  const refs = backends.map((name) => `        - name: ${name}\n          port: 80\n`)
  return `kind: HTTPRoute\nmetadata: { name: web }\nspec:\n  rules:\n    - backendRefs:\n${refs.join('')}`
}

test('the single backend of a rule is replaced by that of the source, and does not get another one beside it', () => {
  assert.deepEqual(carried(route('web-next'), route('web')), { text: route('web-next'), left: [] })
})

test('the same in a value of a JSON patch', () => {
  const patch = (name: string): string =>
    `- op: replace\n  path: /spec/rules/0/backendRefs\n  value:\n    - name: ${name}\n      port: 80\n`
  assert.deepEqual(carried(patch('web-next'), patch('web')), { text: patch('web-next'), left: [] })
})

test('a further backend is not added, because it would get a share of the requests', () => {
  assert.deepEqual(carried(route('web', 'web-next'), route('web')), { text: undefined, left: ['weights'] })
})

test('a destination gets the host of the source without the subset that the target had for another host', () => {
  const rule = (destination: string): string =>
    `kind: VirtualService\nmetadata: { name: web }\nspec:\n  http:\n    - route:\n        - destination: ${destination}   # the shop\n`
  const [old, next] = [rule('{ host: shop, subset: v1 }'), rule('{ host: shop-next }')]
  assert.deepEqual(carried(next, old), { text: next, left: [] })
  assert.deepEqual(carried(old, next), { text: old, left: [] })
})

test('a destination of the same host keeps its subset, because without one the requests would reach the pods of all versions', () => {
  const rule = (destination: string): string =>
    `kind: VirtualService\nmetadata: { name: web }\nspec:\n  http:\n    - route:\n        - destination: ${destination}\n`
  const stable = rule('{ host: shop, subset: stable }')
  assert.deepEqual(carried(rule('{ host: shop }'), stable), { text: undefined, left: ['target-only'] })
  assert.deepEqual(carried(rule('{ port: { number: 80 } }'), stable).left, ['target-only', 'target-only'])
})
