/** What the config may contain: every key once, each with small changes, and each limit with a value just beyond it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { readBranches, wantsDashboard } from '../../../../src/core/config/deployed.ts'
import { readConfig } from '../../../../src/core/config/read.ts'
import type { JsonValue } from '../../../../src/core/manifest/data.ts'
import { clip } from '../../../../src/core/text/limits.ts'
import { assertPage } from '../page.ts'
import { flatLines, variantLines, variantsOf } from './variants.ts'

const WHOLE = `environments:
  staging:
    path: overlays/staging
    deployer: web
    live: [{ status: "kustomization/*", by: flux, within: 20m }, { check: argo }, { deployment: staging }, { report: argocd/web }]
  production:
    helm: { chart: charts/web, values: [values.yaml], release: web, namespace: shop }
    after: staging
    approvals: 1
    live: { traffic: ±2, window: 10m, minRequests: 50 }
    prometheus: eu
    frozen: [{ from: "Fri 16:00", until: "Mon 08:00", timezone: Europe/Berlin, reason: weekend }]
services:
  web:
    route: { kind: VirtualService, name: edge, namespace: shop, rules: [web] }
    stable: stable
    canary: canary
    strategy: canary
    steps: [5, 100]
    bake: 30m
    analysis:
      provider: eu
      checks:
        - { metric: success-rate, min: 99, againstStable: { maxBelow: 0.5 } }
        - { metric: latency-p99, max: 500, againstStable: { maxAbove: 20% } }
        - { metric: queue, query: "sum(queue{})", unit: jobs, min: 1, max: 9, againstStable: { maxAbove: 1 }, stableQuery: "sum(old{})", requests: "sum(r{})" }
      settle: 45s
      interval: 2m
      minRequests: 10
      failureLimit: 1
      reporter: source
      onNoData: fail
      onError: fail
      onInconclusive: fail
    waves: [[staging], [production]]
    onFailure: hold
    mirror: remove
    start: first-step
    onNewVersion: restart
    autoMerge: rollback
  api:
    route: { name: edge, namespace: shop, rules: [api] }
    strategy: blue-green
    versions: [blue, green]
    analysis: { template: rate, clusterScope: true, args: { service: web, limit: 5, strict: true } }
clusters:
  eu-1: { server: "https://eu", labels: { env: production } }
branches: [main, release/*]
automation: [renovate]
promote: { include: [patches/**], exclude: [patches/replicas.yaml], images: false }
diff: { ignore: [{ kind: apps/Deployment, path: /metadata/labels/a~1b }] }
secrets: [example.com/Credentials]
policy: { path: policy, data: policy/data, packages: [main] }
validators:
  - yamllint
  - { name: kubeconform, schemas: schemas, ignore: [example.com/Thing], kubernetes: 1.34.1, strict: true }
  - { name: kubectl-validate, crds: crds, ignore: [Thing], kubernetes: "1.30" }
  - { name: istioctl, ignore: [IST0118] }
  - { name: dry-run, ignore: [Job], fieldManager: kustomize-controller }
validate: strict
findings: { no-pods: note }
notify: [{ to: platform, on: [waiting, failed] }]
deployments: true
dashboard: true
requireSum100: true
annotationPrefix: gitops.example.com
`

function read(text: string): readonly string[] {
  const config = readConfig(text)
  return config.ok
    ? flatLines(config.value)
    : config.error.map(({ path, message, line }) => `${line} ${path}: ${clip(message, 100)}`)
}

/** Numbers within and just beyond each limit, and texts that differ at one of their ends. */
function othersOf(value: JsonValue): readonly JsonValue[] {
  if (typeof value === 'number') return [-1, 0.5, value + 1, '1']
  if (typeof value === 'string') return ['', `-${value}`, `${value} -`]
  return typeof value === 'boolean' ? [!value, 'yes'] : []
}

const long = (length: number): string => 'a'.repeat(length)
const many = (count: number, one: (index: number) => string): string =>
  `[${Array.from({ length: count }, (_, index) => one(index)).join(', ')}]`
const environment = (rest: string): string => `environments: { a: { path: a, ${rest} } }`
const service = (rest: string): string => `services: { a: { ${rest} } }`
const checks = (rest: string, more = ''): string => service(`analysis: { checks: ${rest} ${more} }`)
const check = (rest: string): string => checks(`[{ ${rest} }]`)

/** Texts at a limit and just beyond it, next to each other. */
const LIMITS: readonly string[] = [
  ...['±0', '0', '0.0', '0.01', '±0.5', '9', '±1.25', '49.5', '50', '50.1', '51', '±±2', '2±', ' 2'].map((points) =>
    environment(`live: { traffic: "${points}" }`),
  ),
  ...[0, 0.1, 50, 50.1].map((points) => environment(`live: { traffic: ${points} }`)),
  ...[0, 1, 1.5].map((count) => environment(`live: { traffic: 2, minRequests: ${count} }`)),
  ...[20, 21].map((count) => environment(`live: ${many(count, () => '{ after: 1m }')}`)),
  environment('live: []'),
  environment('live: { after: 1m, status: a }'),
  ...[-1, 0, 1.5].map((count) => environment(`approvals: ${count}`)),
  ...['1s', '0.5m', '2h', '365d', '365.1d', '366d', '1w', '.5h', '1.h', '1 m', 'm', '-1m'].map((bake) =>
    service(`bake: "${bake}"`),
  ),
  ...['[0]', '[0.1]', '[100]', '[100.1]', '[]', '[5, 5]', '[5, 25, 24]', '[5, "25"]'].map((steps) =>
    service(`steps: ${steps}`),
  ),
  ...['[a]', '[a, b]', '[a, b, c]', '[a, ""]'].map((versions) => service(`versions: ${versions}`)),
  ...['[]', '[[]]', '[[a], [a]]', '[[a, b], [b]]', '[[a, ""]]', '[[a, b], [a+b]]', '[[a+b], [a, b]]'].map((waves) =>
    service(`waves: ${waves}`),
  ),
  'environments: { a: { path: a }, "a+b": { path: c }, b: { path: b } }\nservices: { x: { waves: [[a, b]] } }',
  'environments: { a: { path: a } }\nservices: { x: { waves: [[a], [b]] } }',
  ...[20, 21].map((count) => checks(many(count, (index) => `{ metric: m${index}, query: q, unit: u, max: 1 }`))),
  checks('[]'),
  checks('[{ metric: success-rate, min: 99 }, { metric: success-rate, min: 98 }]'),
  ...[60, 61].map((length) => check(`metric: ${long(length)}, query: q, unit: u, max: 1`)),
  ...['a', 'a.b-c_d', '1a', 'a b', 'ä'].map((metric) => check(`metric: "${metric}", query: q, unit: u, max: 1`)),
  ...[2000, 2001].map((length) => check(`metric: m, query: ${long(length)}, unit: u, max: 1`)),
  ...[20, 21].map((length) => check(`metric: m, query: q, unit: ${long(length)}, max: 1`)),
  check('metric: m, max: 1'),
  check('metric: m, query: q'),
  check('metric: m, query: q, unit: u, againstStable: {}'),
  check('metric: m, query: q, unit: u, min: 1, againstStable: {}'),
  check('metric: m, query: q, unit: u, min: 2, max: 1'),
  check('metric: m, query: q, unit: u, min: 1, max: 1'),
  check('metric: m, query: "q{{version}}", unit: u, againstStable: { maxAbove: 1 }'),
  check('metric: m, query: "q{{version}}", unit: u, stableQuery: s, max: 1'),
  check('metric: m, query: q, unit: u, stableQuery: s, againstStable: { maxAbove: 1 }'),
  check('metric: m, query: "{{nothing}}", unit: u, max: 1'),
  check('metric: m, query: "{{service", unit: u, max: 1'),
  ...['`a`', '`"`', '`a', '`{{service}}`', '# "', "# \n'", "'a", "'{{service}}'", '{{ }}', '"{{window}}"'].map(
    (query) => check(`metric: m, query: ${JSON.stringify(query)}, unit: u, max: 1`),
  ),
  ...['0%', '20%', '0.5%', '.5%', '20 %', '%', '-1%'].map((most) =>
    check(`metric: success-rate, againstStable: { maxBelow: "${most}" }`),
  ),
  ...[-1, 0].map((most) => check(`metric: success-rate, againstStable: { maxBelow: ${most} }`)),
  ...[0.5, 1, 1.1, 100, 100.1].map((min) => check(`metric: success-rate, min: ${min}`)),
  check('metric: success-rate, max: 99'),
  check('metric: success-rate, againstStable: { maxAbove: 1 }'),
  ...[0.5, 0.9, 1, 4, 5, 10].map((max) => check(`metric: latency-p99, max: ${max}`)),
  check('metric: latency-p99, min: 5'),
  check('metric: latency-p99, againstStable: { maxBelow: 1 }'),
  ...['query: q', 'unit: u', 'stableQuery: q', 'requests: q'].map((own) =>
    check(`metric: success-rate, min: 99, ${own}`),
  ),
  ...['89s', '90s'].map((bake) => service(`bake: ${bake}, analysis: { checks: [{ metric: success-rate, min: 99 }] }`)),
  service('analysis: {}'),
  service('analysis: { checks: [{ metric: success-rate, min: 99 }], args: { a: b }, clusterScope: false }'),
  ...['checks: [{ metric: success-rate, min: 99 }]', 'settle: 1m', 'interval: 1m', 'minRequests: 0'].map((key) =>
    service(`analysis: { template: t, ${key} }`),
  ),
  ...['failureLimit: 0', 'reporter: source', 'onNoData: wait'].map((key) =>
    service(`analysis: { template: t, ${key} }`),
  ),
  ...[253, 254].map((length) => service(`analysis: { template: ${long(length)} }`)),
  ...[2000, 2001].map((length) => service(`analysis: { template: t, args: { a: ${long(length)} } }`)),
  ...[40, 41].map((length) => environment(`prometheus: ${long(length)}`)),
  ...['Fri 24:00', 'Fri 23:59', 'Fri 23:60', 'fri 10:00', '2026-12-20', '2026-12-32', '2026-13-01', '2026-00-10'].map(
    (from) => environment(`frozen: [{ from: "${from}", until: "Mon 08:00" }]`),
  ),
  ...['2026-12-20 19:59', '2026-12-20 24:00', '2026-12-20T10:00', ' 2026-12-20', 'Mon 08:00 '].map((until) =>
    environment(`frozen: [{ from: "2026-12-20", until: "${until}" }]`),
  ),
  environment('frozen: []'),
  environment('after: b'),
  environment('helm: { chart: c }'),
  'environments: { a: {} }',
  'environments: { a: { helm: { chart: c }, deployer: d } }',
  ...[255, 256].map((length) => `branches: [${long(length)}]`),
  ...['main', 'release/*', 'a b', 'a~b', 'a^b', 'a:b', 'a?b', 'a[b', 'a\\b'].map((name) => `branches: ['${name}']`),
  ...[500, 501].map((length) => `diff: { ignore: [{ path: /${long(length - 1)} }] }`),
  ...['/', '/a', '/a/', 'a', '/a~0', '/a~1/b', '/a~2', '/a~', '//a'].map(
    (path) => `diff: { ignore: [{ path: ${path} }] }`,
  ),
  ...['Secret', 'a.b/Secret', 'a/b/Secret', '/Secret', 'Secret2', 'Se cret'].map((kind) => `secrets: ["${kind}"]`),
  ...['policy', '/policy', '..', 'a/../b', 'a/..', '..a', 'a..', ''].map((path) => `policy: { path: "${path}" }`),
  ...['main', 'a.b_c1', '_a', '1a', '.a', 'a-b'].map((name) => `policy: { path: p, packages: ["${name}"] }`),
  ...['1.34.1', 'v1.34.1', '1.34', '1.34.1.2', 'a1.34.1'].map(
    (version) => `validators: [{ name: kubeconform, kubernetes: "${version}" }]`,
  ),
  ...['1.30', '1.30.1', '11.30', '2.30', '1.'].map(
    (version) => `validators: [{ name: kubectl-validate, kubernetes: "${version}" }]`,
  ),
  ...['IST0118', 'IST118', 'IST01181', 'XIST0118'].map(
    (code) => `validators: [{ name: istioctl, ignore: ["${code}"] }]`,
  ),
  ...[long(128), long(129), 'a b', 'a.b:c/d-e_f'].map(
    (name) => `validators: [{ name: dry-run, fieldManager: "${name}" }]`,
  ),
  ...['[yamllint, yamllint]', '[yamllint, { name: yamllint }]', '[other]', '[{ name: other }]'].map(
    (all) => `validators: ${all}`,
  ),
  ...[40, 41].map((length) => `notify: [{ to: ${long(length)} }]`),
  ...['a-1', '-a', 'A', 'a.b', 'https://x'].map((to) => `notify: [{ to: "${to}" }]`),
  ...[20, 21].map((count) => `notify: ${many(count, (index) => `{ to: a${index} }`)}`),
  ...['a', 'a.b-c', '-a', 'a-', 'A', 'a_b'].map((prefix) => `annotationPrefix: "${prefix}"`),
  ...['[a-b]', 'a?b', '[ab]', '"a\\\\b"'].map((path) => `promote: { exclude: [${path}] }`),
  ...['a', long(45), long(46), 'a.b_c-d', '.a', 'a.', 'a b'].map(
    (name) => `services: { "${name}": { route: { name: r, rules: [x] } }, z: { route: { name: r, rules: [y] } } }`,
  ),
  'services: { a: { route: { name: r, rules: [x, y] } }, b: { route: { name: r, rules: [z, y] } } }',
  'services: { a: { route: { name: r, rules: [x] } }, b: { route: { name: r } } }',
  'services: { a: { route: { name: r, rules: [x] } }, b: { route: { kind: HTTPRoute, name: r, rules: [x] } } }',
  'services: { a: { route: { name: r, rules: [x] } }, b: { route: { namespace: n, name: r, rules: [x] } } }',
  'unknown: 1\nother: 2',
]

test('the values for each key of the config are on a page that somebody has approved', () => {
  assert.ok(readConfig(WHOLE).ok, read(WHOLE).join())
  const whole: { readonly [key: string]: JsonValue } = parse(WHOLE)
  const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 60)} … ${text.slice(-30)}` : text)
  const changed = Object.entries(whole).flatMap(([key, value]) => {
    const variants = variantsOf({ [key]: value }, '', othersOf)
    return variantLines<JsonValue>({ [key]: value }, variants, (data) => read(stringify(data)))
  })
  assertPage('variants/config.md', {
    'every key': read(WHOLE),
    'one key with one change': changed,
    'at a limit': LIMITS.map((text) => {
      const problems = readConfig(text).ok ? ['may be'] : read(text)
      return `${shown(text).replaceAll('\n', ' · ')}\n  ${problems.join('\n  ')}`
    }),
  })
})

test('a mistake elsewhere in the config undeploys no branch and removes no dashboard', () => {
  const texts: Readonly<Record<string, readonly [branches: unknown, dashboard: unknown]>> = {
    'branches: [main]\ndashboard: true': [['main'], true],
    'branches: [main]\ndashboard: false': [['main'], false],
    'branches: [main]\nvalidate: often\ndashboard: true': [['main'], undefined],
    'branches: [5]\nvalidate: often': ['branches.0', false],
    'branches: 5': ['branches', false],
    'branchesx: 5': [undefined, false],
    'validate: strict': [undefined, false],
    '[]': ['', false],
    '{ dashboard: true': ['', undefined],
  }
  for (const [text, expected] of Object.entries(texts)) {
    const branches = readBranches(text)
    assert.deepEqual([branches.ok ? branches.value : branches.error[0]?.path, wantsDashboard(text)], expected, text)
  }
})
