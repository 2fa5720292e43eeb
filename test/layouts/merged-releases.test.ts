/**
 * HelmReleases that overlays change, as in most repositories with Flux. helm is asked for what kustomize renders of a release.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../src/core/config/read.ts'
import { standingOf } from '../../src/core/rollout/standing.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { compareTrees } from '../../src/flows/judgement/judge-merge.ts'
import { loadSnapshot, readTargetAt } from '../../src/flows/repository/load.ts'
import { CHART } from './chart.ts'
import { command, linesChanged, refusal, shares, worktreeOf } from './repository.ts'
import { needsHelm, renderer, tools } from '../tools.ts'

const RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: shop
spec:
  interval: 5m
  chart:
    spec:
      chart: ./charts/web
      sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }
`
const VALUES = '  values:\n    replicaCount: 3\n    canary:\n      weight: 0\n'
const patch = (weight: number): string =>
  `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: web\n  namespace: shop\nspec:\n  values:\n    canary:\n      weight: ${weight} # percent\n`
const kustomization = (name: string, more = ''): string => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps, namespace: flux-system }
spec:
  interval: 10m
  sourceRef: { kind: GitRepository, name: flux-system }
  path: ./apps/${name}
${more}`

/** A base with the release, and the additions of the two environments. */
function repository(
  overlay: (weight: number) => Readonly<Record<string, string>>,
  values = VALUES,
): Map<string, string> {
  const own = Object.entries({ production: 5, staging: 50 }).flatMap(([name, weight]) => [
    [`clusters/${name}/apps.yaml`, kustomization(name)] as const,
    ...Object.entries(overlay(weight)).map(([path, text]) => [`apps/${name}/${path}`, text] as const),
  ])
  return new Map([
    ...Object.entries(CHART),
    ['apps/base/web/kustomization.yaml', 'resources:\n  - release.yaml\n'],
    ['apps/base/web/release.yaml', `${RELEASE}${values}`],
    ...own,
  ])
}

const MERGED = (weight: number): Readonly<Record<string, string>> => ({
  'kustomization.yaml': 'resources: [../base/web]\npatches:\n  - path: web-values.yaml\n',
  'web-values.yaml': patch(weight),
})

async function notes(files: Map<string, string>): Promise<readonly string[]> {
  const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(found.ok)
  assert.deepEqual(found.value.review.problems, [])
  return found.value.review.notes.map(({ code, file }) => `${code} ${file}`)
}

const FROM_MAP = '  valuesFrom:\n    - { kind: ConfigMap, name: web-values }\n'

const WAYS: readonly (readonly [string, Map<string, string>, readonly string[]])[] = [
  [
    'a patch in a file',
    repository(MERGED),
    ['apps/production/web-values.yaml', '-      weight: 5 # percent', '+      weight: 25 # percent'],
  ],
  [
    'an operation in a kustomization',
    repository((weight) => ({
      'kustomization.yaml': `resources: [../base/web]\npatches:\n  - target: { kind: HelmRelease, name: web }\n    patch: |-\n      - { op: replace, path: /spec/values/canary/weight, value: ${weight} }\n`,
    })),
    [
      'apps/production/kustomization.yaml',
      '-      - { op: replace, path: /spec/values/canary/weight, value: 5 }',
      '+      - { op: replace, path: /spec/values/canary/weight, value: 25 }',
    ],
  ],
  [
    'a ConfigMap that each overlay generates, with a hash in its name',
    repository(
      (weight) => ({
        'kustomization.yaml':
          'namespace: shop\nresources: [../base/web]\nconfigMapGenerator:\n  - { name: web-values, files: [values.yaml=web.yaml] }\nconfigurations: [names.yaml]\n',
        'names.yaml':
          'nameReference:\n  - { kind: ConfigMap, version: v1, fieldSpecs: [{ path: spec/valuesFrom/name, kind: HelmRelease }] }\n',
        'web.yaml': `canary:\n  weight: ${weight}\n`,
      }),
      FROM_MAP,
    ),
    ['apps/production/web.yaml', '-  weight: 5', '+  weight: 25'],
  ],
]
for (const [what, files, lines] of WAYS) {
  test(`a release that is changed by ${what}: the weight is read and changed there`, needsHelm, async () => {
    assert.deepEqual(
      Object.entries(await shares(files)).map(([name, share]) => `${name} ${share.split(' ')[0]}`),
      ['production 5%', 'staging 50%'],
    )
    assert.deepEqual(await notes(files), [])
    const before = new Map(files)
    await command(files, '/canary 25 web --env production')
    assert.deepEqual(linesChanged(before, files), lines)
    assert.deepEqual(await notes(files), [])
  })
}

test('values that Flux fills in are changed in the Kustomization', needsHelm, async () => {
  const files = repository(
    () => ({ 'kustomization.yaml': 'resources: [../base/web]\n' }),
    VALUES.replace('weight: 0', 'weight: ${weight}'),
  )
  for (const [name, weight] of Object.entries({ production: 5, staging: 50 }))
    files.set(
      `clusters/${name}/apps.yaml`,
      kustomization(name, `  postBuild: { substitute: { weight: "${weight}" } }\n`),
    )
  const before = new Map(files)
  await command(files, '/canary 25 web --env production')
  assert.deepEqual(linesChanged(before, files), [
    'clusters/production/apps.yaml',
    '-  postBuild: { substitute: { weight: "5" } }',
    '+  postBuild: { substitute: { weight: "25" } }',
  ])
})

test('a post-renderer patches what helm renders', needsHelm, async () => {
  const renderers = `  postRenderers:
    - kustomize:
        patches:
          - target: { kind: VirtualService }
            patch: |
              - { op: replace, path: /spec/http/0/route/1/weight, value: 10 }
`
  const files = repository((weight) => ({ ...MERGED(weight), 'web-values.yaml': `${patch(weight)}${renderers}` }))
  assert.match((await shares(files))['production'] ?? '', /^9.5\d+% /)
})

test('one environment of a config has the releases of its folder, each in its namespace', needsHelm, async () => {
  const files = repository(MERGED)
  files.set(
    'apps/base/web/release.yaml',
    `${RELEASE}${VALUES}---\n${RELEASE.replace('namespace: shop', 'namespace: outlet')}${VALUES}`,
  )
  files.set('.github/canary.yml', 'environments: { live: { path: apps/production } }\n')
  assert.deepEqual(await notes(files), [])
  await command(files, '/canary 25 shop/web')
  assert.match(files.get('apps/production/web-values.yaml') ?? '', /weight: 25/)
})

/** Two commits: `old`, and any other name. */
function mirrorOf(old: Map<string, string>, now: Map<string, string>) {
  const side = (name: string): ReturnType<typeof worktreeOf> => worktreeOf(name === 'old' ? old : now)
  return {
    entries: async (name: string) => side(name).entries(),
    read: async (name: string, paths: readonly string[]) => side(name).read(name, paths),
  }
}

test('missing values leave out only that release, with a note', needsHelm, async () => {
  const secret = '  valuesFrom:\n    - { kind: Secret, name: web-key }\n'
  const files = repository(MERGED, `${VALUES}${secret}`)
  assert.deepEqual(await notes(files), [
    'helm-values apps/base/web/release.yaml',
    'helm-values apps/base/web/release.yaml',
  ])
  await refusal(files, '/canary 25 web --env production')
})

test('a share is read in other commits too, and a chart that stops working is red', needsHelm, async () => {
  const [old, now] = [repository(MERGED), repository(MERGED)]
  await command(now, '/canary 25 web --env production')
  const mirror = mirrorOf(old, now)
  const config = readConfig(undefined)
  assert.ok(config.ok)
  const { targets } = await loadSnapshot({ mirror, renderer }, 'now', { config: config.value })
  const [target] = targets.filter(({ environment }) => environment === 'production')
  assert.ok(target !== undefined)
  const then = await readTargetAt({ mirror, renderer }, 'old', target)
  assert.deepEqual([standingOf(target).share, then && standingOf(then).share], [25, 5])
  const changed = ['charts/web/templates/virtualservice.yaml']
  now.set(changed[0] ?? '', '{{ fail "no" }}')
  const { review } = await compareTrees({ ...tools, mirror }, { base: 'old', head: 'now', changed })
  assert.ok(
    review.problems.some(({ code }) => code === 'build-failed'),
    JSON.stringify(review.problems.map(({ code }) => code)),
  )
})

test('helm’s messages about a release hide the secrets in the config', needsHelm, async () => {
  const key = 'correct-horse-battery'
  const vault = `apiVersion: vault.example.com/v1\nkind: VaultKey\nmetadata: { name: web }\nspec: { key: ${key} }\n`
  const now = repository(MERGED, `${VALUES}    key: ${key}\n`)
  now.set('.github/canary.yml', 'secrets: [VaultKey]\n')
  now.set('apps/base/web/vault.yaml', vault)
  now.set('apps/base/web/kustomization.yaml', 'resources:\n  - release.yaml\n  - vault.yaml\n')
  const old = new Map(now)
  const changed = ['charts/web/templates/virtualservice.yaml']
  now.set(changed[0] ?? '', '{{ fail (printf "cannot use %s" .Values.key) }}')
  const mirror = mirrorOf(old, now)
  const { review } = await compareTrees({ ...tools, mirror }, { base: 'old', head: 'now', changed })
  const said = JSON.stringify(review.problems)
  assert.match(said, /cannot use/)
  assert.ok(!said.includes(key), said)
})

test('a chart that is not in the repository is named by a command and on a checkout', needsHelm, async () => {
  const files = repository(MERGED)
  for (const path of files.keys()) if (path.startsWith('charts/')) files.delete(path)
  const remote = RELEASE.replace('./charts/web', 'web').replace(
    'kind: GitRepository, name: flux-system',
    'kind: HelmRepository, name: acme',
  )
  files.set('apps/base/web/release.yaml', `${remote}${VALUES}`)
  const charts = [{ title: 'HelmRelease shop/web', chart: 'web' }]
  const reviewed = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(!reviewed.ok && 'charts' in reviewed.error, 'nothing here can be rendered, which is not green')
  assert.deepEqual(reviewed.error.charts, charts)
  const found = await refusal(files, '/canary 25 web --env production')
  assert.ok(found.code === 'no-service')
  assert.deepEqual(found.charts, charts)
})
