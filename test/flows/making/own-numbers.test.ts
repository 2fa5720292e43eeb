/** Which numbers in an environment's files may be changed for its weights, and which of them are tried first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { environmentNamed, inputsOf } from '../../../src/core/environment/environment.ts'
import { intend } from '../../../src/core/rollout/intend.ts'
import { ownTexts, singleChanges } from '../../../src/flows/making/own-numbers.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import { CHART } from '../../memory/builds.ts'
import { memoryGitHub } from '../../memory/github/github.ts'
import { memoryMirror } from '../../memory/mirror.ts'
import { memoryRenderer } from '../../memory/renderer.ts'

type Files = Readonly<Record<string, string>>

function application(name: string, path = 'charts/web'): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  source: { path: ${path}, helm: { releaseName: web, valueFiles: [values-${name}.yaml] } }
`
}

const FILES: Files = {
  ...CHART,
  'apps/staging.yaml': application('staging'),
  'apps/production.yaml': application('production'),
  'charts/web/values-staging.yaml': 'canary: { weight: 0 }\n',
  'charts/web/values-production.yaml': 'canary: { weight: 0 }\n',
}

async function read(files: Files) {
  const mirror = memoryMirror(memoryGitHub({ clock: { now: () => 0 }, files }))
  const treeish = (await mirror.fetch(['refs/heads/main'])).get('refs/heads/main') ?? assert.fail('no branch')
  const snapshot = await loadSnapshot({ mirror, renderer: memoryRenderer() }, treeish, { config: Config.parse({}) })
  return { mirror, treeish, snapshot }
}

async function own(files: Files, wanted: readonly string[]): Promise<Files> {
  const { mirror, treeish, snapshot } = await read(files)
  const environment = environmentNamed(snapshot.environments, 'production') ?? assert.fail('no environment')
  const texts = await mirror.read(treeish, inputsOf(environment))
  const found = ownTexts({ environment, layout: snapshot.layout, wanted: new Set(wanted) }, texts)
  return Object.fromEntries(found)
}

test('for one release of a chart, its own values and its deployer’s object may be changed', async () => {
  const found = await own(FILES, ['production'])
  assert.deepEqual(Object.keys(found), ['apps/production.yaml', 'charts/web/values-production.yaml'])
})

test('values in a folder of plain YAML belong to the release, and what another release reads does not', async () => {
  const beside = {
    ...FILES,
    'apps/production.yaml': application('production').replace(
      'values-production.yaml',
      '../../apps/values-production.yaml',
    ),
    'apps/values-production.yaml': 'canary: { weight: 0 }\n',
  }
  assert.deepEqual(Object.keys(await own(beside, ['production'])), [
    'apps/production.yaml',
    'apps/values-production.yaml',
  ])
  const both = {
    ...beside,
    'apps/staging.yaml': application('staging').replace('values-staging.yaml', '../../apps/values-production.yaml'),
  }
  assert.deepEqual(Object.keys(await own(both, ['production'])), ['apps/production.yaml'])
})

test('for all of its releases the chart may be changed too, but not a chart in it, its name, or a number in an action', async () => {
  const more = {
    'charts/web/charts/redis/values.yaml': 'weight: 5\n',
    'charts/web/charts.yaml': 'weight: 6\n',
    'charts/web/Chart.lock': 'digest: 7\n',
    'charts/web/templates/Chart.yaml': 'a: {{ nindent\n 8 }} 9\nb: {{ 1 }} {{ 2 }}\n',
    'charts/web/files/templates/a.yaml': 'a: {{ 3 }}\n',
    'charts/web/values.schema.json': '{}',
  }
  const found = await own({ ...FILES, ...more }, ['staging', 'production'])
  assert.deepEqual(
    Object.keys(found).filter((path) => !(path in CHART)),
    [
      'apps/production.yaml',
      'charts/web/charts.yaml',
      'charts/web/files/templates/a.yaml',
      'charts/web/templates/Chart.yaml',
      'charts/web/values-production.yaml',
    ],
  )
  assert.equal(found['charts/web/Chart.yaml'], undefined)
  assert.equal(found['charts/web/values.yaml'], CHART['charts/web/values.yaml'])
  const blank = (words: string): string => ' '.repeat(words.length)
  const written = more['charts/web/templates/Chart.yaml']
  assert.equal(found['charts/web/templates/Chart.yaml'], written.replaceAll(/\{\{[^}]*\}\}/g, blank))
  assert.equal(found['charts/web/files/templates/a.yaml'], more['charts/web/files/templates/a.yaml'])
})

test('a chart that is the whole repository is read like one in a folder', async () => {
  const files = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path.replace('charts/web/', ''), text]))
  const found = await own({ ...files, 'apps/production.yaml': application('production', '.') }, ['production'])
  assert.ok(!('Chart.yaml' in found))
  assert.match(found['templates/virtualservice.yaml'] ?? '', /weight: +\n/)
})

/** The lines that each attempt at a share changes, in order. */
async function tried(files: Files, environment: string): Promise<readonly string[]> {
  const { mirror, treeish, snapshot } = await read(files)
  const wish = { kind: 'share', percent: 25, environment, service: undefined } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  assert.ok(change.ok, JSON.stringify(change))
  const { moves } = change.value
  return (await singleChanges({ mirror }, { treeish, snapshot }, { moves, pull: undefined })).map(
    ({ feeds, attempt }) => {
      assert.equal(attempt, 0)
      return [...feeds]
        .map(([key, { file, at }]) => {
          const line = (files[file] ?? '').slice(0, at).split('\n').length
          return `${key.includes('"route",1,') ? 'canary' : 'stable'} at ${file}:${line}`
        })
        .join(' and ')
    },
  )
}

const VALUES = 'charts/web/values-production.yaml'

/** The weights are two numbers of the values. */
function apart(values: string): Files {
  const template = 'charts/web/templates/virtualservice.yaml'
  return {
    ...FILES,
    [template]: CHART[template].replace('sub 100 .Values.canary.weight', '.Values.stable.weight'),
    'charts/web/values.yaml': `${CHART['charts/web/values.yaml']}stable: { weight: 100 }\n`,
    [VALUES]: values,
  }
}

test('the numbers near words about traffic are tried first, each alone and then each with one for the other weight', async () => {
  const values = `replicas: 0
limits:
  cpu: 100
  a: 1
  b: 2
  c: 3
  SHARE: 0
canary:
  Weight: 0
  x: 4
stable:
  # so much
  weight: 100
`
  assert.deepEqual(await tried(apart(values), 'production'), [
    `stable at ${VALUES}:13`,
    `stable at ${VALUES}:3`,
    `canary at ${VALUES}:9`,
    `canary at ${VALUES}:7`,
    `canary at ${VALUES}:1`,
    `stable at ${VALUES}:13 and canary at ${VALUES}:9`,
    `stable at ${VALUES}:13 and canary at ${VALUES}:7`,
    `stable at ${VALUES}:13 and canary at ${VALUES}:1`,
    `stable at ${VALUES}:3 and canary at ${VALUES}:9`,
    `stable at ${VALUES}:3 and canary at ${VALUES}:7`,
    `stable at ${VALUES}:3 and canary at ${VALUES}:1`,
  ])
})

test('no more than 24 attempts are made', async () => {
  const values = `${Array.from({ length: 20 }, (_, index) => `a${index}: 0\n`).join('')}${Array.from({ length: 8 }, (_, index) => `b${index}: 100\n`).join('')}`
  assert.equal((await tried(apart(values), 'production')).length, 24)
})
