/** Pull requests while the base branch itself is broken: repairs pass, and pull requests that depend on it wait. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainProblem } from '../../../src/core/message/problem/problem.ts'
import { memoryValidators } from '../../memory/validators.ts'
import { openValidators } from '../../../src/adapters/policy/validators.ts'
import type { Review } from '../../../src/core/gate/review.ts'
import { gateReport, validateReport } from '../../../src/core/message/check/checks.ts'
import { compareTrees } from '../../../src/flows/judgement/judge-merge.ts'
import type { Validators } from '../../../src/ports/validators.ts'
import { needsTool, TOOL_PATH } from '../../adapters/policy/tools.ts'
import { QUIET } from '../../quiet-log.ts'

type Files = Readonly<Record<string, string | undefined>>

const opa = needsTool('opa')
const CONFIG = '.github/canary.yml'
const GOOD = 'environments:\n  production: { path: apps }\n'
const BAD = 'environments:\n  production: { pth: apps }\n'
const ROUTE = 'apps/route.yaml'

const route = (stable: number): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: api }
spec:
  hosts: [api]
  http:
    - route:
        - { destination: { host: api, subset: v1 }, weight: ${stable} }
        - { destination: { host: api, subset: v2 }, weight: ${100 - stable} }
`

const subsets = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: api }
spec:
  host: api
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
`

const settings = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: settings }\ndata: { a: "${value}" }\n`

const BASE: Files = {
  [CONFIG]: BAD,
  [ROUTE]: route(100),
  'apps/subsets.yaml': subsets,
  'apps/settings.yaml': settings('one'),
}

/** The problems and notes for a pull request with these files (undefined: removed). */
async function review(
  files: Files,
  base: Files = BASE,
  validators: Validators = memoryValidators({}),
): Promise<Review> {
  const trees = new Map([
    ['base', base],
    ['head', { ...base, ...files }],
  ])
  const textsOf = (name: string): ReadonlyMap<string, string> =>
    new Map(Object.entries(trees.get(name) ?? {}).flatMap(([path, text]) => (text === undefined ? [] : [[path, text]])))
  const mirror = {
    entries: async (name: string) => [...textsOf(name).keys()].map((path) => ({ path, type: 'file' as const })),
    read: async (name: string, paths: readonly string[]) =>
      new Map([...textsOf(name)].filter(([path]) => paths.includes(path))),
  }
  const renderer = { render: async () => assert.fail('nothing to build'), tool: async () => undefined }
  const context = { mirror, renderer, validators, schemas: { misfits: async () => [] } }
  return (await compareTrees(context, { base: 'base', head: 'head', changed: Object.keys(files) })).review
}

test('the pull request that repairs the config passes, alone or with changes that move no traffic', async () => {
  for (const more of [{}, { 'apps/settings.yaml': settings('two') }, { 'README.md': 'words' }]) {
    const found = await review({ [CONFIG]: GOOD, ...more })
    assert.deepEqual(found.problems, [])
    assert.equal(validateReport(found).conclusion, 'success')
    assert.equal(gateReport(found).conclusion, 'success')
  }
  const { notes } = await review({ [CONFIG]: GOOD, 'apps/settings.yaml': settings('two') })
  assert.match(notes.map(explainProblem)[0]?.what ?? '', /config is not valid/)
  assert.match(notes.map(explainProblem)[0]?.next ?? '', /This pull request repairs it/)
})

test('a repair that also moves traffic has to be split, whatever config it brings', async () => {
  const hiding = `${GOOD}diff:\n  ignore: [{ kind: VirtualService, path: /spec }]\n`
  for (const config of [GOOD, 'environments:\n  production: { path: elsewhere }\n', hiding]) {
    const found = await review({ [CONFIG]: config, [ROUTE]: route(0) })
    const words = found.problems
      .map(explainProblem)
      .map(({ what, next }) => `${what} ${next}`)
      .join('\n')
    assert.match(words, /repairs the base branch.* changes `VirtualService api`.* Split it/s, config)
    assert.equal(gateReport(found).conclusion, 'failure')
  }
})

test('a pull request that does not touch the broken config passes without traffic, and otherwise is told the place', async () => {
  const harmless = await review({ 'apps/settings.yaml': settings('two') })
  assert.deepEqual(harmless.problems, [])
  assert.match(
    harmless.notes.map(explainProblem)[0]?.next ?? '',
    /was broken before.* A pull request that repairs it .* passes/,
  )
  const raise = await review({ [ROUTE]: route(50) })
  assert.deepEqual(
    raise.problems.map(({ code, file }) => `${code} ${file}`),
    [`config ${CONFIG}`],
  )
  assert.match(raise.problems.map(explainProblem)[0]?.next ?? '', /Perch cannot judge .* Repair it first/)
})

test('a pull request that breaks the config, or repairs it only in part, has to fix it there', async () => {
  const base = { ...BASE, [CONFIG]: GOOD }
  for (const found of [
    await review({ [CONFIG]: BAD }, base),
    await review({ [CONFIG]: BAD, 'apps/settings.yaml': settings('two') }, base),
    await review({ [CONFIG]: `${BAD}more: 1\n`, 'apps/settings.yaml': settings('two') }),
  ]) {
    assert.equal(validateReport(found).conclusion, 'failure')
    assert.ok(found.problems.map(explainProblem).every(({ next }) => next.startsWith('Fix it in this pull request')))
  }
})

const RULE = 'package main\n\ndeny contains "no" if input.metadata.name == "forbidden"\n'
const BROKEN_RULE = 'package main\n\ndeny contains msg if {\n  msg :=\n}\n'

test('a pull request can repair a policy that does not compile, but only without moving traffic', opa, async () => {
  const validators = openValidators({ log: QUIET, path: TOOL_PATH })
  const base = { ...BASE, [CONFIG]: `${GOOD}policy: { path: policy }\n`, 'policy/a.rego': BROKEN_RULE }
  const look = (files: Files): Promise<Review> => review(files, base, validators)
  const codes = ({ problems }: Review): readonly string[] => problems.map(({ code }) => code)
  assert.deepEqual(codes(await look({ 'policy/a.rego': RULE })), [])
  assert.deepEqual(codes(await look({ 'policy/a.rego': RULE, 'apps/settings.yaml': settings('two') })), [])
  assert.deepEqual(codes(await look({ 'policy/a.rego': RULE, [ROUTE]: route(50) })), ['mixed-repair'])
  assert.deepEqual(codes(await look({ 'apps/settings.yaml': settings('two') })), ['policy-not-valid'])
  const forbidden = settings('two').replace('settings', 'forbidden')
  assert.deepEqual(codes(await look({ 'policy/a.rego': RULE, 'apps/settings.yaml': forbidden })), ['policy'])
})
