/** Weights in files that the git generator of an ApplicationSet reads are read, judged and changed there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { environmentsTouched } from '../../../src/core/environment/environment.ts'
import { plainWords } from '../../../src/core/message/markdown/plain-words.ts'
import { explainRefusal } from '../../../src/core/message/refusal/refusal.ts'
import { reviewFolder } from '../../../src/flows/checkout/checkout-review.ts'
import { readConfig } from '../../../src/core/config/read.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import { CHART } from '../../layouts/chart.ts'
import { command, DR, linesChanged, refusal, shares, VS, worktreeOf } from '../../layouts/repository.ts'
import { needsHelm, needsKustomize, renderer, tools } from '../../tools.ts'

type Files = Map<string, string>

async function problems(files: Files): Promise<readonly string[]> {
  const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(found.ok)
  return found.value.review.problems.map(({ code }) => code)
}

/** The canary's share in each environment. */
async function percents(files: Files): Promise<Readonly<Record<string, string | undefined>>> {
  return Object.fromEntries(Object.entries(await shares(files)).map(([name, share]) => [name, share.split(' ')[0]]))
}

const SET = (generator: string, source: string, name = '{{ .env }}'): string => `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: { name: web, namespace: argocd }
spec:
  goTemplate: ${name.includes('.')}
  generators:
    - ${generator}
  template:
    metadata: { name: 'web-${name}' }
    spec:
      destination: { namespace: shop, server: https://kubernetes.default.svc }
      syncPolicy: { automated: {} }
      source:
        repoURL: https://example.com/acme/infra
${source}`

const FILES = (path: string, more = ''): string =>
  `git: { repoURL: https://example.com/acme/infra, files: [{ path: '${path}' }]${more} }`
const PATCH = (stable: string, canary: string): string => `        path: web
        kustomize:
          patches:
            - target: { kind: VirtualService, name: web }
              patch: |-
                - { op: replace, path: /spec/http/0/route/0/weight, value: ${stable} }
                - { op: replace, path: /spec/http/0/route/1/weight, value: ${canary} }
`
const PARAMETER = (value: string): string =>
  `        path: charts/web\n        helm: { releaseName: web, parameters: [{ name: canary.weight, value: '${value}' }] }\n`
const FOLDER = { 'web/kustomization.yaml': 'resources: [vs.yaml, dr.yaml]\n', 'web/vs.yaml': VS, 'web/dr.yaml': DR }
const JSON_FILE = (env: string, canary: number): string =>
  `{\n  "env": "${env}",\n  "replicas": "${canary}",\n  "weights": { "stable": ${100 - canary}, "canary": ${canary} }\n}\n`
const PATCHED = {
  ...FOLDER,
  'argocd/set.yaml': SET(FILES('envs/*/config.json'), PATCH('{{ .weights.stable }}', '{{ .weights.canary }}')),
  'envs/staging/config.json': JSON_FILE('staging', 50),
  'envs/production/config.json': JSON_FILE('production', 5),
}

interface Shape {
  readonly files: Readonly<Record<string, string>>
  /** The lines that `/canary 25` changes in production. */
  readonly lines: readonly string[]
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'numbers of a JSON file in a patch of kustomize': {
    files: PATCHED,
    lines: [
      'envs/production/config.json',
      '-  "weights": { "stable": 95, "canary": 5 }',
      '+  "weights": { "stable": 75, "canary": 25 }',
    ],
  },
  'a number of a YAML file in a parameter of helm, without Go templates': {
    files: {
      ...CHART,
      'argocd/set.yaml': SET(FILES('envs/**/config.yaml'), PARAMETER('{{canary.weight}}'), '{{env}}'),
      'envs/staging/config.yaml': 'env: staging\ncanary: { weight: "50" }\n',
      'envs/production/config.yaml':
        'env: production\ncanary:\n  # Ask the shop team.\n  weight: "5"   # in per cent\n',
    },
    lines: ['envs/production/config.yaml', '-  weight: "5"   # in per cent', '+  weight: "25"   # in per cent'],
  },
  'objects of one file, each an Application': {
    files: {
      ...CHART,
      'argocd/set.yaml': SET(FILES('envs.json'), PARAMETER('{{ .weight }}')),
      'envs.json': '[\n  { "env": "staging", "weight": 5 },\n  { "env": "production", "weight": 5 }\n]\n',
    },
    lines: ['envs.json', '-  { "env": "production", "weight": 5 }', '+  { "env": "production", "weight": 25 }'],
  },
  'a value of the generator, by a file below a prefix': {
    files: {
      ...CHART,
      'argocd/set.yaml': SET(
        FILES('envs/*.json', ", pathParamPrefix: own, values: { canary: '{{ .weight }}' }"),
        PARAMETER('{{ .values.canary }}'),
      ),
      'envs/staging.json': '{ "env": "staging", "weight": 50 }\n',
      'envs/production.json': '{ "env": "production", "weight": 5 }\n',
    },
    lines: ['envs/production.json', '-{ "env": "production", "weight": 5 }', '+{ "env": "production", "weight": 25 }'],
  },
  'files in a matrix with a list': {
    files: {
      ...CHART,
      'argocd/set.yaml': SET(
        `matrix: { generators: [{ list: { elements: [{ env: staging }, { env: production }] } }, { ${FILES('envs/{{ .env }}.json')} }] }`,
        PARAMETER('{{ .weight }}'),
      ),
      'envs/staging.json': '{ "weight": 50 }\n',
      'envs/production.json': '{ "weight": 5 }\n',
    },
    lines: ['envs/production.json', '-{ "weight": 5 }', '+{ "weight": 25 }'],
  },
}

for (const [name, { files: given, lines }] of Object.entries(SHAPES)) {
  const needs = 'web/vs.yaml' in given ? needsKustomize : needsHelm
  test(`a weight that a generator reads is changed there: ${name}`, needs, async () => {
    const files = new Map(Object.entries(given))
    const before = new Map(files)
    assert.equal((await percents(files))['web-production'], '5%')
    assert.deepEqual(await problems(files), [])
    await command(files, '/canary 25 --env web-production')
    assert.deepEqual(linesChanged(before, files), lines)
    const { 'web-production': production, ...others } = await percents(files)
    assert.equal(production, '25%')
    const { 'web-production': _, ...same } = await percents(before)
    assert.deepEqual(others, same)
    assert.deepEqual(await problems(files), [])
  })
}

test('a change of a file that a generator reads is a change of its environment', async () => {
  for (const { files: given, lines } of Object.values(SHAPES)) {
    const mirror = worktreeOf(new Map(Object.entries(given)))
    const config = readConfig(undefined)
    assert.ok(config.ok)
    const { environments } = await loadSnapshot({ mirror, renderer }, 'HEAD', { config: config.value })
    const touched = environmentsTouched(environments, lines.slice(0, 1)).map(({ name }) => name)
    assert.ok(touched.includes('web-production'), JSON.stringify([lines[0], touched]))
  }
})

test('a file with numbers for two environments is not changed for one of them', needsKustomize, async () => {
  const files = new Map(Object.entries(PATCHED))
  const more = (files.get('argocd/set.yaml') ?? '').replace('name: web,', 'name: more,')
  files.set('argocd/more.yaml', more.replace("'web-{{", "'more-{{").replace('name: web }', 'name: web }'))
  const refused = plainWords(explainRefusal(await refusal(files, '/canary 25 --env web-production')))
  assert.match(refused, /envs\/production\/config\.json/)
})
