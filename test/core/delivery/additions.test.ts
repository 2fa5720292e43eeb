import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergedFields } from '../../../src/core/delivery/additions.ts'
import { readDeliveries } from '../../../src/core/delivery/delivery.ts'
import { discoverEnvironments } from '../../../src/core/environment/discover-environments.ts'

function added(text: string): unknown {
  const [delivery] = readDeliveries(new Map([['a.yaml', text]])).deliveries
  return delivery?.additions?.fields
}

const flux = (name: string, spec: string): string =>
  `---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: ${name}, namespace: flux-system}\nspec: ${spec.replace('{', '{interval: 10m, ')}\n`
const argo = (name: string, kustomize: string): string =>
  `---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: ${name}, namespace: argocd}\nspec: {source: {repoURL: x, path: web, kustomize: ${kustomize}}}\n`

test('the additions of a Flux Kustomization as fields of a kustomization', () => {
  assert.equal(added(flux('a', '{path: web}')), undefined)
  assert.deepEqual(added(flux('a', '{path: web, targetNamespace: shop, namePrefix: a-, nameSuffix: -b}')), {
    namespace: 'shop',
    namePrefix: 'a-',
    nameSuffix: '-b',
  })
  assert.deepEqual(added(flux('a', '{path: web, components: [../c], images: [{name: a, newTag: v2}]}')), {
    components: ['../c'],
    images: [{ name: 'a', newTag: 'v2', digest: '' }],
  })
  assert.deepEqual(added(flux('a', '{path: web, patches: [{patch: "x: 1", target: {kind: Service}}]}')), {
    patches: [{ patch: 'x: 1', target: { kind: 'Service' } }],
  })
  assert.deepEqual(added(flux('a', '{path: web, commonMetadata: {labels: {a: b}}}')), {
    labels: [{ pairs: { a: 'b' }, includeSelectors: false }],
  })
})

test('the additions of an Application as `kustomize edit` writes them', () => {
  assert.equal(added(argo('a', '{}')), undefined)
  const images = (image: string): unknown => added(argo('a', `{images: ["${image}"]}`))
  const image = (fields: Readonly<Record<string, string>>): unknown => ({ images: [fields] })
  assert.deepEqual(images('web:v2'), image({ name: 'web', newName: '', newTag: 'v2', digest: '' }))
  assert.deepEqual(
    images('web=registry:5000/web:v2'),
    image({ name: 'web', newName: 'registry:5000/web', newTag: 'v2', digest: '' }),
  )
  assert.deepEqual(images('web@sha256:1'), image({ name: 'web', newName: '', newTag: '', digest: 'sha256:1' }))
  assert.deepEqual(images('web=*:v2'), image({ name: 'web', newTag: 'v2', digest: '' }))
  assert.deepEqual(added(argo('a', '{replicas: [{name: web, count: "3"}], commonAnnotations: {a: b}}')), {
    replicas: [{ name: 'web', count: 3 }],
    commonAnnotations: { a: 'b' },
  })
  assert.deepEqual(added(argo('a', '{commonLabels: {a: b}}')), { commonLabels: { a: 'b' } })
  assert.deepEqual(added(argo('a', '{commonLabels: {a: b}, labelWithoutSelector: true}')), {
    labels: [{ pairs: { a: 'b' }, includeSelectors: false, includeTemplates: false }],
  })
})

test('additions are merged into the fields of a kustomization', () => {
  const own = {
    namespace: 'a',
    patches: [{ path: 'p.yaml' }],
    images: [{ name: 'web', newName: 'other', newTag: 'v1' }, { name: 'db' }],
    commonLabels: { a: 'a' },
    components: ['../c'],
  }
  const fields = {
    namespace: 'b',
    patches: [{ patch: 'x' }],
    images: [{ name: 'web', newTag: 'v2', digest: '' }, { name: 'new' }],
    commonLabels: { b: 'b' },
    components: ['../c', '../d'],
  }
  assert.deepEqual(mergedFields(own, fields), {
    namespace: 'b',
    patches: [{ path: 'p.yaml' }, { patch: 'x' }],
    images: [{ name: 'web', newName: 'other', newTag: 'v2', digest: '' }, { name: 'db' }, { name: 'new' }],
    commonLabels: { a: 'a', b: 'b' },
    components: ['../c', '../d'],
  })
})

const settings = (value: string): string =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: flux-system}\ndata: {tier: "${value}", zone: a}\n`

/** The variables of the Kustomization in a file: `tier=gold`, and `…` if there may be others. */
function variables(files: Readonly<Record<string, string>>, file = 'clusters/eu/apps.yaml'): readonly string[] {
  const { deliveries } = readDeliveries(new Map(Object.entries(files)))
  const found = deliveries.find((delivery) => delivery.file === file)?.additions?.variables
  return [...(found?.known ?? [])]
    .map(([name, value]) => `${name}=${value}`)
    .concat(found?.isWhole === false ? '…' : [])
}

test('variables come from the object itself and from ConfigMaps of the repository; others are unknown', () => {
  const apps = (postBuild: string): Record<string, string> => ({
    'clusters/eu/apps.yaml': flux('apps', `{path: web, postBuild: ${postBuild}}`),
    'clusters/eu/settings.yaml': settings('gold'),
  })
  const map = '{kind: ConfigMap, name: settings}'
  assert.deepEqual(variables(apps('{substitute: {tier: silver, lines: "a\\nb"}}')), ['tier=silver', 'lines=ab'])
  assert.deepEqual(variables(apps(`{substituteFrom: [${map}]}`)), ['tier=gold', 'zone=a'])
  assert.deepEqual(variables(apps(`{substitute: {tier: silver}, substituteFrom: [${map}]}`)), ['tier=silver', 'zone=a'])
  assert.deepEqual(variables(apps('{substituteFrom: [{kind: ConfigMap, name: other, optional: true}]}')), ['…'])
  // The later source counts, and its content is unknown.
  assert.deepEqual(variables(apps(`{substituteFrom: [${map}, {kind: Secret, name: s}]}`)), ['…'])
  assert.deepEqual(variables(apps(`{substituteFrom: [{kind: Secret, name: s}, ${map}]}`)), ['tier=gold', 'zone=a', '…'])
  assert.deepEqual(variables(apps('{}')), [])
})

test('the patch of a Kustomization does not say all variables: those that it does not say are unknown, and have no defaults', () => {
  const patch = flux('apps', '{path: web, postBuild: {substitute: {tier: silver}}}').replace('interval: 10m, ', '')
  assert.deepEqual(variables({ 'clusters/eu/apps.yaml': patch }), ['tier=silver', '…'])
})

test('in a fleet with ConfigMaps of one name, that of the same cluster counts, never another', () => {
  const apps = flux('apps', '{path: web, postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}}')
  const both = { 'clusters/eu/apps.yaml': apps, 'clusters/us/apps.yaml': apps }
  const us = { 'clusters/us/vars/settings.yaml': settings('us') }
  assert.deepEqual(variables({ ...both, ...us, 'clusters/eu/vars/settings.yaml': settings('eu') }), [
    'tier=eu',
    'zone=a',
  ])
  assert.deepEqual(variables({ ...both, ...us }), ['…'])
  assert.deepEqual(variables({ ...both, 'clusters/settings.yaml': settings('all') }), ['tier=all', 'zone=a'])
  const twice = { 'clusters/eu/a/settings.yaml': settings('a'), 'clusters/eu/b/settings.yaml': settings('b') }
  assert.deepEqual(variables({ ...both, ...twice }), ['…'])
})

/** The environments of a folder `web`, by its deployer, with the number of files that decide about them. */
function environments(deployers: Readonly<Record<string, string>>, text = 'kind: Service'): readonly string[] {
  const texts = new Map(
    Object.entries({
      'web/kustomization.yaml': 'resources: [a.yaml]\n',
      'web/a.yaml': `apiVersion: v1\n${text}\nmetadata: {name: web}\n`,
      'c/kustomization.yaml': 'kind: Component\nresources: [c.yaml]\n',
      'c/c.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: c}\n',
      ...deployers,
    }),
  )
  const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
  const { deliveries } = readDeliveries(texts)
  const found = discoverEnvironments({ entries, texts, deployed: deliveries }).environments
  return found
    .filter(({ isLoose }) => !isLoose)
    .map(({ name, files, refusals }) =>
      [name, files.length, ...refusals.map(({ code, file }) => `${code} ${file}`)].join(' '),
    )
}

test('deployers with different additions to one folder make one environment each', () => {
  assert.deepEqual(environments({ 'a.yaml': argo('web-eu', '{}') + argo('web-us', '{}') }), ['web 2'])
  assert.deepEqual(environments({ 'a.yaml': argo('web-eu', '{}') + argo('web-us', '{namePrefix: us-}') }), [
    'web-eu 2',
    'web-us 2',
  ])
  assert.deepEqual(environments({ 'a.yaml': argo('eu', '{nameSuffix: -eu}') + argo('us', '{namePrefix: us-}') }), [
    'web-eu 2',
    'web-us 2',
  ])
  const same = '{namePrefix: a-}'
  assert.deepEqual(environments({ 'a.yaml': argo('eu', same) + argo('us', same) }), ['web 2'])
  const fleet = (zone: string): string => flux('apps', `{path: web, postBuild: {substitute: {zone: ${zone}}}}`)
  const clusters = { 'clusters/eu/apps.yaml': fleet('eu'), 'clusters/us/apps.yaml': fleet('us') }
  assert.deepEqual(environments(clusters, 'kind: ${zone}'), ['web-eu 2', 'web-us 2'])
  // No file has the variable.
  assert.deepEqual(environments(clusters), ['web 2'])
})

test('components that a deployer adds are part of the environment, and refused where they lead out of the repository', () => {
  assert.deepEqual(environments({ 'a.yaml': argo('web', '{components: [../c]}') }), ['web 4'])
  assert.deepEqual(environments({ 'a.yaml': argo('web', '{components: ["https://example.com/c"]}') }), [
    'web 2 remote a.yaml',
  ])
  assert.deepEqual(environments({ 'a.yaml': argo('web', '{patches: [{path: gone.yaml}]}') }), ['web 2 missing a.yaml'])
})

test('Argo CD takes the files of a folder and none below it, unless the Application says more', () => {
  const object = 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\n'
  const tree = ['plain/a.yaml', 'plain/b.yml', 'plain/test.yaml', 'plain/more/c.yaml']
  const files = (...directories: readonly string[]): readonly string[] => {
    const apps = directories.map(
      (directory, index) =>
        `---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a${index}}\nspec: {source: {repoURL: x, path: plain, directory: ${directory}}}\n`,
    )
    const texts = new Map([['apps.yaml', apps.join('')], ...tree.map((path) => [path, object] as const)])
    const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
    const { environments: found } = discoverEnvironments({ entries, texts, deployed: readDeliveries(texts).deliveries })
    return found
      .filter(({ isLoose }) => !isLoose)
      .map((one) => `${one.name}: ${one.files.map((file) => file.slice(6)).join(' ')}`)
  }
  assert.deepEqual(files('{}'), ['plain: a.yaml b.yml test.yaml'])
  assert.deepEqual(files('{recurse: true}'), ['plain: a.yaml b.yml more/c.yaml test.yaml'])
  assert.deepEqual(files('{include: "*.yaml"}'), ['plain: a.yaml test.yaml'])
  assert.deepEqual(files('{recurse: true, include: "{*.yml,more/*}"}'), ['plain: b.yml more/c.yaml'])
  assert.deepEqual(files('{recurse: true, exclude: "{test*,more/*}"}'), ['plain: a.yaml b.yml'])
  assert.deepEqual(files('{exclude: "[ab].yaml"}'), ['plain: a.yaml b.yml test.yaml'])
  assert.deepEqual(files('{exclude: "*"}'), [])
  assert.deepEqual(files('{include: a.yaml}', '{include: b.yml}'), ['plain-a0: a.yaml', 'plain-a1: b.yml'])
  assert.deepEqual(files('{include: a.yaml}', '{include: a.yaml}'), ['plain: a.yaml'])
})

test('builds of Argo CD read files above their folder if its options allow it', () => {
  const reads = (file: string, text: string): readonly boolean[] =>
    readDeliveries(
      new Map([
        ['a.yaml', argo('web', '{}')],
        [file, text],
      ]),
    ).deliveries.map((one) => one.readsAbove)
  const map = (options: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata: {kustomize.buildOptions: "${options}"}\n`
  assert.deepEqual(reads('cm.yaml', map('--enable-helm')), [false])
  assert.deepEqual(reads('cm.yaml', map('--enable-helm --load-restrictor LoadRestrictionsNone')), [true])
  assert.deepEqual(reads('cm.yaml', map('--load_restrictor none')), [true])
  const values = 'configs:\n  cm:\n    kustomize.buildOptions: --load-restrictor=LoadRestrictionsNone\n'
  assert.deepEqual(reads('values.yaml', values), [true])
})

test('an instance of the Flux operator deploys the folder that it syncs', () => {
  const instance = (sync: string): readonly string[] =>
    readDeliveries(
      new Map([
        [
          'flux.yaml',
          `apiVersion: fluxcd.controlplane.io/v1\nkind: FluxInstance\nmetadata: {name: flux, namespace: flux-system}\nspec: {sync: ${sync}}\n${flux('apps', '{path: apps, sourceRef: {kind: GitRepository, name: flux-system}}')}`,
        ],
      ]),
      { repository: 'infra', branches: ['main'] },
    ).deliveries.map(({ title, path, stops }) => `${title} ${path} ${stops ?? 'applied'}`)
  const git = (more: string): string => `{kind: GitRepository, url: "https://example.com/acme/infra", ${more}}`
  const apps = 'Kustomization flux-system/apps apps'
  assert.deepEqual(instance(git('ref: refs/heads/main, path: clusters/eu')), [
    'FluxInstance flux-system/flux clusters/eu applied',
    `${apps} applied`,
  ])
  assert.deepEqual(instance(git('ref: refs/heads/next, path: ./clusters/eu/')), [
    'FluxInstance flux-system/flux clusters/eu revision',
    `${apps} revision`,
  ])
  assert.deepEqual(instance('{kind: OCIRepository, url: "oci://ghcr.io/acme/infra", ref: latest, path: clusters/eu}'), [
    'FluxInstance flux-system/flux clusters/eu applied',
    `${apps} applied`,
  ])
  assert.deepEqual(instance('{kind: GitRepository, url: "https://example.com/acme/other", path: "."}'), [])
  assert.deepEqual(instance('{}'), [`${apps} applied`])
})

test('missing components are left out if the deployer ignores them', () => {
  const components = (spec: string): unknown =>
    readDeliveries(new Map([['a.yaml', flux('a', `{path: web, components: [../c, ../gone], ${spec}}`)]]), {
      paths: ['web/a.yaml', 'c/kustomization.yaml'],
    }).deliveries[0]?.additions?.fields['components']
  assert.deepEqual(components('ignoreMissingComponents: true'), ['../c'])
  assert.deepEqual(components('prune: true'), ['../c', '../gone'])
})
