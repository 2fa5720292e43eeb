import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Environment, environmentsTouched, refusalsOfTexts } from '../../../src/core/environment/environment.ts'
import {
  type Discovery,
  type DiscoveryInput,
  discoverEnvironments,
} from '../../../src/core/environment/discover-environments.ts'
import { renderPlain } from '../../../src/core/environment/plain.ts'
import type { Entry } from '../../../src/core/environment/tree.ts'

type Files = Record<string, string | { link: 'symlink' | 'submodule' } | Uint8Array>

/** Discovers like a flow: provides needed files until nothing is missing. */
function discover(
  files: Files,
  options: Pick<DiscoveryInput, 'configured' | 'restricted' | 'base'> = {},
): Discovery & { readonly rounds: number } {
  const entries: Entry[] = Object.entries(files).map(([path, content]) => ({
    path,
    type: typeof content === 'object' && 'link' in content ? content.link : 'file',
  }))
  const texts = new Map<string, string | undefined>()
  for (let rounds = 1; ; rounds += 1) {
    const found = discoverEnvironments({ entries, texts, ...options })
    if (found.needs.length === 0) return { ...found, rounds }
    for (const path of found.needs) {
      assert.ok(!texts.has(path), `${path} is asked for twice`)
      const content = files[path]
      texts.set(path, typeof content === 'string' ? content : undefined)
    }
  }
}

function only(files: Files): Environment {
  const { environments } = discover(files)
  assert.equal(environments.length, 1, environments.map(({ name }) => name).join())
  const [environment] = environments
  assert.ok(environment)
  return environment
}

/** The refusals of one kustomization `k/kustomization.yaml`, as `code:line`. */
function refusals(kustomization: string, more: Files = {}): string[] {
  const { environments } = discover({ 'k/kustomization.yaml': kustomization, ...more })
  const environment = environments.find(({ root, isLoose }) => root === 'k' && !isLoose)
  return (environment?.refusals ?? []).map(({ code, line }) => `${code}:${line}`)
}

function billionLaughs(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join()}]`,
  )
  return `l0: &l0 [1,1,1,1,1,1,1,1,1]\n${levels.join('\n')}\n`
}

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n'
const BOX: Files = {
  'base/kustomization.yaml': 'resources: [vs.yaml, deploy.yaml]\n',
  'base/vs.yaml': OBJECT,
  'base/deploy.yaml': OBJECT,
  'components/canary/kustomization.yaml': 'kind: Component\npatches: [{path: patch.yaml}]\n',
  'components/canary/patch.yaml': OBJECT,
  'overlays/staging/kustomization.yml': 'resources:\n- ../../base\n',
  'overlays/production/Kustomization': 'resources: [../../base/]\ncomponents: [./../../components/canary]\n',
  'README.md': '# hello',
}

test('each kustomize root that no other one uses is an environment, with every file its build reads', () => {
  const { environments, rounds } = discover(BOX)
  assert.equal(rounds, 2)
  assert.deepEqual(environments, [
    {
      name: 'production',
      kind: 'kustomize',
      root: 'overlays/production',
      files: [
        'base/deploy.yaml',
        'base/kustomization.yaml',
        'base/vs.yaml',
        'components/canary/kustomization.yaml',
        'components/canary/patch.yaml',
        'overlays/production/Kustomization',
      ],
      refusals: [],
      isLoose: false,
      readsAbove: true,
    },
    {
      name: 'staging',
      kind: 'kustomize',
      root: 'overlays/staging',
      files: ['base/deploy.yaml', 'base/kustomization.yaml', 'base/vs.yaml', 'overlays/staging/kustomization.yml'],
      refusals: [],
      isLoose: false,
      readsAbove: true,
    },
  ])
})

test('a deployment of Argo CD reads no file above its root', () => {
  const { environments } = discover(BOX, { restricted: new Set(['overlays/staging']) })
  assert.deepEqual(
    environments.map(({ name, readsAbove }) => `${name} ${readsAbove}`),
    ['production true', 'staging false'],
  )
})

test('a change touches the environments that can read the file', () => {
  const { environments } = discover(BOX)
  const touched = (...paths: string[]) => environmentsTouched(environments, paths).map(({ name }) => name)
  assert.deepEqual(touched('base/vs.yaml'), ['production', 'staging'])
  assert.deepEqual(touched('components/canary/patch.yaml', 'README.md'), ['production'])
  assert.deepEqual(touched('README.md'), [])
})

test('every field that names a file is followed', () => {
  const names = 'a b c d e f g h i j k l m n o p q'.split(' ')
  const files = Object.fromEntries(
    names.map((name) => [`k/${name}.yaml`, 'apiVersion: builtin\nkind: PrefixTransformer\n']),
  )
  const environment = only({
    ...files,
    'k/m.yaml': 'apiVersion: builtin\nkind: PatchTransformer\npath: t.yaml\n',
    'k/t.yaml': '',
    'k/n.yaml': 'apiVersion: builtin\nkind: ConfigMapGenerator\nfiles: [key=u.txt]\nenvs: [v.env]\n',
    'k/u.txt': '',
    'k/v.env': '',
    'k/w.yaml': '',
    'k/sub/kustomization.yaml': 'resources: [x.yaml]',
    'k/sub/x.yaml': 'apiVersion: builtin\nkind: ReplacementTransformer\nreplacements: [{path: w.yaml}]\n',
    'k/kustomization.yaml': `
resources: [a.yaml]
crds: [b.yaml]
configurations: [c.yaml]
patchesStrategicMerge:
- d.yaml
- |-
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: inline}
patchesJson6902: [{path: e.yaml, target: {kind: A}}]
patches: [{path: f.yaml}, {patch: "- {op: remove, path: /a}"}]
replacements: [{path: g.yaml}, {source: {kind: A}}]
configMapGenerator:
- {name: a, files: [h.yaml, key=i.yaml], envs: [j.yaml], env: k.yaml, literals: ["a=https://example.com"]}
secretGenerator: [{name: b, files: [l.yaml]}]
transformers:
- m.yaml
- sub
- |
  apiVersion: builtin
  kind: PatchStrategicMergeTransformer
  paths: [o.yaml]
generators: [n.yaml]
validators: [p.yaml]
openapi: {path: q.yaml}
bases: []
labels: [{pairs: {a: b}}]
`,
  })
  assert.deepEqual(environment.refusals, [])
  const expected = names.map((name) => `k/${name}.yaml`)
  const more = [
    'k/kustomization.yaml',
    'k/sub/kustomization.yaml',
    'k/sub/x.yaml',
    'k/t.yaml',
    'k/u.txt',
    'k/v.env',
    'k/w.yaml',
  ]
  assert.deepEqual(environment.files, [...expected, ...more].sort())
})

test('folders with the same name are distinguished by the folders above them', () => {
  const names = (...folders: string[]) =>
    discover(Object.fromEntries(folders.map((folder) => [`${folder}/kustomization.yaml`, '']))).environments.map(
      ({ name }) => name,
    )
  assert.deepEqual(names('apps/a/overlays/prod', 'apps/b/overlays/prod', 'apps/b/overlays/dev'), [
    'a-overlays-prod',
    'b-overlays-prod',
    'dev',
  ])
  assert.deepEqual(names('prod', 'x/prod'), ['prod', 'x-prod'])
  assert.deepEqual(names('a-b/c', 'a/b-c', 'x/c', 'x/b-c').length, 4)
  assert.equal(new Set(names('a-b/c', 'a/b-c', 'z/c', 'z/b-c')).size, 4)
  assert.equal(only({ 'kustomization.yaml': '' }).name, 'root')
})

test('a pull request keeps the names of the base branch, and tells those after the merge', () => {
  const root = 'resources: []\n'
  const table: readonly [what: string, before: Files, after: Files, found: readonly string[]][] = [
    ['nothing changes', { 'a/a.yaml': OBJECT }, { 'a/a.yaml': OBJECT }, ['default in a']],
    [
      'a second folder comes',
      { 'a/a.yaml': OBJECT },
      { 'a/a.yaml': OBJECT, 'b/b.yaml': OBJECT },
      ['b in b', 'default in a, then a'],
    ],
    [
      'a second folder goes',
      { 'a/a.yaml': OBJECT, 'b/b.yaml': OBJECT },
      { 'a/a.yaml': OBJECT },
      ['a in a, then default'],
    ],
    [
      'objects come at the top',
      { 'a/a.yaml': OBJECT },
      { 'a/a.yaml': OBJECT, 'top.yaml': OBJECT },
      ['default in a, then a', 'plain-default in , then default'],
    ],
    [
      'a folder with the same name comes, beside objects at the top',
      { 'p/x/a.yaml': OBJECT, 'top.yaml': OBJECT },
      { 'p/x/a.yaml': OBJECT, 'q/x/a.yaml': OBJECT, 'top.yaml': OBJECT },
      ['default in ', 'q-x in q/x', 'x in p/x, then p-x'],
    ],
    [
      'a root with the same name comes',
      { 'shop/eu/kustomization.yaml': root },
      { 'shop/eu/kustomization.yaml': root, 'bank/eu/kustomization.yaml': root },
      ['bank-eu in bank/eu', 'eu in shop/eu, then shop-eu'],
    ],
    ['the only folder moves', { 'a/a.yaml': OBJECT }, { 'b/a.yaml': OBJECT }, ['default in b']],
    [
      'a folder becomes a root',
      { 'a/a.yaml': OBJECT },
      { 'a/a.yaml': OBJECT, 'a/kustomization.yaml': 'resources: [a.yaml]\n' },
      ['default in a, then a'],
    ],
    [
      'a root becomes a folder, and nobody knows who deploys it',
      { 'a/a.yaml': OBJECT, 'a/kustomization.yaml': 'resources: [a.yaml]\n' },
      { 'a/a.yaml': OBJECT },
      ['default in a'],
    ],
  ]
  for (const [what, before, after, found] of table) {
    const { environments } = discover(after, { base: discover(before).environments })
    const told = environments.map(({ name, root: at, renamedTo }) => {
      const later = renamedTo === undefined ? '' : `, then ${renamedTo}`
      return `${name} in ${at}${later}`
    })
    assert.deepEqual(told, found, what)
  }
})

test('the YAML that nothing deploys is a plain environment for each folder, as far as it holds Kubernetes objects', () => {
  const { environments } = discover({
    ...BOX,
    'istio/vs.yaml': OBJECT,
    'istio/two.yml': `# nothing\n---\n${OBJECT}`,
    'istio/broken.yaml': `${OBJECT}  : [\n`,
    'values.yaml': 'a: 1\n',
    'flux.yaml': 'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: apps }\n',
    'scheduler.yaml': 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n',
    'other.yaml': 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n',
    '.github/workflows/ci.yaml': OBJECT,
    'chart/Chart.yaml': 'apiVersion: v2\nname: kind\n',
    'chart/templates/vs.yaml': OBJECT,
    'template.yaml': 'apiVersion: v1\nkind: {{ .Kind }}\n',
    'linked.yaml': { link: 'symlink' },
  })
  assert.deepEqual(
    environments.filter(({ kind }) => kind === 'plain').map(({ name, files }) => `${name}: ${files.join(' ')}`),
    ['default: flux.yaml', 'istio: istio/broken.yaml istio/two.yml istio/vs.yaml'],
  )
  assert.equal(
    discover({ 'x/default/kustomization.yaml': '', 'a.yaml': OBJECT }).environments.at(1)?.name,
    'plain-default',
  )
  assert.equal(
    renderPlain(
      ['a', 'b'],
      new Map([
        ['a', '\uFEFFx: 1'],
        ['b', 'y: 2\n'],
      ]),
    ),
    'x: 1\n---\ny: 2\n',
  )
})

test('folders that nothing deploys take no name from an environment that something deploys', () => {
  const files: Files = {
    'apps/production/kustomization.yaml': 'resources: [a.yaml]\n',
    'apps/production/a.yaml': OBJECT,
    'clusters/production/apps.yaml': OBJECT,
    'clusters/staging/apps.yaml': OBJECT,
    'default/a.yaml': OBJECT,
  }
  assert.deepEqual(
    discover(files).environments.map(({ name, root }) => `${name} ${root}`),
    [
      'clusters-production clusters/production',
      'default default',
      'production apps/production',
      'staging clusters/staging',
    ],
  )
})

test('a file beside a kustomization that does not name it is an environment of another name', () => {
  const files: Files = { 'web/kustomization.yaml': 'resources: [a.yaml]\n', 'web/a.yaml': OBJECT, 'web/b.yaml': OBJECT }
  const names = (more: Files): readonly string[] => discover({ ...files, ...more }).environments.map(({ name }) => name)
  assert.deepEqual(names({}), ['default', 'web'])
  assert.deepEqual(names({ 'other/c.yaml': OBJECT }), ['other', 'plain-web', 'web'])
})

test('files of other tools that look like objects are not objects', () => {
  const files: Files = {
    'kind.yaml': 'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n',
    'k3d.yaml': 'apiVersion: k3d.io/v1alpha5\nkind: Simple\nmetadata: {name: local}\n',
    'skaffold.yaml': 'apiVersion: skaffold/v4beta11\nkind: Config\n',
    'operator.yaml': 'apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: demo}\n',
    'kubeconfig.yaml': 'apiVersion: v1\nkind: Config\n',
  }
  assert.deepEqual(discover(files).environments, [])
  assert.deepEqual(only({ 'shop.yaml': OBJECT.replace(/apiVersion: .*/, 'apiVersion: my.skaffold/v1') }).files, [
    'shop.yaml',
  ])
})

test('a file whose lines end in lone carriage returns is an object if it has a name, and no object otherwise', () => {
  const lines = (name: string): string => ['apiVersion: notes/v2', 'kind: fix', name, 'spec: {}', ''].join('\r')
  assert.deepEqual(discover({ 'notes/1.yaml': lines('area: web') }).environments, [])
  assert.deepEqual(only({ 'notes/1.yaml': lines('metadata: { name: web }') }).files, ['notes/1.yaml'])
})

test('in a folder that nothing deploys, a file that a script fills in is a template and no object', () => {
  const route = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: "{{ .Name }}" }\n'
  const pods = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  args:\n    - --zone\n'
  const files: Files = {
    'k8s/go.yaml': `${route}spec:\n  hosts:\n    - {{ .Host }}\n`,
    'k8s/shell.yaml': `${OBJECT}---\n${pods}    \${URLS}\n  image: web\n`,
    'k8s/person.yaml': `${pods}  image: {username}/web:1.0\n`,
    'k8s/sed.yaml': `${OBJECT}---\n${pods}  image: web\n  hosts:\n    - %HOST%\n`,
    'k8s/marker.yaml': `${OBJECT}---\n${pods}<#if hosts??>\n  hosts: [web]\n</#if>\n`,
    'k8s/letter.yaml': `${OBJECT}zone: %Z%\n`,
    'k8s/brace.yaml': `${OBJECT}zone: {z}a\n`,
    'k8s/jinja.yaml': `${pods}{% if debug %}\n    - --debug\n{% endif %}\n`,
    // Text in quotes and in a block is text, whatever it looks like, and other broken text is broken.
    'k8s/quoted.yaml': `${route}spec: { hosts: ["{{ .Host }}"] }\n`,
    'k8s/query.yaml': `${OBJECT}data:\n  '{__name__="up"}': '{{ $value }}'\n  script: |\n    \${COMMAND}\n`,
    'k8s/map.yaml': `${OBJECT}data: {web}\n`,
    'k8s/tail.yaml': `${pods}  image: web: \${TAG}\n`,
    'k8s/person-tail.yaml': `${pods}  image: web: {tag}x\n`,
    'k8s/head.yaml': `${pods}  image: web\n\${TAG}: [\n`,
    'k8s/broken.yaml': `${pods}  script: |\n    \${COMMAND}\n  : [\n`,
  }
  const kept = ['broken', 'head', 'map', 'person-tail', 'query', 'quoted', 'tail'].map((name) => `k8s/${name}.yaml`)
  assert.deepEqual(only(files).files, kept)
  // A deployer would refuse it.
  const { environments } = discover(files, { configured: { shop: { path: 'k8s' } } })
  assert.ok(environments[0]?.files.includes('k8s/go.yaml'))
})

test('with configured environments there are no others, and a missing path is refused', () => {
  const files: Files = { ...BOX, 'plain/a.yaml': OBJECT, 'plain/deep/b.yaml': OBJECT, 'plain/values.yaml': 'a: 1' }
  const configured = {
    prod: { path: './overlays/production/' },
    raw: { path: 'plain' },
    gone: { path: 'overlays/gone' },
    up: { path: '../..' },
  }
  const { environments } = discover(files, { configured })
  assert.deepEqual(
    environments.map(({ name, kind, files, refusals }) => [
      name,
      kind,
      files.length,
      refusals.map(({ code }) => code).join(),
    ]),
    [
      ['gone', 'plain', 0, 'no-such-folder'],
      ['prod', 'kustomize', 6, ''],
      ['raw', 'plain', 2, ''],
      ['up', 'plain', 0, 'no-such-folder'],
    ],
  )
})

test('only files that a configured environment can read are requested', () => {
  const entries = Object.keys(BOX).map((path) => ({ path, type: 'file' as const }))
  const configured = { prod: { path: 'overlays/production' } }
  const first = discoverEnvironments({ entries, texts: new Map(), configured })
  assert.deepEqual(first.needs, ['overlays/production/Kustomization'])
})

for (const entry of [
  'https://example.com/x.yaml',
  'http://169.254.169.254/latest',
  'HTTPS://example.com/x',
  'github.com/org/repo',
  'GitHub.com/org/repo//path?ref=main',
  'git::https://example.com/r',
  'git@github.com:org/repo',
  'ssh://git@example.com/r',
  'file:///etc/passwd',
  'gh:org/repo',
  'org/repo?ref=v1',
  'example.com/repo.git//base',
]) {
  test(`a remote entry is refused: ${entry}`, () => {
    const twin = `k/${entry.replace(/\/+/g, '/')}`
    const more: Files = { [twin]: OBJECT, 'k/ok.yaml': OBJECT }
    assert.deepEqual(
      refusals(`resources:\n- ok.yaml\n- "${entry}"\n`, more),
      ['remote:3'],
      'even when a file has its name',
    )
    assert.deepEqual(refusals(`patches:\n- path: "${entry}"\n`), ['remote:2'])
    assert.deepEqual(
      refusals(`configMapGenerator:\n- name: a\n  files:\n  - "a=${entry.replace(/=.*/, '=x')}"\n`).length,
      1,
    )
  })
}

test('an entry that leads out of the repository, or nowhere, is refused with its line', () => {
  assert.deepEqual(refusals('resources:\n- /etc/passwd\n'), ['absolute:2'])
  assert.deepEqual(refusals('resources:\n- ../../etc\n'), ['outside:2'])
  assert.deepEqual(refusals('resources:\n- ../k/../../k/a.yaml\n', { 'k/a.yaml': OBJECT }), ['outside:2'])
  assert.deepEqual(refusals('resources:\n\n- a.yaml\n- nope.yaml\n', { 'k/a.yaml': OBJECT }), ['missing:4'])
  assert.deepEqual(refusals('resources:\n- sub\n', { 'k/sub/a.yaml': OBJECT }), ['no-kustomization:2'])
  assert.deepEqual(refusals('configMapGenerator:\n- files: [../../../proc/self/environ]\n'), ['outside:2'])
  assert.deepEqual(refusals('resources: [""]\n'), ['missing:1'])
})

test('symlinks and submodules are refused, also as a folder on the way', () => {
  assert.deepEqual(refusals('resources: [l]\n', { 'k/l': { link: 'symlink' } }), ['symlink:1'])
  assert.deepEqual(refusals('resources: [l/a.yaml]\n', { 'k/l': { link: 'symlink' } }), ['symlink:1'])
  assert.deepEqual(refusals('resources:\n- ../m/base\n', { m: { link: 'submodule' } }), ['submodule:2'])
  const linked = only({ 'k/kustomization.yaml': { link: 'symlink' } })
  assert.deepEqual(
    linked.refusals.map(({ code }) => code),
    ['symlink'],
  )
})

test('whatever starts something other than kustomize is refused', () => {
  assert.deepEqual(refusals('namespace: a\nhelmCharts:\n- name: x\n'), ['helm:3'])
  assert.deepEqual(refusals('helmChartInflationGenerator:\n- chartName: x\n').length, 1)
  const run =
    'apiVersion: builtin\nkind: PrefixTransformer\nmetadata:\n  annotations:\n    config.kubernetes.io/function: "exec: {path: ./x}"\n'
  assert.deepEqual(refusals('transformers: [t.yaml]\n', { 'k/t.yaml': run }), ['plugin:5'])
  assert.deepEqual(refusals('resources: [t.yaml]\ntransformers: [t.yaml]\n', { 'k/t.yaml': run }), ['plugin:5'])
  assert.deepEqual(
    refusals('generators:\n- |\n  apiVersion: someteam.example.com/v1\n  kind: Evil\n  metadata: {name: a}\n').length,
    1,
  )
  const chart = 'apiVersion: builtin\nkind: HelmChartInflationGenerator\n'
  assert.deepEqual(
    refusals('generators: [g]\n', { 'k/g/kustomization.yaml': 'resources: [h.yaml]', 'k/g/h.yaml': chart }),
    ['plugin:2'],
  )
  const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: builtin\n  kind: HelmChartInflationGenerator\n`
  assert.deepEqual(refusals('generators: [l.yaml]\n', { 'k/l.yaml': list }), ['plugin:5'])
  const posing = 'apiVersion: builtin\nkind: PatchTransformer\nitems: []\npath: https://example.com/p\n'
  assert.deepEqual(refusals('transformers: [t.yaml]\n', { 'k/t.yaml': posing }), ['remote:4'])
  assert.deepEqual(refusals('transformers: [t.yaml]\n', { 'k/t.yaml': 'just words\n' }), ['unparsable:1'])
  assert.deepEqual(refusals('transformers: [t.yaml]\n', { 'k/t.yaml': '{' }), ['unparsable:1'])
  assert.deepEqual(refusals('generators: [g.yaml]\n', { 'k/g.yaml': 'name: {{ name }}-logs\n' }), ['template:1'])
  // Its lines are comments, or there are none.
  assert.deepEqual(refusals('# resources:\n# - a.yaml\n'), ['empty:1'])
  assert.deepEqual(refusals('---\n'), ['empty:1'])
  // The message says that it is a template of Jinja or Helm.
  assert.deepEqual(refusals('resources: []\n{% if a %}\ncomponents: [../b]\n{% endif %}\n'), ['template:2'])
  assert.deepEqual(refusals('{{- if .Values.a }}\nresources: []\n{{- end }}\n'), ['template:1'])
  assert.deepEqual(refusals('namePrefix: app-{{ name }}-\nresources: [\n'), ['template:2'])
  assert.deepEqual(refusals('# {{ name }}\nnamePrefix: "{{ name }}"\nresources: [\n'), ['unparsable:3'])
  const remote = 'apiVersion: builtin\nkind: PatchTransformer\npath: https://example.com/p\n'
  assert.deepEqual(refusals('transformers: [t.yaml]\n', { 'k/t.yaml': remote }), ['remote:3'])
})

test('roots that include each other are refused and do not vanish', () => {
  const { environments } = discover({
    'a/kustomization.yaml': 'resources:\n- ../b\n',
    'b/kustomization.yaml': 'resources:\n- ../a\n',
    'c/kustomization.yaml': 'resources:\n- ../c\n',
  })
  assert.deepEqual(
    environments.map(({ name, refusals }) => [name, refusals.map(({ code, file, line }) => `${code} ${file}:${line}`)]),
    [
      ['a', ['cycle b/kustomization.yaml:2']],
      ['c', ['cycle c/kustomization.yaml:2']],
    ],
  )
})

for (const [what, text] of Object.entries({
  'broken YAML': 'resources: [a\n',
  'a key twice with two values': 'resources: [a.yaml]\nresources: [b.yaml]\n',
  'two documents': 'resources: []\n---\nresources: []\n',
  'a list': '- a\n',
  'a number for a path': 'resources: [1]\n',
  'text for a list': 'resources: a.yaml\n',
  'an unknown tag': 'resources: [!!binary aHR0cHM6Ly9leGFtcGxlLmNvbQ==]\n',
  'a line separator that only kustomize sees': '# x\u2028resources: [https://example.com]\n',
  'a next-line character': '# x\u0085resources: [https://example.com]\n',
  'a lone carriage return': '# x\rresources: [https://example.com]\n',
  'too many aliases': billionLaughs(),
  'a depth bomb': `resources: ${'['.repeat(20_000)}`,
  'too much text': `# ${'x'.repeat(1024 * 1024)}`,
})) {
  test(`a kustomization that kustomize might read differently is refused: ${what}`, () => {
    const found = refusals(text)
    assert.ok(
      found.length > 0 && found.every((refusal) => /^(?:unparsable|unknown-field):/.test(refusal)),
      found.join(),
    )
  })
}

test('a key that is there twice with one value is read like any other', () => {
  const generator = 'configMapGenerator:\n- name: a\n  files: [a.txt]\n  name: a\n'
  assert.deepEqual(only({ 'k/kustomization.yaml': generator, 'k/a.txt': '' }).refusals, [])
  assert.deepEqual(refusals('resources: [https://example.com]\nresources: [https://example.com]\n'), ['remote:1'])
})

test('a field in another spelling, which kustomize would accept, is refused', () => {
  assert.deepEqual(refusals('namespace: a\nResources:\n- https://example.com\n'), ['unknown-field:3'])
  assert.deepEqual(refusals('re\u017Fources: [https://example.com]\n'), ['unknown-field:1'])
  assert.deepEqual(refusals('patches:\n- Path: https://example.com\n'), ['remote:2'])
  assert.deepEqual(refusals('patches:\n- path: a.yaml\n  PATH: https://example.com\n', { 'k/a.yaml': '' }), [
    'remote:3',
  ])
})

test('anchors, merge keys and a byte order mark are understood', () => {
  const text =
    '\uFEFFconfigMapGenerator:\r\n- &a {name: a, files: [a.txt]}\r\n- {<<: *a, name: b}\r\nresources: &r [b.yaml]\r\ncrds: *r\r\n'
  const files: Files = { 'k/kustomization.yaml': text, 'k/a.txt': '', 'k/b.yaml': OBJECT }
  assert.deepEqual(only(files).refusals, [])
  assert.deepEqual(only(files).files, ['k/a.txt', 'k/b.yaml', 'k/kustomization.yaml'])
})

test('too many files, too much text and files that are no text are refused', () => {
  const names = Array.from({ length: 10_001 }, (_, n) => `f${n}.yaml`)
  const files = Object.fromEntries(names.map((name) => [`k/${name}`, OBJECT]))
  assert.deepEqual(refusals(`resources: [${names.join()}]\n`, files), ['too-many-files:1'])
  const environment = only({
    'k/kustomization.yaml': 'resources: [a.yaml, b.yaml, c.yaml]',
    'k/a.yaml': '',
    'k/b.yaml': '',
    'k/c.yaml': '',
  })
  const texts = new Map([
    ['k/kustomization.yaml', ''],
    ['k/a.yaml', 'x'.repeat(11 * 1024 * 1024)],
    ['k/c.yaml', 'x'.repeat(11 * 1024 * 1024)],
  ])
  assert.deepEqual(
    refusalsOfTexts(environment, texts).map(({ code, file }) => `${code} ${file}`),
    ['not-text k/b.yaml', 'too-large k'],
  )
})

test('a folder of arbitrary YAML is no environment, and a file that is too deep to parse is not overlooked', () => {
  const heap = Object.fromEntries(Array.from({ length: 10_001 }, (_, n) => [`${n}.yaml`, OBJECT]))
  assert.deepEqual(
    only(heap).refusals.map(({ code }) => code),
    ['too-many-files'],
  )
  const bomb = `${OBJECT}l0: &l0 [1,1,1,1,1,1,1,1,1]\n${billionLaughs()}`
  assert.deepEqual(only({ 'a.yaml': bomb }).files, ['a.yaml'])
  assert.deepEqual(only({ 'a.yaml': `${OBJECT}data:\n${billionLaughs().replaceAll(/^/gm, '  ').trimEnd()}\n` }).files, [
    'a.yaml',
  ])
})

test('a plain file that hides objects from us behind a line separator is refused', () => {
  const text = `${OBJECT}# note\u2028spec: {}\n`
  const environment = only({ 'a.yaml': text })
  assert.deepEqual(refusalsOfTexts(environment, new Map([['a.yaml', text]])), [
    { code: 'unparsable', file: 'a.yaml', line: 4, entry: '' },
  ])
})

test('a thousand environments on one base are all found', () => {
  const files: Files = {
    'base/kustomization.yaml': 'resources: [a.yaml, b.yaml]',
    'base/a.yaml': OBJECT,
    'base/b.yaml': OBJECT,
  }
  for (let n = 0; n < 1000; n += 1) {
    files[`overlays/e${n}/kustomization.yaml`] = 'resources:\n- ../../base\npatches:\n- path: vs.yaml\n'
    files[`overlays/e${n}/vs.yaml`] = OBJECT
  }
  assert.equal(discover(files).environments.length, 1000)
})
