/**
 * Other sources of a route than files and patches: annotations and names that every object gets, schemas, replacements, variables
 * and transformers. The render is the truth: a command changes what sets the weights, and no check is red for it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import {
  command,
  linesChanged,
  refusal,
  render,
  rendersChange,
  repository,
  shares,
  VS,
  worktreeOf,
} from './repository.ts'
import { tools } from '../tools.ts'

async function problems(files: Map<string, string>): Promise<readonly string[]> {
  const found = await reviewFolder({ ...tools, worktree: worktreeOf(files) }, { environment: undefined })
  assert.ok(found.ok)
  return found.value.review.problems.map(({ code }) => code)
}

/** Sets the canary's share in production. Only its two weights and Perch's annotations may change, and no check may be red. */
async function moves(files: Map<string, string>, share: number, service = ''): Promise<readonly string[]> {
  const before = new Map(files)
  await command(files, `/canary ${share} ${service} --env production`)
  const changes = await rendersChange(before, files)
  const weights = changes.filter((line) => line.includes('VirtualService') && !line.includes('metadata.annotations'))
  assert.deepEqual(
    weights.map((line) => line.replace(/^.* spec\./, '')),
    [`http.0.route.0.weight: ${100 - share}`, `http.0.route.1.weight: ${share}`],
  )
  assert.ok(weights.every((line) => line.startsWith('production ')))
  assert.deepEqual(await problems(files), [])
  return linesChanged(before, files)
}

async function annotationsOf(files: Map<string, string>): Promise<unknown> {
  const objects = [...((await render(files)).get('production')?.values() ?? [])].map(Object)
  return objects.find(({ kind }) => kind === 'VirtualService').metadata.annotations
}

const NOTES = {
  'perch.dev/canary-percentage': '50',
  'perch.dev/canary-version': 'v2',
  'perch.dev/steps': '5,25,50,100',
}
const TEAM = 'commonAnnotations:\n  team: shop\n'
const BASE = 'resources:\n  - vs.yaml\n  - dr.yaml\n'

for (const [where, files] of [
  ['the base', repository({ staging: '', production: '' }, { 'base/kustomization.yaml': BASE + TEAM })],
  ['the overlay', repository({ staging: '', production: TEAM })],
  [
    'a component',
    repository(
      { staging: '', production: 'components: [../../shop]\n' },
      { 'shop/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${TEAM}` },
    ),
  ],
  [
    'a transformer',
    repository(
      { staging: '', production: 'transformers: [team.yaml]\n' },
      {
        'overlays/production/team.yaml':
          'apiVersion: builtin\nkind: AnnotationsTransformer\nmetadata: {name: team}\nannotations: {team: shop}\nfieldSpecs: [{path: metadata/annotations, create: true}]\n',
      },
    ),
  ],
] as const) {
  test(`annotations that every object gets from ${where} stay beside Perch's own`, async () => {
    await moves(files, 25)
    await moves(files, 50)
    assert.deepEqual(await annotationsOf(files), { team: 'shop', ...NOTES })
  })
}

test('kustomize’s build notes, and a transformer that sets the namespace, do not matter', async () => {
  const files = repository(
    {
      staging: '',
      production:
        'transformers: [shop.yaml]\nbuildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]\n',
    },
    {
      'overlays/production/shop.yaml':
        'apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: shop, namespace: shop}\nfieldSpecs: [{path: metadata/namespace, create: true}]\n',
    },
  )
  assert.deepEqual(await problems(files), [])
  await moves(files, 25)
  await moves(files, 50)
})

const SERVICES = ['web-stable', 'web-canary']
  .map(
    (name) =>
      `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {selector: {app: ${name}}, ports: [{port: 80}]}\n`,
  )
  .join('---\n')
const HOSTS = VS.replace('{host: web, subset: stable}', '{host: web-stable}').replace(
  '{host: web, subset: canary}',
  '{host: web-canary}',
)

test('names with a prefix and suffix, including destinations, have the roles in the file', async () => {
  const affixes = 'namePrefix: eu-\nnameSuffix: -prod\nconfigurations: [names.yaml]\n'
  const names =
    'nameReference:\n  - kind: Service\n    fieldSpecs:\n      - {path: spec/http/route/destination/host, kind: VirtualService}\n'
  const files = repository(
    { staging: '', production: affixes },
    {
      'base/kustomization.yaml': `${BASE}  - services.yaml\n`,
      'base/vs.yaml': HOSTS,
      'base/services.yaml': SERVICES,
      'overlays/production/names.yaml': names,
    },
  )
  assert.deepEqual(await problems(files), [])
  await moves(files, 25)
  await moves(files, 50)
})

test('a patch of a named rule by a schema is read as it is rendered, and an operation comes behind it', async () => {
  const schema = {
    definitions: {
      'io.istio.networking.v1.VirtualService': {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: {
              http: {
                type: 'array',
                items: { type: 'object' },
                'x-kubernetes-patch-merge-key': 'name',
                'x-kubernetes-patch-strategy': 'merge',
              },
            },
          },
        },
        'x-kubernetes-group-version-kind': [{ group: 'networking.istio.io', kind: 'VirtualService', version: 'v1' }],
      },
    },
  }
  const patch =
    'openapi: {path: schema.json}\npatches:\n  - patch: |-\n      apiVersion: networking.istio.io/v1\n      kind: VirtualService\n      metadata: {name: web}\n      spec: {http: [{name: main, timeout: 3s}]}\n'
  const files = repository(
    { staging: '', production: patch },
    { 'overlays/production/schema.json': JSON.stringify(schema) },
  )
  assert.deepEqual(Object.keys(await shares(files)), ['production', 'staging'])
  await moves(files, 25)
  await moves(files, 50)
})

test('one root that builds a base for two tenants has two rollouts, named by their namespaces', async () => {
  const files = repository(
    { production: 'resources: [a, b]\n' },
    {
      'overlays/production/a/kustomization.yaml': 'namespace: tenant-a\nresources: [../../../base]\n',
      'overlays/production/b/kustomization.yaml': 'namespace: tenant-b\nresources: [../../../base]\n',
    },
  )
  const asked = await refusal(files, '/canary 25 web')
  assert.ok(asked.code === 'ambiguous', JSON.stringify(asked))
  assert.deepEqual(asked.choices, [
    { service: 'tenant-a/web', environment: 'production' },
    { service: 'tenant-b/web', environment: 'production' },
  ])
  const before = new Map(files)
  await command(files, '/canary 25 tenant-b/web')
  assert.equal(linesChanged(before, files)[0], 'overlays/production/b/kustomization.yaml')
  assert.deepEqual(await problems(files), [])
})

/** Weights of production by a replacement, from a ConfigMap or an annotation. */
function replacement(source: string, field: string): string {
  return `replacements:\n${['stable', 'canary']
    .map(
      (side, index) => `  - source: {${source}, fieldPath: ${field}.${side}}
    targets:
      - select: {kind: VirtualService, name: web}
        fieldPaths: ["spec.http.${index === 0 ? '0' : '[name=main]'}.route.${index}.weight"]
`,
    )
    .join('')}`
}

const FROM_MAP = replacement('kind: ConfigMap, name: weights', 'data')
const MAP =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: weights}\ndata:\n  stable: "80"   # of a hundred\n  canary: "20"\n'
const OPERATIONS =
  '- {op: replace, path: /spec/http/0/route/0/weight, value: 80}\n- {op: replace, path: /spec/http/0/route/1/weight, value: 20}\n'
const INLINE = OPERATIONS.replaceAll(/^/gm, '      ').trimEnd()

for (const [what, overlay, extra, edited] of [
  [
    'a ConfigMap',
    `resources: [../../base, weights.yaml]\n${FROM_MAP}`,
    { 'overlays/production/weights.yaml': MAP },
    ['weights.yaml', '+  stable: "70"   # of a hundred'],
  ],
  [
    'a literal of a generator',
    `configMapGenerator:\n  - name: weights\n    literals: [stable=80, canary=20]\n${FROM_MAP}`,
    {},
    ['kustomization.yaml', '+    literals: [stable=70, canary=30]'],
  ],
  [
    'a file of variables',
    `configMapGenerator:\n  - name: weights\n    envs: [weights.env]\n${FROM_MAP}`,
    { 'overlays/production/weights.env': 'stable=80\ncanary=20\n' },
    ['weights.env', '+stable=70'],
  ],
  [
    'an annotation',
    `patches:\n  - target: {kind: VirtualService, name: web}\n    patch: |\n      - {op: add, path: /metadata/annotations, value: {stable: "80", canary: "20"}}\n${replacement('kind: VirtualService, name: web', 'metadata.annotations')}`,
    {},
    ['kustomization.yaml', undefined],
  ],
  [
    'a transformer',
    'transformers: [weights.yaml]\n',
    {
      'overlays/production/weights.yaml': `apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: weights}\ntarget: {kind: VirtualService, name: web}\npatch: |-\n${OPERATIONS.replaceAll(/^(?=.)/gm, '  ')}`,
    },
    ['weights.yaml', '+  - {op: replace, path: /spec/http/0/route/0/weight, value: 70}'],
  ],
  [
    'a patch for a label',
    `patches:\n  - target: {kind: VirtualService, labelSelector: app=web}\n    patch: |\n${INLINE}\n`,
    { 'base/vs.yaml': VS.replace('  name: web\n', '  name: web\n  labels: {app: web}\n') },
    ['kustomization.yaml', undefined],
  ],
] as const) {
  test(`weights from ${what} are read from the render, and changed at their source`, async () => {
    const files = repository({ staging: '', production: overlay }, extra)
    assert.match((await shares(files))['production'] ?? '', /^20% /)
    assert.deepEqual(await problems(files), [])
    const lines = await moves(files, 30)
    const [file, line] = edited
    assert.ok(lines.includes(`overlays/production/${file}`), lines.join('\n'))
    if (line !== undefined) assert.ok(lines.includes(line), lines.join('\n'))
    await moves(files, 50)
  })
}

test('weights that two environments take from one place are changed for one of them in its own patch', async () => {
  const files = repository(
    { staging: '', production: '' },
    { 'base/kustomization.yaml': `resources: [vs.yaml, dr.yaml, weights.yaml]\n${FROM_MAP}`, 'base/weights.yaml': MAP },
  )
  const lines = await moves(files, 30)
  assert.ok(!lines.includes('base/weights.yaml'))
})

test('if no attempt renders the wanted weights, the refusal names what sets them', async () => {
  const one = replacement('kind: ConfigMap, name: weights', 'data').replaceAll('data.canary', 'data.stable')
  const files = repository(
    { staging: '', production: `resources: [../../base, weights.yaml]\n${one}` },
    { 'overlays/production/weights.yaml': MAP },
  )
  const refused = await refusal(files, '/canary 30 --env production')
  assert.ok(refused.code === 'cannot-edit' && refused.refusal.code === 'unclear', JSON.stringify(refused))
  assert.equal(refused.refusal.file, 'overlays/production/kustomization.yaml')
})

test('weights that sops has encrypted are not judged, and the refusal says so', async () => {
  const secret = VS.replace('weight: 0', 'weight: ENC[AES256_GCM,data:x,iv:y,tag:z,type:int]')
  const files = repository({ production: '' }, { 'base/vs.yaml': `${secret}sops: { version: 3.9.0 }\n` })
  assert.deepEqual(await problems(files), [])
  assert.match(explainRefusal(await refusal(files, '/canary 30')), /base\/vs\.yaml:13` is encrypted with sops/)
})
