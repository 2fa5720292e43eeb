/** Repositories whose environments are releases of Helm charts: the weights are values, and helm's output is the truth. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { gateReport, validateReport } from '../../src/core/message/check/checks.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { compareTrees } from '../../src/flows/judgement/judge-merge.ts'
import { CHART } from './chart.ts'
import { command, linesChanged, refusal, shares, worktreeOf } from './repository.ts'
import { needsHelm, renderer, tools } from '../tools.ts'
import { QUIET } from '../quiet-log.ts'

const CONFIG = `environments:
  staging: { helm: { chart: charts/web, values: [values-staging.yaml], release: web } }
  production: { helm: { chart: charts/web, values: [values-production.yaml], release: web, namespace: shop } }
`
const VALUES = {
  'values-staging.yaml': 'canary:\n  weight: 50\n',
  'values-production.yaml': '# Careful.\ncanary:\n  weight: 5 # percent\n',
}

function repository(files: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries({ ...CHART, ...files }))
}

/** Two commits, `before` and `after`. */
function sidesOf(before: Map<string, string>, after: Map<string, string>) {
  const side = (name: string): ReturnType<typeof worktreeOf> => worktreeOf(name === 'before' ? before : after)
  return {
    entries: async (name: string) => side(name).entries(),
    read: async (name: string, paths: readonly string[]) => side(name).read(name, paths),
  }
}

async function reviewed(files: Map<string, string>) {
  const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(found.ok)
  return found.value
}

async function problems(files: Map<string, string>): Promise<readonly string[]> {
  const { review } = await reviewed(files)
  return review.problems.map(({ code, file }) => `${code} ${file}`)
}

/** Sets the canary's share in production. Only lines of its own values may change, and no check may be red. */
async function moves(files: Map<string, string>, share: number, line = ''): Promise<readonly string[]> {
  const before = new Map(files)
  await command(files, `/canary ${share}${line}`)
  assert.deepEqual(await problems(files), [])
  return linesChanged(before, files)
}

test(
  'with releases of a chart in the config, a command changes the number in the values of one',
  needsHelm,
  async () => {
    const files = repository({ ...VALUES, '.github/canary.yml': CONFIG })
    assert.deepEqual(await shares(files), {
      staging: '50% charts/web/templates/virtualservice.yaml:3',
      production: '5% charts/web/templates/virtualservice.yaml:3',
    })
    assert.deepEqual(await moves(files, 25, ' --env production'), [
      'values-production.yaml',
      '-  weight: 5 # percent',
      '+  weight: 25 # percent',
    ])
  },
)

test(
  'an object of a chart may have a key twice, as Argo CD applies it, but not if it concerns traffic',
  needsHelm,
  async () => {
    const job = 'apiVersion: batch/v1\nkind: Job\nmetadata: { name: once }\nspec: { parallelism: 1, parallelism: 2 }\n'
    const files = { ...VALUES, '.github/canary.yml': CONFIG, 'charts/web/templates/job.yaml': job }
    assert.deepEqual(await problems(repository(files)), [])
    assert.equal((await moves(repository(files), 25, ' --env production')).length, 3)
    const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: other }\nspec: { ports: [], ports: 1 }\n'
    const labels = service.replace('{ name: other }', '{ name: other, labels: { app: web, app: other } }')
    const labelled = labels.replace('ports: [], ports: 1', 'ports: []')
    assert.deepEqual(await problems(repository({ ...files, 'charts/web/templates/job.yaml': labelled })), [])
    const broken = await problems(repository({ ...files, 'charts/web/templates/job.yaml': service }))
    assert.deepEqual([...new Set(broken.map((text) => text.split(' ')[0]))], ['unparsable'])
  },
)

const APPLICATION = (name: string, helm: string, more = ''): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}
  namespace: argocd
spec:
  destination: { namespace: shop, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source:
    repoURL: https://github.com/acme/shop.git
    targetRevision: HEAD
    path: charts/web
    helm:
      releaseName: web
${helm}${more}`

const APPLICATIONS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'values files',
    '      valueFiles: [../../values-production.yaml]\n',
    ['values-production.yaml', '-  weight: 5 # percent', '+  weight: 25 # percent'],
  ],
  [
    'values files from the top',
    '      valueFiles: [/values-production.yaml]\n',
    ['values-production.yaml', '-  weight: 5 # percent', '+  weight: 25 # percent'],
  ],
  [
    'values as text',
    '      values: |\n        canary:\n          weight: 5\n',
    ['apps/production.yaml', '-          weight: 5', '+          weight: 25'],
  ],
  [
    'values as an object',
    '      valuesObject: { canary: { weight: 5 } }\n',
    [
      'apps/production.yaml',
      '-      valuesObject: { canary: { weight: 5 } }',
      '+      valuesObject: { canary: { weight: 25 } }',
    ],
  ],
  [
    'parameters',
    '      parameters:\n        - name: canary.weight\n          value: "5"\n',
    ['apps/production.yaml', '-          value: "5"', '+          value: "25"'],
  ],
]
for (const [what, helm, lines] of APPLICATIONS) {
  test(`an Argo CD Application deploys a chart with ${what}`, needsHelm, async () => {
    const files = repository({
      ...VALUES,
      'apps/staging.yaml': APPLICATION('staging', '      valueFiles: [../../values-staging.yaml]\n'),
      'apps/production.yaml': APPLICATION('production', helm),
    })
    assert.deepEqual(Object.keys(await shares(files)).sort(), ['production', 'staging'])
    assert.deepEqual(await moves(files, 25, ' --env production'), lines)
  })
}

test('a chart of several sources takes its values from another one of this repository', needsHelm, async () => {
  const application = APPLICATION('production', '').replace(
    /  source:[^]*/,
    `  sources:
    - { repoURL: https://github.com/acme/shop.git, path: charts/web, helm: { valueFiles: [$values/values-production.yaml] } }
    - { repoURL: https://github.com/acme/shop.git, ref: values }
`,
  )
  const files = repository({ ...VALUES, 'apps/production.yaml': application })
  assert.deepEqual(await moves(files, 25), [
    'values-production.yaml',
    '-  weight: 5 # percent',
    '+  weight: 25 # percent',
  ])
})

const RELEASE = (folder: string, spec: string): string => `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: web
  namespace: ${folder}
spec:
  interval: 5m
  chart:
    spec:
      chart: ./charts/web
      sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }
${spec}`
const MAP = `apiVersion: v1
kind: ConfigMap
metadata:
  name: web-values
  namespace: production
data:
  values.yaml: |
    canary:
      weight: 5
`

const RELEASES: readonly (readonly [string, string, Readonly<Record<string, string>>, readonly string[]])[] = [
  [
    'values',
    '  values:\n    canary:\n      weight: 5\n',
    {},
    ['clusters/production/web.yaml', '-      weight: 5', '+      weight: 25'],
  ],
  [
    'values of a ConfigMap',
    '  valuesFrom:\n    - { kind: ConfigMap, name: web-values }\n',
    { 'clusters/production/values.yaml': MAP },
    ['clusters/production/values.yaml', '-      weight: 5', '+      weight: 25'],
  ],
  [
    'values of a ConfigMap that kustomize makes',
    '  valuesFrom:\n    - { kind: ConfigMap, name: web-values }\n',
    {
      'clusters/production/kustomization.yaml':
        'resources: [web.yaml]\nconfigMapGenerator:\n  - { name: web-values, files: [values.yaml=production.yaml] }\n',
      'clusters/production/production.yaml': 'canary:\n  weight: 5\n',
    },
    ['clusters/production/production.yaml', '-  weight: 5', '+  weight: 25'],
  ],
  [
    'one value of a ConfigMap',
    '  valuesFrom:\n    - { kind: ConfigMap, name: web-values, valuesKey: weight, targetPath: canary.weight }\n',
    { 'clusters/production/values.yaml': MAP.replace(/ {2}values.yaml[^]*/, '  weight: "5"\n') },
    ['clusters/production/values.yaml', '-  weight: "5"', '+  weight: "25"'],
  ],
  [
    'values files',
    '',
    {
      'clusters/production/web.yaml': RELEASE('production', '').replace(
        './charts/web\n',
        './charts/web\n      valuesFiles: [charts/web/values.yaml, values-production.yaml]\n',
      ),
    },
    ['values-production.yaml', '-  weight: 5 # percent', '+  weight: 25 # percent'],
  ],
]
for (const [what, spec, more, lines] of RELEASES) {
  test(`a Flux HelmRelease deploys a chart with ${what}`, needsHelm, async () => {
    const files = repository({
      ...VALUES,
      'clusters/staging/web.yaml': RELEASE('staging', '  values: { canary: { weight: 50 } }\n'),
      'clusters/production/web.yaml': RELEASE('production', spec),
      ...more,
    })
    const names = Object.keys(await shares(files)).sort()
    assert.deepEqual(names, ['production-web', 'staging-web'])
    assert.deepEqual(await moves(files, 25, ' --env production-web'), lines)
  })
}

test('both weights are values: both change', needsHelm, async () => {
  const template = CHART['charts/web/templates/virtualservice.yaml'].replace(
    'sub 100 .Values.canary.weight',
    '.Values.stable.weight',
  )
  const files = repository({
    'charts/web/templates/virtualservice.yaml': template,
    '.github/canary.yml': CONFIG,
    'values-staging.yaml': 'stable: { weight: 100 }\n',
    'values-production.yaml': 'stable: { weight: 95 }\ncanary: { weight: 5 }\n',
  })
  assert.deepEqual(await moves(files, 25, ' --env production'), [
    'values-production.yaml',
    '-stable: { weight: 95 }',
    '-canary: { weight: 5 }',
    '+stable: { weight: 75 }',
    '+canary: { weight: 25 }',
  ])
})

test('a schema that allows no other numbers does not hide a weight’s place', needsHelm, async () => {
  const weight = { type: 'integer', minimum: 0, maximum: 100 }
  const schema = { type: 'object', properties: { canary: { type: 'object', properties: { weight } } } }
  const files = repository({
    ...VALUES,
    'charts/web/values.schema.json': JSON.stringify(schema),
    '.github/canary.yml': CONFIG,
  })
  assert.deepEqual(await moves(files, 25, ' --env production'), [
    'values-production.yaml',
    '-  weight: 5 # percent',
    '+  weight: 25 # percent',
  ])
})

test(
  'a configured chart that is released with different values needs the name of the release that is meant',
  needsHelm,
  async () => {
    const one = (name: string): string => APPLICATION(name, `      valueFiles: [../../values-${name}.yaml]\n`)
    const files = repository({
      ...VALUES,
      'apps/staging.yaml': one('staging'),
      'apps/production.yaml': one('production'),
      '.github/canary.yml': 'environments: { live: { path: charts/web } }\n',
    })
    assert.deepEqual(await problems(files), [])
    const { review } = await reviewed(files)
    assert.deepEqual(
      review.notes.map(({ code }) => code),
      ['several-deployers'],
    )
    files.set('.github/canary.yml', 'environments: { live: { path: charts/web, deployer: argocd/production } }\n')
    assert.deepEqual(await moves(files, 25), [
      'values-production.yaml',
      '-  weight: 5 # percent',
      '+  weight: 25 # percent',
    ])
  },
)

test('values that several environments share are changed for all of them, and not for one', needsHelm, async () => {
  const config = CONFIG.replaceAll(/values-\w+/g, 'values')
  const files = repository({ '.github/canary.yml': config, 'values.yaml': 'canary:\n  weight: 5\n' })
  const found = await refusal(files, '/canary 25 --env production')
  assert.deepEqual(found, {
    code: 'cannot-edit',
    refusal: {
      code: 'shared-value',
      file: 'values.yaml',
      line: 2,
      environment: 'production',
      users: ['production', 'staging'],
    },
  })
  assert.deepEqual(await moves(files, 25, ' --env all'), ['values.yaml', '-  weight: 5', '+  weight: 25'])
})

test(
  'a value that two routes of a chart take their weights from is named with the other route, and nothing is changed',
  needsHelm,
  async () => {
    const route = CHART['charts/web/templates/virtualservice.yaml']
    const files = repository({
      ...VALUES,
      '.github/canary.yml': CONFIG,
      'charts/web/templates/api.yaml': route.replaceAll('{{ .Release.Name }}', 'api'),
    })
    const before = new Map(files)
    const refused = plainWords(explainRefusal(await refusal(files, '/canary 25 web --env production')))
    assert.match(
      refused,
      /come from the value at values-production\.yaml:3, which also sets VirtualService (?:shop\/)?api/,
    )
    assert.match(refused, /Give web a value of its own/)
    assert.deepEqual(files, before)
  },
)

test('weights of two environments in one file are changed together, each where it stands', needsHelm, async () => {
  const files = repository({
    'apps/all.yaml': `${APPLICATION('staging', '      valuesObject: { canary: { weight: 5 } }\n')}---\n${APPLICATION('production', '      valuesObject: { canary: { weight: 10 } }\n')}`,
  })
  assert.deepEqual(
    (await moves(files, 25, ' --env all')).filter((line) => line.startsWith('+')),
    ['+      valuesObject: { canary: { weight: 25 } }', '+      valuesObject: { canary: { weight: 25 } }'],
  )
})

test('a dependency that is not in charts/ is named, and nothing is rendered', needsHelm, async () => {
  const chart = `${CHART['charts/web/Chart.yaml']}dependencies:\n  - { name: common, version: 1.x, repository: "file://../common" }\n  - { name: redis, version: 19.x, repository: "https://charts.example.com" }\n`
  const files = repository({
    ...VALUES,
    '.github/canary.yml': CONFIG,
    'charts/web/Chart.yaml': chart,
    'charts/common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.0.0\n',
  })
  const found = await refusal(files, '/canary 25 --env production')
  assert.ok(found.code === 'unreadable' && found.problem?.code === 'helm-dependency', JSON.stringify(found))
  assert.ok(found.problem.cause.kind === 'refused-environment')
  assert.equal(found.problem.cause.refusal.entry, 'redis')
})

test('the dependencies of a chart are in a folder next to it and in charts/', needsHelm, async () => {
  const chart = `${CHART['charts/web/Chart.yaml']}dependencies:\n  - { name: common, version: 1.x, repository: "file://../common" }\n  - { name: redis, version: 19.x, repository: "https://charts.example.com" }\n`
  const files = repository({
    ...VALUES,
    '.github/canary.yml': CONFIG,
    'charts/web/Chart.yaml': chart,
    'charts/web/charts/redis/Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 19.0.0\n',
    'charts/common/Chart.yaml': 'apiVersion: v2\nname: common\ntype: library\nversion: 1.0.0\n',
    'charts/common/templates/_labels.tpl': CHART['charts/web/templates/_helpers.tpl'],
    'charts/web/templates/_helpers.tpl': '',
  })
  assert.deepEqual(await moves(files, 25, ' --env production'), [
    'values-production.yaml',
    '-  weight: 5 # percent',
    '+  weight: 25 # percent',
  ])
})

test(
  'a chart that nothing deploys is no environment, and the message says how to name its releases',
  needsHelm,
  async () => {
    const files = repository({
      ...VALUES,
      'charts/web/crds/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
    })
    const status = await statusOfCheckout({ worktree: worktreeOf(files), renderer })
    assert.ok(!status.ok && status.error.code === 'unreadable', JSON.stringify(status))
    assert.match(plainWords(explainRefusal(status.error)), /template of the chart charts\/web\..* chart: "charts\/web"/)
    const found = await refusal(files, '/canary 25')
    assert.ok(found.code === 'unreadable' && found.problem?.code === 'template', JSON.stringify(found))
    assert.equal(found.problem.file, 'charts/web/templates/virtualservice.yaml')
  },
)

test(
  'a release without a name has the name of its chart’s folder, in characters that helm accepts',
  needsHelm,
  async () => {
    const files = Object.entries({ ...CHART, ...VALUES }).map(([path, text]): [string, string] => [
      path.replace('charts/web/', 'Helm_Chart/'),
      text,
    ])
    const config = 'environments: { production: { helm: { chart: Helm_Chart } } }\n'
    const status = await statusOfCheckout({
      worktree: worktreeOf(new Map([...files, ['.github/canary.yml', config]])),
      renderer,
    })
    assert.ok(status.ok && status.value.standings.length === 1, JSON.stringify(status))
  },
)

test('without helm charts are unknown, which is reported once, and is neither green nor red', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perch-tool-'))
  const without = openRenderer({ log: QUIET, path: folder })
  const files = repository({ ...VALUES, '.github/canary.yml': CONFIG })
  const found = await reviewFolder(
    { ...tools, renderer: without, worktree: worktreeOf(files) },
    { environment: undefined },
  )
  assert.ok(found.ok)
  const { review } = found.value
  assert.deepEqual(
    review.problems.map(({ code, cause }) => [code, cause.kind === 'not-rendered' && cause.environment]),
    [['helm-missing', 'production, staging']],
  )
  assert.equal(validateReport(review).conclusion, 'action_required')
  assert.equal(gateReport(review).conclusion, 'action_required')
  rmSync(folder, { recursive: true })
})

test('a template on one side hides no rollout on the other', needsHelm, async () => {
  const files = { ...VALUES, '.github/canary.yml': CONFIG }
  const more = {
    ...files,
    'charts/web/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\n',
  }
  for (const [before, after] of [
    [files, more],
    [more, files],
  ] as const) {
    const mirror = sidesOf(repository(before), repository(after))
    const between = { base: 'before', head: 'after', changed: ['charts/web/templates/map.yaml'] }
    const { review, sides } = await compareTrees({ ...tools, mirror }, between)
    assert.deepEqual(review.problems, [])
    const counts = [sides?.before, sides?.after].map((side) => side?.snapshot.targets.length)
    assert.deepEqual(counts, [2, 2])
  }
})

test('a chart that does not build is red if that is new, and a note if it was so before', needsHelm, async () => {
  const required = `${CHART['charts/web/templates/destinationrule.yaml']}# {{ required "a password" .Values.password }}\n`
  const broken = { 'charts/web/templates/destinationrule.yaml': required }
  const files = { ...VALUES, '.github/canary.yml': CONFIG }
  const review = async (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) => {
    const mirror = sidesOf(repository(before), repository(after))
    const between = { base: 'before', head: 'after', changed: ['charts/web/values.yaml', ...Object.keys(broken)] }
    const { review: found } = await compareTrees({ ...tools, mirror }, between)
    const codes = (problems: typeof found.problems): readonly string[] =>
      problems.map(({ code, file }) => `${code} ${file}`)
    return { problems: [...new Set(codes(found.problems))], notes: [...new Set(codes(found.notes))] }
  }
  const said = ['build-failed charts/web/templates/destinationrule.yaml']
  assert.deepEqual(await review(files, { ...files, ...broken }), {
    problems: said,
    notes: [],
  })
  assert.deepEqual(
    await review({ ...files, ...broken }, { ...files, ...broken, 'charts/web/values.yaml': 'canary: {}\n' }),
    {
      problems: [],
      notes: said,
    },
  )
})

const KUSTOMIZED = {
  'overlays/production/kustomization.yaml': `namespace: shop
helmGlobals: { chartHome: ../../charts }
helmCharts:
  - name: web
    releaseName: web
    valuesFile: values.yaml
resources: [map.yaml]
`,
  'overlays/production/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: map }\ndata: { percent: "5" }\n',
  'overlays/production/values.yaml': 'canary:\n  enabled: true\n  weight: 5\n',
}

test(
  'a chart that kustomize renders: the number is in its values file, or in the kustomization',
  needsHelm,
  async () => {
    assert.deepEqual(await moves(repository(KUSTOMIZED), 25), [
      'overlays/production/values.yaml',
      '-  weight: 5',
      '+  weight: 25',
    ])
    const inline = KUSTOMIZED['overlays/production/kustomization.yaml'].replace(
      'valuesFile: values.yaml',
      'valuesInline: { canary: { enabled: true, weight: 5 } }',
    )
    assert.deepEqual(await moves(repository({ ...KUSTOMIZED, 'overlays/production/kustomization.yaml': inline }), 25), [
      'overlays/production/kustomization.yaml',
      '-    valuesInline: { canary: { enabled: true, weight: 5 } }',
      '+    valuesInline: { canary: { enabled: true, weight: 25 } }',
    ])
  },
)

test(
  'a chart that kustomize would download, and options that could select another one, are refused',
  needsHelm,
  async () => {
    const entry = 'name: web'
    for (const [written, code] of [
      ['name: redis\n    repo: https://charts.example.com', 'helm'],
      ['name: web\n    version: 1.0.0\n    repo: https://charts.example.com', 'helm'],
      ['name: web\n    Repo: https://charts.example.com', 'unknown-field'],
    ] as const) {
      const kustomization = KUSTOMIZED['overlays/production/kustomization.yaml'].replace(entry, written)
      const files = repository({ ...KUSTOMIZED, 'overlays/production/kustomization.yaml': kustomization })
      const { review } = await reviewed(files)
      const found = [...review.problems, ...review.notes].map((one) => `${one.code} ${one.file}`)
      // Now nothing deploys the chart in the repository.
      const lone = code === 'helm' ? ['template charts/web/templates/virtualservice.yaml'] : []
      assert.deepEqual(found, [`${code} overlays/production/kustomization.yaml`, ...lone], written)
    }
  },
)

test('a chart that makes an HTTPRoute of a list, with the share in an annotation', needsHelm, async () => {
  const route = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ include "web.fullname" . }}
  annotations:
    perch.dev/canary-percentage: {{ (index .Values.backends 1).weight | quote }}
spec:
  parentRefs: [{ name: public }]
  rules:
    - backendRefs:
        {{- range .Values.backends }}
        - name: {{ include "web.fullname" $ }}-{{ .name }}
          port: 80
          weight: {{ .weight | default 1 }}
        {{- end }}
`
  const helpers = '{{- define "web.fullname" -}}{{ .Release.Name }}-{{ .Chart.Name }}{{- end -}}\n'
  const backends = 'backends:\n  - name: stable\n    weight: 95\n  - { name: canary, weight: 5 }\n'
  const files = new Map(
    Object.entries({
      'charts/web/Chart.yaml': CHART['charts/web/Chart.yaml'],
      'charts/web/values.yaml': 'backends: []\n',
      'charts/web/templates/_helpers.tpl': helpers,
      'charts/web/templates/route.yaml': route,
      'charts/web/values-production.yaml': backends,
      'apps/production.yaml': APPLICATION('production', '      valueFiles: [values-production.yaml]\n'),
    }),
  )
  assert.deepEqual(await moves(files, 25), [
    'charts/web/values-production.yaml',
    '-    weight: 95',
    '-  - { name: canary, weight: 5 }',
    '+    weight: 75',
    '+  - { name: canary, weight: 25 }',
  ])
})

/** The refusal of a share in production, with these values there and this expression for the canary's weight. */
async function refusalWith(values: string, weight = '.Values.canary.weight', share = '25'): Promise<string> {
  const template = (CHART['charts/web/templates/virtualservice.yaml'] ?? '').replaceAll('.Values.canary.weight', weight)
  const files = repository({
    ...VALUES,
    'values-production.yaml': `canary:\n${values}`,
    'charts/web/templates/virtualservice.yaml': template,
    '.github/canary.yml': CONFIG,
  })
  return plainWords(explainRefusal(await refusal(files, `/canary ${share} --env production`)))
}

test('a value that a chart computes weights from is named, because it is no weight itself', needsHelm, async () => {
  const computed = /^A Helm chart computes the weights of web from the value (\S+) at values-production\.yaml:(\d)\. /
  const place = async (values: string, weight: string): Promise<unknown> =>
    computed.exec(await refusalWith(values, weight))?.slice(1)
  assert.deepEqual(await place('  weight: 50\n  share: 0.05\n', '(mulf .Values.canary.share 100)'), ['0.05', '3'])
  assert.deepEqual(await place('  weight: 50\n  replicas: 2\n', '(mul .Values.canary.replicas 5)'), ['2', '3'])
  assert.deepEqual(await place('  weight: 5.0\n', '.Values.canary.weight'), ['5.0', '2'])
})

test('a share that a chart cannot express is refused with the value that it would need', needsHelm, async () => {
  const words = await refusalWith('  weight: 5\n', '.Values.canary.weight', '12.5')
  assert.match(words, /^A Helm chart takes a weight of web from the value 5 at values-production\.yaml:2, but /)
  assert.match(words, /Ask for a share that the chart can express, such as a whole percentage, or change the chart\.$/)
})

test('a chart whose template has the weights is refused without a value', needsHelm, async () => {
  const words = await refusalWith('  weight: 5\n', '20')
  assert.match(
    words,
    /found no numbers in the values of this environment alone that set the weights\. Let the template take/,
  )
})

test('a weight of a chart that is no whole number is corrected in its values', needsHelm, async () => {
  for (const weight of ['5.5', 'five', '5%']) {
    const words = await refusalWith(`  weight: ${weight}\n`)
    assert.match(
      words,
      /^A Helm chart renders the weight \S+ for rule main at charts\/web\/templates\/virtualservice\.yaml:17,/,
    )
    assert.match(
      words,
      /Correct the value that the weight comes from, or the template, in a pull request of your own\.$/,
    )
  }
})

const ROOT = {
  'root/Chart.yaml': 'apiVersion: v2\nname: apps\nversion: 0.1.0\n',
  'root/values.yaml': 'repository: https://github.com/acme/shop.git\nstages: [staging, production]\n',
  'root/templates/_helpers.tpl': '{{- define "values" }}../../values-{{ . }}.yaml{{- end }}\n',
}

test('a command changes the values of one of the Applications that a chart renders in a loop', needsHelm, async () => {
  const template = APPLICATION(
    'web-{{ . }}',
    '      valueFiles: [{{ include "values" . }}]\n      parameters: []\n',
  ).replace('https://github.com/acme/shop.git', '{{ $.Values.repository }}')
  const apps = `{{- range .Values.stages }}\n---\n${template}{{- end }}\n`
  const files = repository({ ...VALUES, ...ROOT, 'root/templates/apps.yaml': apps })
  assert.deepEqual(await moves(files, 25, ' --env web-production'), [
    'values-production.yaml',
    '-  weight: 5 # percent',
    '+  weight: 25 # percent',
  ])
})

test('a command changes the values file of a HelmRelease that a chart renders', needsHelm, async () => {
  const release = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: shop, namespace: flux-system }
spec: { url: "{{ .Values.repository }}", ref: { branch: main } }
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: flux-system }
spec:
  interval: 5m
  releaseName: web
  chart:
    spec:
      chart: charts/web
      sourceRef: { kind: GitRepository, name: shop }
      valuesFiles: [charts/web/values.yaml, "values-{{ index .Values.stages 1 }}.yaml"]
`
  const files = repository({ ...VALUES, ...ROOT, 'root/templates/web.yaml': release })
  assert.deepEqual(await moves(files, 25), [
    'values-production.yaml',
    '-  weight: 5 # percent',
    '+  weight: 25 # percent',
  ])
})

test(
  'a command changes the values of an Application from a named template, which another template includes',
  needsHelm,
  async () => {
    const application = APPLICATION('web', '      valueFiles: [../../values-production.yaml]\n      parameters: []\n')
    const files = repository({
      ...VALUES,
      ...ROOT,
      'root/templates/lib/_application.tpl': `{{- define "application" }}\n${application}{{- end }}\n`,
      'root/templates/apps.yaml': '{{- include "application" . }}\n',
    })
    assert.deepEqual(await moves(files, 25), [
      'values-production.yaml',
      '-  weight: 5 # percent',
      '+  weight: 25 # percent',
    ])
  },
)
