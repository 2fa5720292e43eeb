/** One mistake is reported once, and what it hides is red as long as it is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryValidators } from '../../memory/validators.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'

const route = (canary: string, more = ''): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: api${more} }
spec:
  hosts: [api]
  http:
    - route:
        - { destination: { host: api, subset: stable }, weight: 95 }
        - { destination: { host: api, subset: canary }, weight: ${canary} }
`

const subsets = (stable: string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  subsets: [{ name: stable, labels: { ${stable} } }, { name: canary, labels: { version: v2 } }]
`

async function codesOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const base = { 'apps/route.yaml': route('5'), 'apps/subsets.yaml': subsets('version: v1') }
  const trees = new Map([
    ['base', base],
    ['head', { ...base, ...files }],
  ])
  const mirror = {
    entries: async (name: string) =>
      Object.keys(trees.get(name) ?? {}).map((path) => ({ path, type: 'file' as const })),
    read: async (name: string, paths: readonly string[]) =>
      new Map(Object.entries(trees.get(name) ?? {}).filter(([path]) => paths.includes(path))),
  }
  const renderer = { render: async () => assert.fail('nothing to build'), tool: async () => undefined }
  const context = { mirror, renderer, validators: memoryValidators({}), schemas: { misfits: async () => [] } }
  const { review } = await compareTrees(context, { base: 'base', head: 'head', changed: Object.keys(files) })
  return review.problems.map(({ code }) => code)
}

test('a weight that no cluster accepts is one line', async () => {
  assert.deepEqual(await codesOf({ 'apps/route.yaml': route('-1') }), ['IST0106'])
})

test('hiding that line does not make it green', async () => {
  const quiet = ', annotations: { galley.istio.io/analyze-suppress: "*" }'
  assert.deepEqual(await codesOf({ 'apps/route.yaml': route('-1', quiet) }), ['exposure-unknown'])
})

test('another reason is still reported once the weight is valid', async () => {
  assert.deepEqual(await codesOf({ 'apps/subsets.yaml': subsets('') }), ['exposure-unknown'])
})
