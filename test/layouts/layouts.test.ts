import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command, linesChanged, refusal, rendersChange, repository, shares, VS } from './repository.ts'

/**
 * The place of a weight in each layout of a kustomize repository. A command must change only the wanted environments, according
 * to the real kustomize, and as few bytes as possible.
 */

const HEAD = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\n'
const MERGE = `${HEAD}spec:
  http:
    - timeout: 5s   # slow at night
      route:
        - {destination: {host: web, subset: stable}, weight: 95}
        - {destination: {host: web, subset: canary}, weight: 5}
`
const OPERATIONS = `- {op: replace, path: /spec/http/0/route/0/weight, value: 95}
- op: replace   # the canary
  path: /spec/http/0/route/1/weight
  value: 5
`
const NOTES = '{perch.dev/canary-percentage: "25", perch.dev/canary-version: v2, perch.dev/steps: "5,25,50,100"}'
const TO_25 = [
  '- {op: test, path: /spec/http/0/name, value: main}',
  '- {op: test, path: /spec/http/0/route/0/destination/subset, value: stable}',
  '- {op: test, path: /spec/http/0/route/1/destination/subset, value: canary}',
  '- {op: replace, path: /spec/http/0/route/0/weight, value: 75}',
  '- {op: replace, path: /spec/http/0/route/1/weight, value: 25}',
  `- {op: add, path: /metadata/annotations, value: ${NOTES}}`,
]

function indented(text: string, by: number): string {
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(by))
}

interface EditResult {
  readonly lines: readonly string[]
  readonly renders: readonly string[]
}

async function after(files: Map<string, string>, text: string): Promise<EditResult> {
  const before = new Map(files)
  await command(files, text)
  return { lines: linesChanged(before, files), renders: await rendersChange(before, files) }
}

/** The changes in a render if the canary of one environment moves to a share, and nothing else happens. */
function only(environment: string, share: number, name = 'web'): (seen: EditResult) => void {
  const start = `${environment} VirtualService/${name} `
  return ({ renders }) => {
    assert.deepEqual(
      renders.filter((line) => !line.includes('metadata.annotations')),
      [`${start}spec.http.0.route.0.weight: ${100 - share}`, `${start}spec.http.0.route.1.weight: ${share}`],
    )
    assert.ok(renders.every((line) => line.startsWith(start)))
  }
}

test('a weight in the file of one environment is edited there', async () => {
  const files = repository(
    {
      staging: 'resources: [vs.yaml]\n',
      production: 'resources: [vs.yaml]\n',
    },
    { 'overlays/staging/vs.yaml': VS, 'overlays/production/vs.yaml': VS },
  )
  const seen = await after(files, '/canary 25 --env production')
  only('production', 25)(seen)
  assert.equal(seen.lines[0], 'overlays/production/vs.yaml')
})

test('a base of several environments: nothing is changed unasked, all of them by --env all', async () => {
  const files = repository({ staging: '', production: '' })
  assert.equal((await refusal(files, '/canary 25')).code, 'shared-file')
  const seen = await after(files, '/canary 25 --env all')
  assert.deepEqual(
    seen.renders.filter((line) => line.includes('route.1.weight')),
    ['production', 'staging'].map((name) => `${name} VirtualService/web spec.http.0.route.1.weight: 25`),
  )
  assert.equal(seen.lines[0], 'base/vs.yaml')
})

test('a base of one environment is changed without asking', async () => {
  const files = repository({ production: '' })
  only('production', 25)(await after(files, '/canary 25'))
})

test('one environment of a base gets a patch in its kustomization; commands after it change that one', async () => {
  const files = repository({ staging: '', production: '' })
  const first = await after(files, '/canary 25 --env production')
  only('production', 25)(first)
  assert.deepEqual(first.lines, [
    'overlays/production/kustomization.yaml',
    '+patches:',
    '+  - target: {kind: VirtualService, name: web}',
    '+    patch: |',
    ...TO_25.map((line) => `+      ${line}`),
  ])
  assert.deepEqual(await shares(files), {
    production: '25% overlays/production/kustomization.yaml:9',
    staging: '0% base/vs.yaml:8',
  })
  const second = await after(files, '/canary 50 --env production')
  only('production', 50)(second)
  assert.equal(second.lines.length, 1 + 3 * 2)
  only('production', 0)(await after(files, '/canary 0 --env production'))
})

test('if patches are files, the new one is a file next to them, with their line breaks', async () => {
  const files = repository(
    { staging: '', production: 'patches:\r\n- path: patches/patch-tls.yml\r\n' },
    {
      'overlays/production/patches/patch-tls.yml':
        'apiVersion: networking.istio.io/v1\r\nkind: DestinationRule\r\nmetadata: {name: web}\r\nspec: {trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}\r\n',
    },
  )
  const seen = await after(files, '/canary 25 --env production')
  only('production', 25)(seen)
  assert.deepEqual(seen.lines.slice(0, 4), [
    'overlays/production/kustomization.yaml',
    '+- path: patches/patch-web-canary.yml\r',
    '+  target: {kind: VirtualService, name: web}\r',
    'overlays/production/patches/patch-web-canary.yml',
  ])
  assert.deepEqual(
    seen.lines.slice(4),
    TO_25.map((line) => `+${line}\r`),
  )
  only('production', 50)(await after(files, '/canary 50 --env production'))
})

for (const [how, text] of [
  ['an empty list', 'resources:\n  - ../../base\npatches: [] # none\nnamePrefix: ""\n'],
  ['an empty list at the end of the file', 'resources:\n- ../../base\npatches: []'],
  ['nothing', 'patches: # none\nresources:\n- ../../base\n'],
  ['null, in CRLF', 'resources:\r\n- ../../base\r\npatches: null\r\n'],
] as const) {
  test(`if \`patches\` is ${how} the patch is added there, and nothing else is written`, async () => {
    const files = repository({ staging: '', production: text })
    const seen = await after(files, '/canary 25 --env production')
    only('production', 25)(seen)
    const gone = seen.lines.filter((line) => line.startsWith('-'))
    assert.ok(gone.length <= 1 && gone.every((line) => line.startsWith('-patches: ')), gone.join('\n'))
    assert.equal(files.get('overlays/production/kustomization.yaml')?.match(/^patches:/gm)?.length, 1)
    only('production', 50)(await after(files, '/canary 50 --env production'))
  })
}

for (const [how, text] of [
  ['braces', '{resources: [../../base], namePrefix: ""}\n'],
  ['braces, with an empty list', '{resources: [../../base], patches: []}\n'],
  ['JSON', '{\n  "resources": [\n    "../../base"\n  ]\n}\n'],
  ['JSON in one line, with an empty list', '{"resources": ["../../base"], "patches": []}'],
] as const) {
  test(`a kustomization that is written in ${how} stays that`, async () => {
    const files = repository({ staging: '', production: text })
    only('production', 25)(await after(files, '/canary 25 --env production'))
    const now = files.get('overlays/production/kustomization.yaml') ?? ''
    assert.ok(now.startsWith(text.slice(0, 12)))
    if (how.startsWith('JSON')) assert.equal(typeof JSON.parse(now), 'object')
    else assert.equal(now.split('\n').length, 2)
    only('production', 50)(await after(files, '/canary 50 --env production'))
  })
}

test('if an environment builds an object in two ways, the named one is changed', async () => {
  const files = repository(
    { staging: '', production: 'resources: [../../base, ../../second]\n' },
    { 'second/kustomization.yaml': 'resources: [../base]\nnamePrefix: second-\n' },
  )
  const asked = await refusal(files, '/canary 25 --env production')
  assert.ok(asked.code === 'ambiguous', JSON.stringify(asked))
  assert.deepEqual(asked.choices.slice(0, 2), [
    { service: 'web', environment: 'production' },
    { service: 'second-web', environment: 'production' },
  ])
  only('production', 25, 'second-web')(await after(files, '/canary 25 second-web --env production'))
  // Neither is a layer of the other.
  assert.equal((await refusal(files, '/canary 25 web --env production')).code, 'cannot-edit')
})

test('a kustomization with patchesJson6902 gets the patch there, with group and version', async () => {
  const old =
    'patchesJson6902:\n- target:\n    group: networking.istio.io\n    version: v1\n    kind: DestinationRule\n    name: web\n  patch: |-\n    - op: add\n      path: /metadata/labels\n      value: {team: web}'
  const files = repository({ staging: '', production: old })
  const seen = await after(files, '/canary 25 --env production')
  only('production', 25)(seen)
  assert.deepEqual(
    seen.lines.filter((line) => line.includes('target')),
    ['+- target: {group: networking.istio.io, version: v1, kind: VirtualService, name: web}'],
  )
  only('production', 50)(await after(files, '/canary 50 --env production'))
})

for (const [where, overlay, extra, file] of [
  ['in a file', 'patches:\n  - path: weights.yaml\n', { 'overlays/production/weights.yaml': MERGE }, 'weights.yaml'],
  [
    'in a file, by patchesStrategicMerge',
    'patchesStrategicMerge: [weights.yaml]\n',
    { 'overlays/production/weights.yaml': MERGE },
    'weights.yaml',
  ],
  ['written out', `patches:\n  - patch: |-\n${indented(MERGE, 6)}`, {}, 'kustomization.yaml'],
] as const) {
  test(`a strategic merge patch ${where} is edited where it sets the weights, and gets the annotations`, async () => {
    const files = repository({ staging: '', production: overlay }, extra)
    const seen = await after(files, '/canary 25 --env production')
    only('production', 25)(seen)
    assert.equal(seen.lines[0], `overlays/production/${file}`)
    assert.equal(seen.lines.length, 1 + 3 * 2)
    assert.equal((await refusal(files, '/canary 30')).code, 'ambiguous')
    only('staging', 50)(await after(files, '/canary 50 --env staging'))
    const all = await after(files, '/canary 10 --env all')
    assert.equal(all.renders.filter((line) => line.endsWith('route.1.weight: 10')).length, 2)
  })
}

for (const [where, overlay, extra, file] of [
  [
    'in a file',
    'patches:\n  - target: {kind: VirtualService, name: web}\n    path: weights.yaml\n',
    { 'overlays/production/weights.yaml': OPERATIONS },
    'weights.yaml',
  ],
  [
    'written out, for a pattern',
    `patches:\n  - target: {kind: VirtualService, name: w.*}\n    patch: |\n${indented(OPERATIONS, 6)}`,
    {},
    'kustomization.yaml',
  ],
  [
    'in JSON',
    `patches:\n  - target: {kind: VirtualService}\n    patch: '[{"op": "replace", "path": "/spec/http/0/route/0/weight", "value": 95}, {"op": "replace", "path": "/spec/http/0/route/1/weight", "value": 5}]'\n`,
    {},
    'kustomization.yaml',
  ],
] as const) {
  test(`operations of a JSON 6902 patch ${where} get the new numbers, and one more for the annotations`, async () => {
    const files = repository({ staging: '', production: overlay }, extra)
    const seen = await after(files, '/canary 25 --env production')
    only('production', 25)(seen)
    assert.equal(seen.lines[0], `overlays/production/${file}`)
    only('production', 50)(await after(files, '/canary 50 --env production'))
  })
}

test('an operation whose value is the whole list is edited in that value', async () => {
  const patch = `- op: replace\n  path: /spec/http/0/route\n  value:\n    - {destination: {host: web, subset: stable}, weight: 100}\n`
  const files = repository({
    staging: '',
    production: `patches:\n  - target: {kind: VirtualService, name: web}\n    patch: |-\n${indented(patch, 6)}`,
  })
  const before = new Map(files)
  await command(files, '/canary 25 --env production')
  assert.deepEqual(linesChanged(before, files).slice(1, 4), [
    '-          - {destination: {host: web, subset: stable}, weight: 100}',
    '+          - {destination: {host: web, subset: stable}, weight: 75}',
    '+          - {destination: {host: web, subset: canary}, weight: 25}',
  ])
})

test('a start in one environment adds the canary’s entry by an operation', async () => {
  const alone = VS.replace(/ {8}- destination: \{host: web, subset: canary\}\n {10}weight: 0\n/, '').replace(
    '          weight: 100\n',
    '',
  )
  const files = repository({ staging: '', production: '' }, { 'base/vs.yaml': alone })
  const { renders, lines } = await after(files, '/canary 5 --env production')
  assert.deepEqual(
    renders.filter((line) => line.includes('spec')),
    [
      'production VirtualService/web spec.http.0.route.0.weight: 95',
      'production VirtualService/web spec.http.0.route.1: {"destination":{"host":"web","subset":"canary"},"weight":5}',
    ],
  )
  assert.ok(
    lines.includes(
      '+      - {op: add, path: /spec/http/0/route/1, value: {destination: {host: web, subset: canary}, weight: 5}}',
    ),
  )
})

const COMPONENT = {
  'components/weights/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n  - path: weights.yaml\n',
  'components/weights/weights.yaml': MERGE,
}

test('a component’s patch for two overlays is changed for both together, and one of them gets its own patch', async () => {
  const use = 'components:\n  - ../../components/weights\n'
  const files = repository({ development: '', staging: use, production: use }, COMPONENT)
  assert.deepEqual(Object.keys(await shares(files)), ['development', 'production+staging'])
  const both = await after(files, '/canary 25 --env production+staging')
  assert.equal(both.lines[0], 'components/weights/weights.yaml')
  assert.equal(both.renders.filter((line) => line.endsWith('route.1.weight: 25')).length, 2)
  only('production', 50)(await after(files, '/canary 50 --env production'))
  only('development', 10)(await after(files, '/canary 10 --env development'))
  const all = await after(files, '/canary 60 --env all')
  assert.equal(all.renders.filter((line) => line.endsWith('route.1.weight: 60')).length, 3)
})

test('a chain of base, middle and overlays with a prefix, a suffix and a namespace', async () => {
  const middle = {
    'middle/kustomization.yaml': `resources: [../base]\nnameSuffix: -eu\npatches:\n  - target: {kind: VirtualService, name: web}\n    patch: |-\n${indented(OPERATIONS, 6)}`,
  }
  const files = repository(
    {
      staging: 'resources: [../../middle]\n',
      production: 'resources: [../../middle]\nnamePrefix: shop-\nnamespace: shop\n',
    },
    middle,
  )
  const all = await after(files, '/canary 25 --env all')
  assert.ok(all.lines.includes('middle/kustomization.yaml'))
  assert.equal(all.renders.filter((line) => line.endsWith('route.1.weight: 25')).length, 2)
  only('production', 50, 'shop-web-eu')(await after(files, '/canary 50 --env production'))
  only('staging', 10, 'web-eu')(await after(files, '/canary 10 --env staging'))
})

test('a patch in another overlay does not apply to this one, whatever its target is', async () => {
  const other = {
    'other/kustomization.yaml': `resources: [../base/dr.yaml]\npatches:\n  - target: {kind: VirtualService}\n    patch: |-\n${indented(OPERATIONS, 6)}`,
  }
  const files = repository({ staging: '', production: 'resources: [../../base/vs.yaml, ../../other]\n' }, other)
  assert.deepEqual(await shares(files), { all: '0% base/vs.yaml:8' })
})

test('an HTTPRoute in a patch', async () => {
  const route =
    'apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: web\nspec:\n  rules:\n    - backendRefs:\n'
  const refs = (stable: number, canary: number): string =>
    `        - {name: web-stable, port: 80, weight: ${stable}}\n        - {name: web-canary, port: 80, weight: ${canary}}\n`
  const files = repository(
    { staging: '', production: 'patches:\n  - path: weights.yaml\n' },
    { 'base/vs.yaml': route + refs(100, 0), 'overlays/production/weights.yaml': route + refs(90, 10) },
  )
  const { renders, lines } = await after(files, '/canary 25 --env production')
  assert.equal(lines[0], 'overlays/production/weights.yaml')
  assert.deepEqual(
    renders.filter((line) => line.includes('weight')),
    [
      'production HTTPRoute/web spec.rules.0.backendRefs.0.weight: 75',
      'production HTTPRoute/web spec.rules.0.backendRefs.1.weight: 25',
    ],
  )

  await command(files, '/canary 50 --env staging')
  assert.match(
    files.get('overlays/staging/kustomization.yaml') ?? '',
    /test, path: \/spec\/rules\/0\/backendRefs\/1\/name/,
  )
})

test('a replacement that feeds the canary alone gets its number, and the stable one a patch', async () => {
  const feed = `resources: [../../base, weights.yaml]
replacements:
  - source: {kind: ConfigMap, name: weights, fieldPath: data.canary}
    targets: [{select: {kind: VirtualService}, fieldPaths: [spec.http.0.route.1.weight]}]
`
  const weights = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: weights}\ndata: {canary: 25}\n'
  const files = repository({ staging: '', production: feed }, { 'overlays/production/weights.yaml': weights })
  const { lines } = await after(files, '/canary 40 --env production')
  assert.ok(lines.includes('+data: {canary: 50}'), lines.join('\n'))
  assert.ok(
    lines.some((line) => line.includes('route/0/weight, value: 75')),
    lines.join('\n'),
  )
})

for (const [what, target] of [
  ['labels', '{kind: VirtualService, labelSelector: app=web}'],
  ['a pattern that is not plain', '{kind: VirtualService, name: "(w+)+eb"}'],
] as const) {
  test(`a patch for ${what} is not guessed at: the render tells whether it is for the route`, async () => {
    const files = repository({
      staging: '',
      production: `patches:\n  - target: ${target}\n    patch: |-\n${indented(OPERATIONS, 6)}`,
    })
    only('production', 25)(await after(files, '/canary 25 --env production'))
    only('production', 50)(await after(files, '/canary 50 --env production'))
  })
}

test('a weight that a plugin sets is changed there', async () => {
  const plugin = `apiVersion: builtin
kind: PatchTransformer
metadata: {name: late}
target: {kind: VirtualService}
patch: '[{"op": "replace", "path": "/spec/http/0/route/1/weight", "value": 7}]'
`
  const files = repository(
    { staging: '', production: 'transformers: [late.yaml]\n' },
    { 'overlays/production/late.yaml': plugin },
  )
  const { lines } = await after(files, '/canary 25 --env production')
  assert.ok(
    lines.some((line) => line.startsWith('+patch:') && line.endsWith('"value": 250}]\'')),
    lines.join('\n'),
  )
})
