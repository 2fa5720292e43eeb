/** `perch init` writes a first config, which changes nothing by itself. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { onboardingBody } from '../../src/core/message/onboarding/pull-request.ts'
import { proposedConfig } from '../../src/core/message/onboarding/proposed-config.ts'
import { snapshotOf } from '../core/samples.ts'
import { flaggerCanary } from '../owners.ts'
import { CHART } from '../layouts/chart.ts'
import { gitops } from '../stories/world.ts'
import { checkout, perch } from './perch.ts'

const CONFIG = '.github/canary.yml'
const needsHelm = spawnSync('helm', ['version']).status === 0 ? {} : { skip: 'helm is not installed' }

function withoutConfig(): Record<string, string> {
  const { [CONFIG]: _, ...files } = gitops()
  return files
}

test('init writes what it found, which changes nothing, and never overwrites a config', async () => {
  const dir = checkout(withoutConfig())
  const before = await perch('status', '--json', '--dir', dir)
  const dry = await perch('init', '--dry-run', '--dir', dir)
  assert.equal(dry.code, 0)
  assert.match(dry.out, /^would write \.github\/canary\.yml: 2 rollouts found\.$/m)
  assert.ok(!existsSync(join(dir, CONFIG)))
  const done = await perch('init', '--dir', dir)
  assert.deepEqual([done.code, done.err], [0, ''])
  const text = readFileSync(join(dir, CONFIG), 'utf8')
  assert.ok(dry.out.includes(text))
  assert.match(text, /^# yaml-language-server: \$schema=/)
  assert.match(text, /^environments:\n {2}production:\n {4}path: overlays\/production$/m)
  assert.match(text, /# production\/api-service: VirtualService default\/api-service in overlays\/.*, canary at 0%/)
  assert.deepEqual(await perch('status', '--json', '--dir', dir), before)
  const again = await perch('init', '--dir', dir)
  assert.equal(again.code, 1)
  assert.match(again.err, /already exists, and Perch never overwrites it/)
  assert.equal(readFileSync(join(dir, CONFIG), 'utf8'), text)
})

test('if no rollout could begin, nothing is written', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'perch-init-'))
  try {
    const found = await perch('init', '--dir', empty)
    assert.deepEqual([found.code, found.out], [1, ''])
    assert.notEqual(found.err, '')
    assert.ok(!existsSync(join(empty, CONFIG)))
  } finally {
    rmSync(empty, { recursive: true })
  }
})

test('what init could not tell is listed, with what to do', async () => {
  const legacy = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: legacy}
spec:
  hosts: [legacy]
  http: [{route: [{destination: {host: legacy}}]}]
`
  const dir = checkout({ ...withoutConfig(), 'overlays/legacy/legacy.yaml': legacy })
  const { out } = await perch('init', '--dry-run', '--dir', dir)
  assert.match(out, /# What Perch could not tell:\n# - default\/legacy: .*Perch cannot find its canary/)
})

test('a route whose names do not tell the canary is proposed with the names to check', async () => {
  const split = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http: [{route: [{destination: {host: web, subset: v1}, weight: 90}, {destination: {host: web, subset: v2}, weight: 10}]}]
`
  const dir = checkout({ 'apps/web.yaml': split })
  const { code, out, err } = await perch('init', '--dir', dir)
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /0 rollouts found, 1 route without a known canary\.$/m)
  const text = readFileSync(join(dir, CONFIG), 'utf8')
  const begin = text.indexOf('# services:')
  const entry = text.slice(begin, text.indexOf('\n\n', begin)).replaceAll(/^# /gm, '')
  const config = readConfig(entry)
  assert.ok(config.ok)
  const { stable, canary } = config.value.services['web'] ?? {}
  assert.deepEqual([stable, canary], ['v1', 'v2'])
  const body = onboardingBody({
    text,
    snapshot: snapshotOf({ 'apps/web.yaml': split }),
    written: { hasEnvironments: true, hasServices: true },
  })
  assert.match(body, /found \*\*0 rollouts in 1 environment, and 1 route whose/)
  assert.match(body, /write into the file which destination is stable/)
})

test('with any names, the file is one valid config', () => {
  for (const name of ['a: b', 'x\ny: z', '# c', "it's", '"q"', '- d', 'true', '12', 'a\u2028b', '*x', '&y', '{f}']) {
    const quoted = JSON.stringify(name)
    const route = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: ${quoted}, namespace: ${quoted}}\nspec:\n  hosts: [web]\n  http:\n    - route:\n        - destination: {host: web, subset: stable}\n          weight: 100\n        - destination: {host: web, subset: canary}\n          weight: 0\n`
    const snapshot = snapshotOf({ 'apps/web.yaml': route })
    const config = readConfig(proposedConfig(snapshot, { hasEnvironments: true, hasServices: true }))
    assert.ok(config.ok, name)
    assert.deepEqual(
      Object.keys(config.value.services),
      snapshot.targets.map(({ service }) => service),
    )
    const comments = proposedConfig(snapshot, { hasEnvironments: false, hasServices: false })
    const nothing = readConfig(comments)
    assert.ok(nothing.ok && Object.keys(nothing.value.services).length === 0, name)
  }
})

test('init leaves the rollouts of controllers out, and names them', () => {
  const files = { 'app/web.yaml': flaggerCanary() }
  const text = proposedConfig(snapshotOf(files), { hasEnvironments: true, hasServices: true })
  assert.match(text, /^# No rollout could begin yet\.$/m)
  assert.match(
    text,
    /^# What controllers in the cluster move:\n# - default\/web: Flagger, by Canary default\/web in app\/web\.yaml:1$/m,
  )
  assert.doesNotMatch(text, /could not tell/)
})

test(
  'a release of a chart is proposed by its Application, which keeps its values, name and options',
  needsHelm,
  async () => {
    const application = (name: string, helm: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: shop }
  source: { path: charts/web, helm: { releaseName: ${name}-web, ${helm} } }
`
    const production = 'valuesObject: { canary: { weight: 5 } }, kubeVersion: "1.30"'
    const staging = 'valueFiles: [values-staging.yaml], parameters: [{ name: canary.weight, value: "25" }]'
    const one = { ...CHART, 'apps/production.yaml': application('production', production) }
    const two = {
      ...one,
      'apps/staging.yaml': application('staging', staging),
      'charts/web/values-staging.yaml': 'canary: { weight: 0 }\n',
    }
    for (const [files, lines] of [
      [one, ['production:', 'path: charts/web   # deployed by Application argocd/production']],
      [
        two,
        [
          'production:',
          'path: charts/web   # deployed by Application argocd/production',
          'deployer: argocd/production',
          'staging:',
          'path: charts/web   # deployed by Application argocd/staging',
          'deployer: argocd/staging',
        ],
      ],
    ] as const) {
      const dir = checkout(files)
      const before = await perch('status', '--json', '--dir', dir)
      const { code, err } = await perch('init', '--dir', dir)
      assert.deepEqual([code, err], [0, ''])
      const text = readFileSync(join(dir, CONFIG), 'utf8')
      assert.match(text, /^environments:$/m)
      const written = text.split('\n').map((line) => line.trim())
      const begin = written.indexOf('production:')
      assert.deepEqual(written.slice(begin, begin + lines.length), lines)
      assert.deepEqual(await perch('status', '--json', '--dir', dir), before)
    }
  },
)

/** The commented entries below the first line that begins with these words, without the comment signs. */
function entriesAfter(text: string, words: string): string {
  const lines = text.slice(text.indexOf(words)).split('\n')
  const begin = lines.findIndex((line) => /^# {3}\S|^# environments:/.test(line))
  return lines.slice(begin, lines.indexOf('', begin)).join('\n').replaceAll(/^# /gm, '')
}

test('a chart that nothing deploys is proposed with its values files, as comments to check', needsHelm, async () => {
  const files = {
    ...CHART,
    'charts/web/values-staging.yaml': 'canary: { weight: 50 }\n',
    'charts/web/values-production.yaml': 'canary: { weight: 5 }\n',
    'charts/web/ci/test-values.yaml': 'canary: { weight: 1 }\n',
  }
  const dir = checkout(files)
  const { code, out, err } = await perch('init', '--dir', dir)
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /0 rollouts found, 2 releases of charts to check\.$/m)
  const text = readFileSync(join(dir, CONFIG), 'utf8')
  // It changes nothing by itself.
  const own = readConfig(text)
  assert.ok(own.ok && Object.keys(own.value.environments ?? {}).length === 0)
  assert.match(text, /^# Perch found no environment/m)
  assert.match(text, /add `release` and `namespace` to `helm`/)
  assert.match(text, /production\/web: canary at 5%$/m)
  assert.match(text, /staging\/web: canary at 50%$/m)
  const entries = readConfig(entriesAfter(text, '# These charts have routes'))
  assert.ok(entries.ok)
  assert.deepEqual(
    Object.entries(entries.value.environments ?? {}).map(([name, { helm }]) => [name, helm?.chart, helm?.values]),
    [
      ['production', 'charts/web', ['charts/web/values-production.yaml']],
      ['staging', 'charts/web', ['charts/web/values-staging.yaml']],
    ],
  )
})

test('what is missing to render a chart that nothing deploys is said next to its entry', needsHelm, async () => {
  const chart = `${CHART['charts/web/Chart.yaml']}dependencies:\n  - { name: redis, version: 1.0.0, repository: "https://charts.example.com" }\n`
  const dir = checkout({ ...withoutConfig(), ...CHART, 'charts/web/Chart.yaml': chart })
  const { code, out } = await perch('init', '--dry-run', '--dir', dir)
  assert.equal(code, 0)
  assert.match(out, /^# move them below `environments`\.$/m)
  const [, entry = ''] = /^# {3}web:\n((?:# {5}.*\n)+)/m.exec(out) ?? []
  assert.match(entry, /helm: \{ chart: charts\/web, values: \[\] \}/)
  assert.match(entry, /add those that you use to `values`/)
  assert.match(entry, /needs redis, which is not in its charts\/ folder\..* Run helm dependency build/)
})
